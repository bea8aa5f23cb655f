package check

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// outcome is what a credential has come to with a collector.
type outcome struct {
	credential *credentialCheck
	collector  schedule.Collector
	small      bool // the credential's kind does not reach it, which took no call
	wide       bool // asked for all organizations at once
	sample     runzero.Organization
	err        error
}

func (o outcome) reached() bool { return !o.small && o.err == nil }

// mostCalls is how many requests a credential's check takes at most.
func mostCalls(c *config.Config, credential config.Credential) int64 {
	kind := credential.Runzero.Kind()
	// The console's health, and the organizations as runzero.Client learns them.
	most := 1 + map[runzero.Kind]int64{runzero.AccountCredential: 1, runzero.ExportToken: 2, runzero.OrganizationToken: 3, runzero.UnknownKind: 3}[kind]
	if credential.Runzero.HTTP.OAuth2 != nil {
		most++ // an access token
	}
	for _, enabled := range c.Collectors {
		if !asks(enabled) || !kind.Reaches(enabled.Needs) {
			continue
		}
		switch {
		case enabled.FromDiscovery != nil && kind == runzero.AccountCredential:
		case enabled.Name == "tasks":
			most += 2 // consoles without the export have a list
		case enabled.AccountWide != nil && kind.Reaches(runzero.AccountCredential):
			most += 2 // where the account's form is refused, the organization's
		default:
			most++
		}
	}
	return most
}

// asks tells whether a collector asks what is not asked already.
func asks(enabled schedule.Collector) bool {
	return enabled.Scope != collector.HeadersOnly && enabled.Scope != collector.PerConsole
}

// collectors tries what each collector asks.
func (k *credentialCheck) collectors(ctx context.Context) {
	sample := k.organizations[0]
	if i := slices.IndexFunc(k.organizations, func(o runzero.Organization) bool { return k.leftOut(o) == "" }); i >= 0 {
		sample = k.organizations[i]
	}
	for _, enabled := range k.accountCheck.config.Collectors {
		if !asks(enabled) || ctx.Err() != nil {
			continue
		}
		o := outcome{credential: k, collector: enabled, sample: sample}
		whole := k.client.AccountWide()
		switch {
		case !k.client.Kind().Reaches(enabled.Needs):
			o.small = true
		case enabled.FromDiscovery != nil && (whole || k.watch.accepted("/org")):
			o.wide = whole // what told of the organizations is all it asks
		default:
			o.try(ctx, whole)
			k.heedReserve()
		}
		k.outcomes = append(k.outcomes, o)
	}
}

// nothing is a search that no asset matches: the id of none.
const nothing = "id:00000000-0000-0000-0000-000000000000"

// try asks what the collector asks, of the whole account where it can be, else of one
// organization.
func (o *outcome) try(ctx context.Context, whole bool) {
	settings := o.credential.accountCheck.config.Settings
	if settings.AssetSearch == "" {
		settings.AssetSearch = nothing // the cheapest of all exports
	}
	poll := collector.Poll{
		API: o.credential.client, Now: time.Now(),
		Organizations: map[string]string{o.sample.ID: command.OrganizationName(o.sample)},
	}
	if o.collector.AccountWide != nil && whole {
		o.wide = true
		o.err = o.credential.begins(ctx, o.collector.AccountWide(settings), poll)
		if !errors.Is(o.err, collector.ErrUnsupported) {
			return
		}
		o.wide = false
	}
	if o.collector.Scope == collector.PerOrganization {
		poll.Organization = collector.Organization{ID: o.sample.ID, Name: command.OrganizationName(o.sample)}
	}
	o.err = o.credential.begins(ctx, o.collector.New(settings), poll)
}

// begins polls until the console begins to answer, which it does only when it has
// understood and permits what is asked, and hangs up: whole exports take minutes.
func (k *credentialCheck) begins(ctx context.Context, asked collector.Collector, poll collector.Poll) error {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	begun := k.watch.onAccepted(hangUp)
	_, err := asked.Collect(ctx, poll)
	if begun() {
		return nil
	}
	return err
}

// tell says what has come of a collector. That a credential does not reach it matters
// when no other one of the account does; and then most where the user is sure to
// miss it.
func (a *accountCheck) tell(o outcome) {
	needs := o.collector.Needs
	s := warning
	if needs == runzero.ExportToken || o.collector.OffByDefault {
		s = wrong
	}
	if slices.ContainsFunc(a.outcomes, func(other outcome) bool {
		return other.collector.Name == o.collector.Name && other.reached()
	}) {
		s = fine
	}
	about, kind := "collector "+o.collector.Name, o.credential.client.Kind()
	find := o.credential.find
	switch err := o.err; {
	case o.small:
		find(s, about, "no: it needs an %s, and this is an %s", needs, kind)
	case err == nil && o.wide:
		find(fine, about, "yes, for all organizations at once")
	case err == nil && o.collector.Scope == collector.PerAccount:
		find(fine, about, "yes")
	case err == nil:
		find(fine, about, "yes, tried with organization %q", command.OrganizationName(o.sample))
	case errors.Is(err, collector.ErrUnsupported):
		find(s, about, "refused: %v%s", err, without(o.collector))
	case misunderstood(err) && isQuery(o.collector):
		find(wrong, about, "%v; correct the search of this query in --config.file", err)
	case runzero.Refused(err, kind):
		find(s, about, "refused: %s", o.credential.told(err))
	default:
		find(notAsked(err, wrong), about, "%s", o.credential.told(err))
	}
}

// without says how to do without a collector that a flag switches.
func without(c schedule.Collector) string {
	if isQuery(c) {
		return ""
	}
	return "; without it, --no-collector." + c.Name
}

func isQuery(c schedule.Collector) bool { return strings.HasPrefix(c.Name, "queries/") }

// misunderstood tells whether the console has refused a search as none.
func misunderstood(err error) bool {
	answer := (*runzero.Error)(nil)
	return errors.As(err, &answer) && (answer.Status == http.StatusBadRequest || answer.Status == http.StatusUnprocessableEntity)
}
