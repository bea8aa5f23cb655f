package check

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// accountCheck is the check of one account.
type accountCheck struct {
	*findings
	config   *config.Config
	account  config.Account
	dial     command.Dial
	calls    *checkCalls
	reached  []runzero.Organization // by any credential, each once
	whole    bool                   // a credential reaches the whole account
	failed   bool                   // a credential has not told what it reaches
	outcomes []outcome
}

func newAccountCheck(f *findings, c *config.Config, a config.Account, dial command.Dial, gate *quota.Gate) *accountCheck {
	most := int64(0)
	for _, credential := range a.Credentials {
		most += mostCalls(c, credential)
	}
	return &accountCheck{findings: f, config: c, account: a, dial: dial, calls: newCheckCalls(most, gate)}
}

// announce says the cost before it arises.
func (a *accountCheck) announce() {
	of := "the account's daily quota"
	if a.account.Name != "" {
		of = "the daily quota of account " + a.account.Name
	}
	a.say(fine, topic(a.account, "", "calls"), "this check spends at most %s of %s", command.Plural(a.calls.most, "API call"), of)
}

var errInterrupted = errors.New("interrupted before everything was checked")

func (a *accountCheck) run(ctx context.Context) error {
	for _, configured := range a.account.Credentials {
		a.credential(ctx, configured)
		if ctx.Err() != nil {
			return errInterrupted
		}
	}
	a.organizations()
	for _, o := range a.outcomes {
		a.tell(o)
	}
	a.quota()
	a.say(fine, topic(a.account, "", "calls"), "%s of at most %d spent", command.Plural(a.calls.spent(), "API call"), a.calls.most)
	return nil
}

// organizations tells which are polled and which are not.
func (a *accountCheck) organizations() {
	if len(a.reached) == 0 && a.failed {
		return // and why has been said
	}
	about := topic(a.account, "", "organizations")
	for _, name := range a.account.Selection.Include {
		if !slices.ContainsFunc(a.reached, func(o runzero.Organization) bool { return schedule.Matches(o, name) }) {
			a.say(wrong, about, "no credential reaches an organization %q: nothing is polled before that is corrected; reached are %s", collector.Label(name), command.ListQuoted(organizationNames(a.reached)))
		}
	}
	for _, name := range a.account.Selection.Exclude {
		if !slices.ContainsFunc(a.reached, func(o runzero.Organization) bool { return schedule.Matches(o, name) }) {
			a.say(warning, about, "%q is excluded, and no credential reaches an organization of that name or id: correct it, or leave it out", collector.Label(name))
		}
	}
	var polled, left []string
	for _, o := range a.reached {
		if why := a.leftOut(o); why != "" {
			left = append(left, fmt.Sprintf("%q (%s)", command.OrganizationName(o), why))
		} else {
			polled = append(polled, fmt.Sprintf("%q", command.OrganizationName(o)))
		}
	}
	if len(polled) == 0 {
		a.say(wrong, about, "none is polled: name those to poll with --runzero.organization, or in organizations of the account in the file")
	} else {
		a.say(fine, about, "%d polled: %s", len(polled), command.List(polled))
	}
	if len(left) > 0 {
		a.say(fine, about, "%d left out: %s", len(left), command.List(left))
	}
}

// leftOut is why an organization is not polled; empty when it is.
func (a *accountCheck) leftOut(o runzero.Organization) string {
	return a.account.Selection.Skipped(o)
}

func organizationNames(all []runzero.Organization) []string {
	var names []string
	for _, o := range all {
		names = append(names, command.OrganizationName(o))
	}
	return names
}

// quota tells what is left of the day's calls, and whether the intervals fit.
func (a *accountCheck) quota() {
	usage := a.calls.usage()
	about := topic(a.account, "", "quota")
	limit, known := usage.Limit.Get()
	if !known {
		if len(a.reached) > 0 {
			a.say(fine, about, "the console tells no limit: nothing is stretched, and calls are not held back")
		}
		return
	}
	share, reserve := a.account.Share, a.account.Share.ReserveCalls(limit)
	text := fmt.Sprintf("%d API calls a day", limit)
	if today, known := usage.Today.Get(); known {
		text += fmt.Sprintf(", %d made today", today)
	}
	left, known := usage.Remaining.Get()
	if known {
		text += fmt.Sprintf(", %d left", left)
	}
	text += fmt.Sprintf("; this exporter may spend %d a day (share %g) and leaves the last %d to others (reserve %g)",
		share.Calls(limit), share.Share, reserve, share.Reserve)
	switch {
	case known && left == 0:
		a.say(wrong, about, "%s: none is left, so that nothing is asked until the day turns; find who spends them, or license more assets", text)
	case known && left <= reserve:
		a.say(warning, about, "%s: the account is down to the reserve, so that nothing is asked until the day turns", text)
	default:
		a.say(fine, about, "%s", text)
	}
	if len(a.reached) > 0 {
		a.plan(limit)
	}
}

// plan reports whether the calls that the intervals need fit into the share.
func (a *accountCheck) plan(limit int64) {
	account := schedule.Account{Collectors: a.config.Collectors}
	for _, c := range a.account.Credentials {
		account.Kinds = append(account.Kinds, c.Runzero.Kind())
	}
	for _, o := range a.reached {
		if a.account.Selection.Skipped(o) == "" {
			account.Organizations = append(account.Organizations, schedule.Organization{
				Organization: collector.Organization{ID: o.ID, Name: command.OrganizationName(o)}, AccountWide: a.whole,
			})
		}
	}
	loads := schedule.Loads(schedule.Polls(account))
	calls := a.account.Share.Calls(limit)
	needed := schedule.Demand(loads, 24*time.Hour)
	stretch := schedule.Stretch(loads, schedule.Allowance{Limited: true, Calls: calls, Left: 24 * time.Hour})
	setting := "--quota.share"
	if a.account.Name != "" {
		setting = "quota.share"
	}
	about := topic(a.account, "", "plan")
	demand := fmt.Sprintf("the intervals need %.0f API calls a day, of %d that this exporter may make", math.Ceil(needed-1e-6), calls)
	switch {
	case calls == 0:
		a.say(wrong, about, "%s: nothing could ever be polled; raise %s", demand, setting)
	case stretch > 1:
		a.say(warning, about, "%s: that does not fit, and intervals are stretched to %.1f times their length; the command plan with --limit=%d shows what to change", demand, stretch, limit)
	default:
		a.say(fine, about, "%s: that fits", demand)
	}
}

// expiry tells of the end of something, which is near when it is within a month.
func expiry(what string, end, now time.Time) (severity, string) {
	const near = 30 * 24 * time.Hour
	day := end.UTC().Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left <= 0:
		return wrong, fmt.Sprintf("%s expired on %s: renew it", what, day)
	case left < near:
		return warning, fmt.Sprintf("%s expires on %s, in %s: renew it", what, day, model.Duration(left.Truncate(time.Hour)))
	}
	return fine, fmt.Sprintf("%s expires on %s", what, day)
}
