package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type accountCheck struct {
	*findings
	config  *config.Config
	account config.Account
	dial    command.Dial
	calls   *calls

	reached       []runzero.Organization  // by any credential, each once
	polled        []schedule.Organization // those that the exporter polls
	accountWide   bool                    // a credential reaches all organizations of the account
	unknown       bool                    // it could not be found out what a credential reaches
	reserveWarned bool
	attempts      []attempt
}

func newAccountCheck(f *findings, c *config.Config, a config.Account, dial command.Dial, gate *quota.Gate) *accountCheck {
	// The check is not limited to the exporter's share: it must be possible when that is spent.
	limited := &calls{quota: quota.New(quota.Share{Share: 1}, gate)}
	for _, credential := range a.Credentials {
		limited.most += mostCalls(c.Collectors, credential.Runzero)
	}
	return &accountCheck{findings: f, config: c, account: a, dial: dial, calls: limited}
}

func (a *accountCheck) report(s severity, what, format string, args ...any) {
	a.add(s, topic(a.account, "", what), format, args...)
}

// announce reports the cost before any of it arises.
func (a *accountCheck) announce() {
	of := "the account's daily quota"
	if a.account.Name != "" {
		of = "the daily quota of account " + a.account.Name
	}
	a.report(fine, "calls", "this check makes at most %s of %s", command.Plural(a.calls.most, "API call"), of)
}

func (a *accountCheck) run(ctx context.Context) error {
	for _, credential := range a.account.Credentials {
		a.checkCredential(ctx, credential)
		if ctx.Err() != nil {
			return errInterrupted
		}
	}
	a.reportOrganizations()
	for _, t := range a.attempts {
		a.reportAttempt(t)
	}
	a.reportQuota()
	text := fmt.Sprintf("%s made, of at most %d", command.Plural(a.calls.made, "API call"), a.calls.most)
	if a.calls.free > 0 {
		text += fmt.Sprintf("; %s failed before anything was sent, which costs no call", command.Plural(a.calls.free, "request"))
	}
	a.report(fine, "calls", "%s", text)
	return nil
}

func (a *accountCheck) reportOrganizations() {
	if len(a.reached) == 0 && a.unknown {
		return // the reason was reported
	}
	var polled, skipped, names []string
	for _, o := range a.reached {
		name := command.OrganizationName(o)
		names = append(names, name)
		if reason := a.account.Selection.Skipped(o); reason != "" {
			skipped = append(skipped, fmt.Sprintf("%q (%s)", name, reason))
		} else {
			polled = append(polled, name)
			organization := collector.Organization{ID: o.ID, Name: name}
			a.polled = append(a.polled, schedule.Organization{Organization: organization, AccountWide: a.accountWide})
		}
	}
	reaches := func(text string) bool {
		return slices.ContainsFunc(a.reached, func(o runzero.Organization) bool { return schedule.Matches(o, text) })
	}
	for _, text := range a.account.Selection.Include {
		if !reaches(text) {
			a.report(wrong, "organizations", "no credential reaches an organization %q, and nothing is polled until that is corrected: the credentials reach %s",
				collector.Label(text), command.ListQuoted(names))
		}
	}
	for _, text := range a.account.Selection.Exclude {
		if !reaches(text) {
			a.report(warning, "organizations", "%q is excluded, but no credential reaches an organization with this name or id: correct it, or remove it", collector.Label(text))
		}
	}
	if len(polled) == 0 {
		a.report(wrong, "organizations", "no organization is polled: name those to poll with --runzero.organization, or under organizations of the account in the file")
	} else {
		a.report(fine, "organizations", "%d polled: %s", len(polled), command.ListQuoted(polled))
	}
	if len(skipped) > 0 {
		a.report(fine, "organizations", "%d not polled: %s", len(skipped), command.List(skipped))
	}
}
