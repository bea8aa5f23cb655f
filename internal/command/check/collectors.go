package check

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type attempt struct {
	credential *credentialCheck
	poll       schedule.Poll
	err        error
}

// samplePolls are the polls to try: those of an exporter with one credential and one organization. After each
// account-wide poll comes that of the organization, which replaces it if it is refused. The console and
// discovery are checked apart from these.
func samplePolls(collectors []schedule.Collector, kind runzero.Kind, sample schedule.Organization) []schedule.Poll {
	refused := map[string]bool{}
	for _, c := range collectors {
		refused[c.Name] = c.AccountWide != nil
	}
	polls := schedule.Polls(schedule.Account{
		Kinds: []runzero.Kind{kind}, Organizations: []schedule.Organization{sample}, Collectors: collectors,
		Refused: func(name string) bool { return refused[name] },
	})
	return slices.DeleteFunc(polls, func(p schedule.Poll) bool {
		return p.Collector == nil || p.Changes || p.Collector.Scope == collector.PerConsole
	})
}

// mostCalls returns how many requests the check of a credential sends at most.
func mostCalls(collectors []schedule.Collector, credential runzero.Config) int64 {
	kind := credential.Kind()
	calls := int64(1) // the console's health
	if credential.HTTP.OAuth2 != nil {
		calls++ // an access token
	}
	// What runzero.Client.Organizations sends, with all of its fallbacks.
	switch kind {
	case runzero.AccountCredential:
		return calls + 1 + pollCalls(collectors, kind, true)
	case runzero.ExportToken:
		return calls + 2 + pollCalls(collectors, kind, false)
	case runzero.OrganizationToken:
		return calls + 3 + pollCalls(collectors, kind, false)
	}
	return calls + 3 + max(pollCalls(collectors, kind, true), pollCalls(collectors, kind, false))
}

// pollCalls returns how many requests it takes at most to try the polls. Each takes one,
// because it is cancelled at the first response with data.
func pollCalls(collectors []schedule.Collector, kind runzero.Kind, accountWide bool) int64 {
	calls := int64(0)
	for _, p := range samplePolls(collectors, kind, schedule.Organization{AccountWide: accountWide}) {
		switch {
		case p.Missing != "" || p.FromDiscovery:
		case p.Name == "tasks":
			calls += 2 // consoles without the export have a list
		default:
			calls++
		}
	}
	return calls
}

// tryCollectors tries the polls of each collector with one organization: a polled one if the credential reaches any.
func (k *credentialCheck) tryCollectors(ctx context.Context) {
	polled := func(o runzero.Organization) bool { return k.account.Selection.Skipped(o) == "" }
	o := k.organizations[max(slices.IndexFunc(k.organizations, polled), 0)]
	sample := collector.Organization{ID: o.ID, Name: command.OrganizationName(o)}
	polls := samplePolls(k.config.Collectors, k.client.Kind(),
		schedule.Organization{Organization: sample, AccountWide: k.client.AccountWide()})
	for i := 0; i < len(polls) && ctx.Err() == nil; i++ {
		t := attempt{credential: k, poll: polls[i]}
		switch {
		case t.poll.Missing != "":
		case t.poll.FromDiscovery, t.poll.Collector.FromDiscovery != nil && k.responses.accepted["/org"]:
			// The check of the organizations got all that the poll needs.
		default:
			t.err = k.try(ctx, t.poll, sample)
			k.warnBelowReserve()
		}
		if i+1 < len(polls) && polls[i+1].Name == t.poll.Name { // the organization's poll
			if errors.Is(t.err, collector.ErrUnsupported) {
				continue
			}
			i++
		}
		k.attempts = append(k.attempts, t)
	}
}

// noAsset is a search that no asset matches, which makes the cheapest of all exports.
const noAsset = "id:00000000-0000-0000-0000-000000000000"

var errAccepted = errors.New("the console responded with data")

// try polls until the console begins to send data, which it does only if the request is
// valid and permitted, and then cancels the request: whole exports take minutes.
func (k *credentialCheck) try(ctx context.Context, p schedule.Poll, sample collector.Organization) error {
	settings := p.Collector.Settings
	if settings.AssetSearch == "" {
		settings.AssetSearch = noAsset
	}
	collect := p.Collector.Collect
	if p.AccountWide {
		collect = p.Collector.AccountWide
	}
	k.waiting.Store("trying collector " + p.Name)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	k.responses.onAccept = func() { cancel(errAccepted) }
	_, err := collect(ctx, collector.Poll{
		API: k.client, Now: time.Now(), Settings: settings, Organization: p.Organization, Organizations: map[string]string{sample.ID: sample.Name},
	})
	if errors.Is(context.Cause(ctx), errAccepted) {
		return nil
	}
	return err
}

// reportAttempt reports the result of an attempt. That a credential does not support a collector matters only if no
// other credential of the account does; it is an error for collectors that nobody would expect to be missing.
func (a *accountCheck) reportAttempt(t attempt) {
	c, kind := t.poll.Collector, t.credential.client.Kind()
	unsupported := warning
	if c.Needs == runzero.ExportToken || c.OffByDefault {
		unsupported = wrong
	}
	for _, other := range a.attempts {
		if other.poll.Name == c.Name && other.poll.Missing == "" && other.err == nil {
			unsupported = fine
		}
	}
	about, report, searches := "collector "+c.Name, t.credential.report, c.Query.Name != "" || c.Discovery.Name != ""
	response, _ := errors.AsType[*runzero.Error](t.err)
	invalid := response != nil && slices.Contains([]int{http.StatusBadRequest, http.StatusUnprocessableEntity}, response.Status)
	switch err := t.err; {
	case t.poll.Missing != "":
		report(unsupported, about, "no: it needs an %s, and this is an %s", t.poll.Missing, kind)
	case err == nil && t.poll.AccountWide:
		report(fine, about, "yes, account-wide")
	case err == nil && c.Scope == collector.PerAccount:
		report(fine, about, "yes")
	case err == nil:
		report(fine, about, "yes, tried with organization %q", t.poll.Organization.Name)
	case errors.Is(err, collector.ErrUnsupported) && searches:
		report(unsupported, about, "refused: %v", err)
	case errors.Is(err, collector.ErrUnsupported):
		report(unsupported, about, "refused: %v; to do without it, set --no-collector.%s", err, c.Name)
	case searches && invalid:
		report(wrong, about, "%v; correct its search in --config.file", err)
	case runzero.Refused(err, kind):
		report(unsupported, about, "refused: %s", command.Advised(err))
	default:
		s, text := describe(err)
		report(s, about, "%s", text)
	}
}
