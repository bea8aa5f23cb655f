package poller

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// kept is what the store holds of an account besides answers: the calls spent, and
// when everything was asked last, so that a restart asks nothing that is not due.
type kept struct {
	Ledger      quota.Kept
	Probed      time.Time
	Told        float64 // the stretch that the log told last
	Credentials []keptCredential
	Jobs        []keptJob
}

// keptCredential is what a credential was found to reach, nil when that is not known,
// and what its answers' headers said.
type keptCredential struct {
	Name  string
	Reach *keptReach
	Usage collector.SavedUsage
}

type keptReach struct {
	Kind          runzero.Kind
	Whole         bool
	Asked         time.Time
	Organizations []keptOrganization
}

type keptOrganization struct {
	ID, Name       string
	Demo, Inactive bool
}

type keptJob struct {
	Organization string // its id
	Collector    string
	Wide         bool
	Base         time.Time
	Wait         time.Duration
	Attempt      time.Time
	Success      time.Time
	Duration     time.Duration
	Failures     int
	Unsupported  bool
	Never        bool
	Calls        int64
}

func (t *target) key(j *job) store.Key {
	return store.Key{Account: t.Name, Organization: j.organization.ID, Collector: j.collector}
}

// shapeOf is all that shapes what is kept of a job.
func (t *target) shapeOf(j *job) string { return t.Fingerprint + "\n" + j.shape }

// keep writes what a job found. That it cannot be written is a warning and a metric,
// never the end of polling.
func (p *Poller) keep(j *job) {
	if p.config.Store == nil || j.err != nil || j.collector == Discovery {
		return
	}
	p.config.Store.Save(j.target.key(j), j.target.shapeOf(j), store.Snapshot{
		Families: j.snapshot.Families, Sites: j.snapshot.Sites, Success: j.success,
	})
	p.write()
}

// keepState writes an account's calls and schedule. It is written before a poll
// begins, too: one that a crash cuts short is not asked for again.
func (p *Poller) keepState(t *target) {
	if p.config.Store == nil {
		return
	}
	state := kept{}
	state.Ledger, state.Probed = t.Account.kept()
	state.Told = t.told.stretch
	for _, c := range t.Credentials {
		k := keptCredential{Name: c.Name}
		if c.Usage != nil {
			k.Usage = c.Usage.Saved()
		}
		if r, known := t.reaches[c.Name]; known {
			k.Reach = &keptReach{Kind: r.Kind, Whole: r.Whole, Asked: r.Asked}
			for _, o := range r.Organizations {
				k.Reach.Organizations = append(k.Reach.Organizations, keptOrganization{ID: o.ID, Name: o.Name, Demo: o.Demo, Inactive: o.Inactive})
			}
		}
		state.Credentials = append(state.Credentials, k)
	}
	for _, j := range p.jobs {
		if j.target == t && j.asked() {
			state.Jobs = append(state.Jobs, keptJob{
				Organization: j.organization.ID, Collector: j.collector, Wide: j.wide, Base: j.base.UTC(), Wait: j.wait, Attempt: j.attempt.UTC(), Success: j.success.UTC(),
				Duration: j.duration, Failures: j.failures, Unsupported: j.unsupported, Never: j.never, Calls: j.calls,
			})
		}
	}
	p.config.Store.SaveState(t.Name, t.Fingerprint, state)
	p.write()
}

// write waits for the store to write what was handed over.
func (p *Poller) write() {
	ended, end := context.WithCancel(context.Background())
	end()
	p.config.Store.Run(ended)
}

// Kept tells whether what was last found could be written to the store.
func (p *Poller) Kept() bool { return p.config.Store == nil || p.config.Store.Healthy() }

// restore gives a target what the store kept of it.
func (p *Poller) restore(t *target, now time.Time) {
	if p.config.Store == nil {
		return
	}
	var state kept
	found := p.config.Store.Load(t.Name, t.Fingerprint, &state)
	p.write()
	if !found {
		return
	}
	t.Account.restore(state.Ledger, state.Probed, now)
	t.told.stretch = state.Told
	known := t.recall(state.Credentials, now)
	t.Account.resume(int64(len(state.Jobs)), now)
	p.reconcile(t)
	// Those of whole accounts come first: whether they are supported decides which others
	// there are.
	for _, wide := range []bool{true, false} {
		for _, k := range state.Jobs {
			if j := p.job(t, k.Collector, k.Wide, k.Organization); j != nil && k.Wide == wide {
				p.revive(j, k, now)
			}
		}
		p.reconcile(t)
	}
	if !known {
		p.job(t, Discovery, false, "").hurry()
	}
	p.feed(t)
}

