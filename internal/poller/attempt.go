package poller

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// attempt is one poll under way. It holds all that it needs, because what the poller
// knows may change meanwhile.
type attempt struct {
	job         *job
	poll        collector.Poll
	collect     collectFunc
	credentials []Credential // to ask, in this order
	needs       runzero.Kind // the least of them that will do
	several     bool         // the account has more than one
	// By credential: what those that proved too small lately said, which are not asked
	// again, and the organizations that each reaches.
	skip          map[string]error
	organizations map[string]map[string]string
	cancel        context.CancelFunc

	calls    int64
	refused  map[string]error // credentials that were asked and proved too small
	found    map[string]reach
	snapshot collector.Snapshot
	err      error
}

type collectFunc func(context.Context, collector.Poll) (collector.Snapshot, error)

// run makes the poll. A panic is the failure of this poll and nothing else.
func (a *attempt) run(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			a.err = newPanicError(r)
		}
	}()
	if a.job.collector == Discovery {
		a.found, a.err = discover(ctx, a.credentials, a.several, a.poll.Now)
		return
	}
	a.err = fmt.Errorf("%w: none of the account's credentials is large enough: it takes an %s", collector.ErrUnsupported, a.needs)
	for _, c := range a.credentials {
		if a.needs != "" && !c.Client.Kind().Reaches(a.needs) {
			continue
		}
		if err := a.skip[c.Name]; err != nil {
			a.err = err
			continue
		}
		a.poll.API = c.Client
		if a.job.organization.Name == "" {
			a.poll.Organizations = a.organizations[c.Name]
		}
		a.snapshot, a.err = a.collect(ctx, a.poll)
		if !errors.Is(a.err, collector.ErrUnsupported) {
			return
		}
		a.refused[c.Name] = a.err
	}
}

// brief is all that a job's poll is handed.
func (p *Poller) brief(j *job) *attempt {
	t := j.target
	a := &attempt{
		job: j, collect: j.collect, needs: j.needs, several: len(t.Credentials) > 1,
		skip: map[string]error{}, organizations: map[string]map[string]string{}, refused: map[string]error{},
	}
	a.poll = collector.Poll{Organization: j.organization, Now: j.attempt, Previous: j.snapshot}
	if j.snapshot == nil {
		a.poll.Previous = j.previous
	}
	switch {
	case j.collector == Discovery:
		a.credentials = t.undiscovered(j.attempt)
	case j.scope == collector.PerConsole:
		a.credentials = t.Credentials
	case j.wide:
		a.credentials = t.able("", true)
	case j.scope == collector.PerAccount:
		a.credentials = t.largestFirst()
	default:
		a.credentials = t.able(j.organization.ID, false)
	}
	for _, c := range a.credentials {
		if r, ok := t.refusals[refused{j.collector, c.Name, j.wide}]; ok && j.attempt.Sub(r.at) < unsupportedPause {
			a.skip[c.Name] = r.err
		}
	}
	if j.organization.Name == "" {
		for _, c := range a.credentials {
			a.organizations[c.Name] = t.namesOf(c)
		}
	}
	a.poll.Sites = p.sites(j)
	return a
}

// sites is what the sites collector last found of the sites that the job speaks of.
func (p *Poller) sites(j *job) collector.SiteNames {
	var all collector.SiteNames
	for _, other := range p.jobs {
		if other.collector != "sites" || other.target != j.target || other.snapshot == nil || other == j {
			continue
		}
		switch {
		case other.wide == j.wide && other.organization == j.organization:
			return other.snapshot.Sites
		case other.wide && j.target.whole(j.organization.ID):
			if sites := other.snapshot.SitesOf(j.organization.ID); len(sites) > 0 {
				return sites
			}
		case j.wide:
			if all == nil {
				all = collector.SiteNames{}
			}
			for id, name := range other.snapshot.Sites {
				all[collector.AccountSite(other.organization.ID, id)] = name
			}
		}
	}
	return all
}

// panicError is a bug in a collector. It holds no value that a record may have put
// there, only what the runtime says, and where.
type panicError struct {
	what  string
	stack []byte
}

func newPanicError(r any) *panicError {
	what := fmt.Sprintf("%T", r)
	if fault, ok := r.(runtime.Error); ok {
		what = fault.Error()
	}
	return &panicError{what: what, stack: debug.Stack()}
}

func (e *panicError) Error() string {
	return "the collector panicked, which is a bug of this exporter: " + e.what
}
