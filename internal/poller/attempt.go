package poller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// attempt is one running poll. It holds copies of everything it needs, because the state of
// the loop may change meanwhile.
type attempt struct {
	job         *job
	poll        collector.Poll
	collector   collector.Collector // nil for discovery and changes
	changes     collector.Changes   // nil for all others
	followed    []collector.Followed
	processed   time.Time    // what had changed at the start, of a job that is polled on change; see collector.Tasks
	credentials []Credential // to try, in this order
	needs       runzero.Kind // the least kind of credential that suffices; empty: any
	several     bool         // the account has several credentials
	// organizations are the org_names of what a credential reaches, by credential.
	organizations map[string]map[string]string
	others        map[string]map[string]bool // ids of what it reaches besides
	salts         map[string][]byte          // for the sums of secrets, by credential
	probe         *fault                     // that it finds out the end of; nil: none
	ctx           context.Context
	cancel        context.CancelFunc // called too when the job no longer exists
	stopped       bool               // cancelled because another exporter may poll. The loop's own

	// The result.
	calls        atomic.Int64
	sums         map[string]secretSum // of the secrets that were sent, by credential
	results      map[string]error     // by credential that was tried
	insufficient map[string]error     // by credential that was tried in vain
	found        map[string]reach     // of discovery
	used         string               // the credential that err is about, or that was last used
	snapshot     collector.Snapshot
	changed      map[string]collector.Changed
	err          error
}

// run makes the poll. A panic is a failure of this poll and nothing else.
func (a *attempt) run() {
	defer a.cancel()
	defer func() {
		if r := recover(); r != nil {
			e := &panicError{what: fmt.Sprintf("%T", r), stack: debug.Stack()}
			if fault, ok := r.(runtime.Error); ok {
				e.what = fault.Error()
			}
			a.err = e
		}
	}()
	if a.collector == nil && a.changes == nil {
		a.discover()
		return
	}
	if a.err == nil {
		a.err = fmt.Errorf("%w: insufficient scope: it takes an %s", collector.ErrUnsupported, a.needs)
	}
	for _, c := range a.credentials {
		if a.needs != "" && !c.Client.Kind().Reaches(a.needs) {
			continue
		}
		a.poll.API = c.Client
		if a.poll.Organization.Name == "" {
			a.poll.Organizations, a.poll.Others = a.organizations[c.Name], a.others[c.Name]
		}
		a.used = c.Name
		a.readSum(c)
		if a.changes != nil {
			a.changed, a.err = a.changes(a.ctx, a.poll, a.followed)
		} else {
			a.snapshot, a.err = a.collector(a.ctx, a.poll)
		}
		a.results[c.Name] = a.err
		if !errors.Is(a.err, collector.ErrUnsupported) {
			return
		}
		a.insufficient[c.Name] = a.err
	}
}

// readSum notes which secret is about to be sent. It is read before: one that is replaced meanwhile is then another.
func (a *attempt) readSum(c Credential) {
	salt := a.salts[c.Name]
	a.sums[c.Name] = secretSum{Salt: salt, Sum: c.Client.SecretSum(salt)}
}

// newAttempt copies what the poll of a job needs. It ends with ctx, or after pollTimeout.
func (j *job) newAttempt(ctx context.Context) *attempt {
	acc := j.account
	a := &attempt{
		job: j, several: len(acc.Credentials) > 1,
		organizations: map[string]map[string]string{}, others: map[string]map[string]bool{},
		results: map[string]error{}, insufficient: map[string]error{}, salts: acc.salts(), sums: map[string]secretSum{},
	}
	a.ctx, a.cancel = context.WithTimeout(quota.CountCalls(ctx, &a.calls), pollTimeout)
	a.poll = collector.Poll{Organization: j.Organization, Account: acc.Name, Now: j.lastAttempt, Previous: cmp.Or(j.snapshot, j.previous), LastError: j.err, Interval: j.Interval}
	var credentials []Credential
	switch c := j.Collector; {
	case c == nil:
		a.credentials = acc.undiscovered(j.lastAttempt)
		return a
	case c.Scope == collector.PerConsole:
		credentials = acc.Credentials
	case j.AccountWide:
		credentials = acc.credentialsFor("", true)
	case c.Scope == collector.PerAccount:
		credentials = acc.accountCredentialsFirst()
	default:
		credentials = acc.credentialsFor(j.Organization.ID, false)
	}
	a.needs = j.Collector.Needs
	a.poll.Settings = j.Collector.Settings
	switch {
	case j.Changes:
		a.changes, a.followed = j.Collector.Changes, j.toFollow(j.lastAttempt)
	case j.AccountWide:
		a.collector = j.Collector.AccountWide
	default:
		a.collector = j.Collector.Collect
	}
	a.poll.Missed = j.missed
	if j.followed() {
		a.poll.Current = j.lastSuccess
	}
	if j.trigger != nil && j.trigger.snapshot != nil && j.trigger.snapshot.Tasks != nil {
		a.processed = j.trigger.snapshot.Tasks.Processed
	}
	for _, c := range credentials {
		if known, ok := acc.insufficient[use{j.Name, c.Name, j.AccountWide}]; ok && j.lastAttempt.Sub(known.at) < schedule.UnsupportedInterval {
			a.err = known.err // not tried again so soon
			continue
		}
		a.credentials = append(a.credentials, c)
		if j.Organization.Name == "" {
			a.organizations[c.Name], a.others[c.Name] = acc.namesFor(c)
		}
	}
	a.poll.Sites = j.sites()
	return a
}

// sites are the site names, as the sites collector last found them, of the organizations that the job covers.
func (j *job) sites() collector.SiteNames {
	a := j.account
	of := func(organizationID string, accountWide bool) *collector.Snapshot {
		if other := a.job(jobKey{"sites", organizationID, accountWide}); other != nil && other != j {
			return other.snapshot
		}
		return nil
	}
	switch all := of("", true); {
	case all != nil && j.AccountWide:
		return all.Sites
	case all != nil && a.accountWide(j.Organization.ID):
		if sites := all.SitesOf(j.Organization.ID); len(sites) > 0 {
			return sites
		}
	}
	if !j.AccountWide {
		if own := of(j.Organization.ID, false); own != nil {
			return own.Sites
		}
		return nil
	}
	var all collector.SiteNames
	for _, other := range a.index.alike[jobKey{name: "sites"}] {
		if other.snapshot == nil {
			continue
		}
		if all == nil {
			all = collector.SiteNames{}
		}
		for id, name := range other.snapshot.Sites {
			all[collector.AccountSite(other.Organization.ID, id)] = name
		}
	}
	return all
}

// panicError is a bug in a collector. It repeats no value that a record may have put there:
// only the runtime's description, and the stack.
type panicError struct {
	what  string
	stack []byte
}

func (e *panicError) Error() string {
	return "the collector panicked, which is a bug of this exporter: " + e.what
}