// recall gives a target back what its credentials were found to reach. It reports
// whether the earlier run had them all.
func (t *target) recall(credentials []keptCredential, now time.Time) bool {
	unknown := len(t.Credentials)
	for _, k := range credentials {
		at := slices.IndexFunc(t.Credentials, func(c Credential) bool { return c.Name == k.Name })
		if at < 0 {
			continue
		}
		if usage := t.Credentials[at].Usage; usage != nil {
			usage.Restore(k.Usage)
		}
		client := t.Credentials[at].Client
		if client != nil && k.Reach != nil && k.Reach.Kind != client.Kind() {
			continue // another credential under the same name
		}
		unknown--
		if k.Reach == nil {
			continue
		}
		r := reach{Kind: k.Reach.Kind, Whole: k.Reach.Whole, Asked: k.Reach.Asked}
		if r.Asked.After(now) { // the clock was ahead when this was written
			r.Asked = now
		}
		for _, o := range k.Reach.Organizations {
			r.Organizations = append(r.Organizations, runzero.Organization{ID: o.ID, Name: o.Name, Demo: o.Demo, Inactive: o.Inactive})
		}
		t.reaches[k.Name] = r
	}
	_ = t.choose() // what is wrong, the next discovery tells
	return unknown == 0
}

// Remembered is what an earlier run learned of an account.
type Remembered struct {
	Limit         int64    // calls a day; 0: the console did not tell
	Organizations []string // names of those that are polled
	Whole         bool     // whether a credential reaches the whole account
}

// Remember reads what the store kept of an account.
func Remember(s *store.Store, of Target) (Remembered, bool) {
	var state kept
	if !s.Load(of.Name, of.Fingerprint, &state) {
		return Remembered{}, false
	}
	var r Remembered
	if state.Ledger.Limit != nil {
		r.Limit = *state.Ledger.Limit
	}
	t := newTarget(of)
	t.recall(state.Credentials, time.Now())
	for _, o := range t.chosen {
		r.Organizations = append(r.Organizations, organizationName(o))
		r.Whole = r.Whole || t.whole(o.ID)
	}
	return r, true
}

// revive gives a job its schedule and its last answer back.
func (p *Poller) revive(j *job, k keptJob, now time.Time) {
	if k.Base.After(now) { // the clock was ahead when this was written
		k.Base = now
	}
	if k.Attempt.After(now) {
		k.Attempt = now
	}
	j.base, j.wait, j.attempt, j.duration = k.Base, k.Wait, k.Attempt, k.Duration
	j.failures, j.unsupported, j.never, j.calls = k.Failures, k.Unsupported, k.Never, k.Calls
	switch {
	case j.unsupported:
		j.err = collector.ErrUnsupported
	case j.failures > 0:
		j.err = errBefore
	case k.Success.IsZero():
		// Its first poll was cut short. It need not wait for hours, but no crash loop may ask
		// for it more often than anything is asked for.
		j.wait = min(j.wait, j.target.shortest())
	case j.interval > 0: // which may be another than it was
		j.wait = min(max(j.wait, j.interval), longestWait(j.interval))
	}
	if j.collector == Discovery {
		switch chosen := len(j.target.chosen) > 0; {
		case k.Success.IsZero():
		case !chosen && k.Failures == 0:
			j.hurry() // other organizations are wanted than those that were
		case chosen:
			j.snapshot, j.success = &collector.Snapshot{}, k.Success
			if j.success.After(now) {
				j.success = now.Round(0)
			}
		}
		return
	}
	if j.wide && j.unsupported {
		return // what is kept is of a time when it was; the organizations are asked one by one
	}
	entry, found := p.config.Store.LoadSnapshot(j.target.key(j), j.target.shapeOf(j))
	p.write()
	if found {
		j.snapshot = &collector.Snapshot{Families: entry.Families, Sites: entry.Sites}
		j.success = entry.Success
		if j.success.After(now) {
			j.success = now.Round(0)
		}
		return
	}
	// What was found is lost: it is asked for again, once. What never was found, because
	// its first poll was cut short, is asked for when it is due: else a crash in every
	// poll would cost a call each.
	if !k.Success.IsZero() && j.err == nil {
		j.base = time.Time{}
	}
}

// errBefore stands for the error of a poll that an earlier run made.
var errBefore = fmt.Errorf("the last poll before the restart failed")
