package poller

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// savedState is what the store holds of an account besides snapshots: the calls spent, and
// when everything was last polled, so that a restart polls nothing that is not due.
type savedState struct {
	Quota         quota.Saved
	LoggedStretch float64
	Credentials   []savedCredential
	Faults        []savedFault
	Jobs          []savedJob
	Ready         bool `json:",omitempty"` // each poll has had a result
}

// savedCredential is what a credential was found to reach, nil while that is unknown, what the usage headers of its
// responses reported, and which secret was last sent.
type savedCredential struct {
	Name   string
	Reach  *reach
	Usage  collector.SavedUsage
	Secret secretSum
}

type savedJob struct {
	Collector    string
	Organization string // its id
	AccountWide  bool
	Base         time.Time
	Wait         time.Duration
	LastAttempt  time.Time
	LastSuccess  time.Time
	Duration     time.Duration
	Failures     int
	Error        *savedError `json:",omitempty"`
	Unsupported  bool
	Calls        int64
	Retry        time.Time // zero: not out of turn
	Waits        *string   // the key of the fault whose end it waits for; nil: none
	Released     runzero.Cause
	Credential   string
	Running      bool // a poll was under way
	Cut          int
	Outcomes     string        `json:",omitempty"`
	Whole        time.Time     `json:",omitzero"`
	Unclear      bool          `json:",omitempty"`
	Processed    time.Time     `json:",omitzero"`
	MeanGap      time.Duration `json:",omitempty"`
	Cached       time.Time     `json:",omitzero"` // LastSuccess of the snapshot as it was last saved
}

func (a Account) storeKey() store.Account {
	return store.Account{Name: a.Name, Fingerprint: a.Fingerprint}
}

func (j *job) storeKey() store.Key {
	return store.Key{Account: j.account.storeKey(), Organization: j.Organization.ID, Collector: j.Name}
}

// fingerprint identifies everything that shapes the job's snapshot.
func (j *job) fingerprint() string { return j.account.Fingerprint + "\n" + j.Collector.Fingerprint }

// save caches a job's snapshot.
func (p *Poller) save(j *job) {
	if p.store == nil || j.snapshot == nil || j.Name == schedule.Discovery || j.Changes {
		return
	}
	saved := store.Snapshot{
		Families: j.snapshot.Families, Sites: j.snapshot.Sites, Missing: j.snapshot.Missing, Listed: j.snapshot.Listed, Success: j.lastSuccess,
	}
	if j.snapshot.Tasks != nil {
		saved.State = j.snapshot.Tasks
	}
	j.cached = j.lastSuccess
	p.store.Save(j.storeKey(), j.fingerprint(), saved)
}

// saveState caches an account's calls and schedule.
func (p *Poller) saveState(a *account) {
	if p.store == nil {
		return
	}
	now := p.config.Now()
	state := savedState{Quota: a.Quota.Save(a.expectedCalls()), LoggedStretch: a.logged.stretch}
	for _, c := range a.Credentials {
		saved := savedCredential{Name: c.Name, Secret: a.sums[c.Name]}
		if c.Usage != nil {
			saved.Usage = c.Usage.Saved()
		}
		if r, known := a.reach[c.Name]; known {
			saved.Reach = &r
		}
		state.Credentials = append(state.Credentials, saved)
	}
	for _, j := range a.jobs {
		if j.everPolled() || j.snapshot != nil {
			saved := j.saved(now)
			saved.Error = p.savedError(j.err)
			state.Jobs = append(state.Jobs, saved)
		}
	}
	state.Faults = a.savedFaults(now)
	state.Ready = a.settled(a.Quota.State(now))
	p.store.SaveState(a.storeKey(), state)
}

// expectedCalls is how many more calls the running polls are going to make, as far as that is known.
func (a *account) expectedCalls() int64 {
	expected := int64(0)
	for _, j := range a.jobs {
		if j.running == nil {
			continue
		}
		calls := max(j.calls, int64(j.Calls()))
		if j.Name == schedule.Discovery {
			calls = max(calls, int64(len(j.running.credentials)))
		}
		expected += max(calls-j.running.calls.Load(), 0)
	}
	return expected
}

func (j *job) saved(now time.Time) savedJob {
	return savedJob{
		Collector: j.Name, Organization: j.Organization.ID, AccountWide: j.AccountWide, Base: onClock(j.base, now), Wait: j.wait,
		LastAttempt: onClock(j.lastAttempt, now), LastSuccess: j.lastSuccess.UTC(), Duration: j.duration, Failures: j.failures,
		Unsupported: j.unsupported, Calls: j.calls, Retry: onClock(j.retry, now), Waits: j.account.keyOf(j.waits), Released: j.released,
		Credential: j.credential, Running: j.running != nil, Cut: j.cut, Outcomes: j.outcomes,
		Whole: onClock(j.whole, now), Unclear: j.unclear, Processed: j.processed, MeanGap: j.meanGap, Cached: j.cached.UTC(),
	}
}

// errNotRecorded is the error of a poll that was not made, because its start could not be recorded: if that of another
// exporter is, too, it would be made twice.
var errNotRecorded = errors.New("not polled: its start cannot be recorded")

// run makes a poll once its start is recorded: if a crash cuts it short, it is not repeated at once.
func (p *Poller) run(a *attempt) {
	if p.config.Store != nil { // p.store is the loop's
		if err := p.config.Store.Recorded(a.ctx); err != nil {
			a.err = fmt.Errorf("%w: %w", errNotRecorded, err)
			a.cancel()
			return
		}
	}
	a.run()
}

// restoring is how an account is restored from what the store has of it.
type restoring struct {
	restart bool                       // a restart is a reason to try again what was found not to work
	mirror  bool                       // another exporter polls it, and goes on to do so
	held    map[store.Key]heldSnapshot // what need not be loaded again
}

// restore gives an account what the store has cached of it.
func (p *Poller) restore(a *account, now time.Time, how restoring) {
	if p.config.Store == nil {
		return
	}
	var state savedState
	if !p.config.Store.Load(a.storeKey(), &state) {
		return
	}
	a.leader = leading{found: true, ready: state.Ready}
	// The account may have been polled meanwhile, because another exporter had the store: no call is forgotten.
	if how.mirror || state.Quota.Spent(now) >= a.Quota.State(now).Spent {
		a.Quota.Restore(state.Quota, now)
	}
	a.logged.stretch = state.LoggedStretch
	known := a.restoreCredentials(state.Credentials, now, how)
	a.restoreFaults(state.Faults, now, how)
	for _, j := range state.Jobs {
		if last := earlier(j.LastAttempt, now); last.After(a.lastFirst) {
			a.lastFirst = last
		}
	}
	a.reconcile()
	// Account-wide jobs come first: whether they are supported decides which others there are.
	for _, accountWide := range []bool{true, false} {
		jobs := a.byKey()
		for _, saved := range state.Jobs {
			if j := jobs[jobKey{saved.Collector, saved.Organization, saved.AccountWide}]; j != nil && saved.AccountWide == accountWide {
				p.restoreJob(j, saved, now, how)
			}
		}
		a.reconcile()
	}
	if how.mirror {
		return
	}
	if !known {
		a.discovery().makeDue()
	}
	for _, c := range a.Credentials {
		before := a.sums[c.Name]
		if sum, changed := before.changed(c.Client); changed && before.Sum != "" {
			a.secretChanged(change{credential: c.Name, sum: sum}, now)
		}
	}
	a.requestDiscovery()
}

// restoreCredentials restores what the credentials were found to reach. It reports whether
// the earlier run had them all.
func (a *account) restoreCredentials(credentials []savedCredential, now time.Time, how restoring) bool {
	unknown := len(a.Credentials)
	for _, saved := range credentials {
		at := slices.IndexFunc(a.Credentials, func(c Credential) bool { return c.Name == saved.Name })
		if at < 0 {
			continue
		}
		c := a.Credentials[at]
		a.sums[c.Name] = saved.Secret
		if c.Usage != nil {
			c.Usage.Restore(saved.Usage)
		}
		if saved.Reach != nil && c.Client != nil && !how.mirror && saved.Reach.Kind != c.Client.Kind() {
			continue // another credential under the same name
		}
		unknown--
		if r := saved.Reach; r != nil {
			r.Polled = earlier(r.Polled, now)
			a.reach[saved.Name] = *r
		}
	}
	_ = a.selectOrganizations() // the next discovery reports what is wrong
	return unknown == 0
}

// earlier returns the earlier of two times. A saved time that is later than now comes from a clock that was ahead, or
// the clock is behind now: what is measured from now is right whatever the clock is set to later.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// onClock returns t, which may have been read before the clock was set, as the clock shows it now.
func onClock(t, now time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return now.Add(t.Sub(now)).UTC()
}

// restoreJob gives a job its schedule and its last snapshot back.
func (p *Poller) restoreJob(j *job, saved savedJob, now time.Time, how restoring) {
	j.base, j.wait = earlier(saved.Base, now), saved.Wait
	j.lastAttempt, j.duration = earlier(saved.LastAttempt, now), saved.Duration
	j.failures, j.unsupported, j.calls = saved.Failures, saved.Unsupported, saved.Calls
	j.whole = earlier(saved.Whole, now.Add(schedule.WholeInterval+j.rest()))
	j.unclear, j.processed, j.meanGap = saved.Unclear, saved.Processed, saved.MeanGap
	j.retry, j.released, j.credential, j.cut = soon(saved.Retry, now), saved.Released, saved.Credential, saved.Cut
	j.outcomes = saved.Outcomes[max(len(saved.Outcomes)-outcomesKept, 0):]
	if saved.Waits != nil {
		j.waits = j.account.faults[*saved.Waits]
	}
	switch {
	case j.free():
		j.err = saved.Error.restored(true)
	case j.unsupported:
		if j.err = saved.Error.restored(true); how.restart && !how.mirror {
			j.retry = sooner(j.retry, j.lastAttempt.Add(restartRetry))
		}
	case j.failures > 0:
		j.err = saved.Error.restored(false)
	case j.Interval > 0: // which may be another than before
		j.wait = min(max(j.wait, j.Interval), schedule.LongestWait(j.Interval))
	}
	if saved.Running && !how.mirror { // the process did not end in good order
		j.waits = nil
		j.cutShort()
	}
	switch {
	case j.Name == schedule.Discovery:
		j.restoreDiscovery(saved)
		return
	case j.Changes:
		if !saved.LastSuccess.IsZero() && !j.unsupported {
			j.setSnapshot(&collector.Snapshot{})
			j.lastSuccess = saved.LastSuccess
		}
		return
	case j.superseded():
		return // the cached snapshot is older than that
	}
	if p.loadSnapshot(j, how) {
		// As it was saved, even if it is in the future. If the clock is behind, the snapshot has its true age when the
		// clock is set.
		j.lastSuccess = j.cached
		// The snapshot may have been found unchanged since it was saved.
		if j.Daily && saved.Cached.Equal(j.cached) && saved.LastSuccess.After(j.cached) {
			j.lastSuccess = saved.LastSuccess
		}
		if saved.Running && j.cached.Sub(saved.LastAttempt).Abs() < time.Second { // it had ended, and only that was not saved
			j.cut, j.retry, j.failures, j.err = saved.Cut, time.Time{}, 0, nil
		}
		return
	}
	// The snapshot is lost: it is polled again, once, and in the order of a first round, in which sites come before what
	// names them.
	if j.err == nil && !j.retry.After(now) {
		j.makeDue()
	}
}

// loadSnapshot gives a job its snapshot as it was last saved.
func (p *Poller) loadSnapshot(j *job, how restoring) bool {
	key := j.storeKey()
	version := p.config.Store.Version(key) // before: what is loaded may be newer, but not older
	if how.held[key].reuse(j, version) {
		j.version = version
		return true
	}
	cached, ok := p.config.Store.LoadSnapshot(key, j.fingerprint())
	if !ok {
		return false
	}
	state, _ := cached.State.(json.RawMessage)
	j.setSnapshot(&collector.Snapshot{
		Families: cached.Families, Sites: cached.Sites, Missing: cached.Missing, Listed: cached.Listed, Tasks: collector.LoadTasks(state),
	})
	j.cached, j.version = cached.Success, version
	return true
}

func (j *job) restoreDiscovery(saved savedJob) {
	selected := len(j.account.polled) > 0
	switch {
	case saved.LastSuccess.IsZero():
	case !selected && saved.Failures == 0:
		j.makeDue() // other organizations are wanted than before
	case selected:
		j.setSnapshot(&collector.Snapshot{})
		j.lastSuccess = saved.LastSuccess
	}
}

// cutShort has a poll made again at the next start. If that cuts it short, too, it waits longer and longer.
func (j *job) cutShort() {
	j.cut++
	j.retry = j.lastAttempt.Add(schedule.CutShort(j.cut, j.Interval))
}

// Remembered is what an earlier run learned about an account.
type Remembered struct {
	Limit         int64    // calls a day; 0: the console reported none
	Organizations []string // names of those that are polled
	AccountWide   bool     // an account credential reaches them
}

// Remember reads what a store has cached of an account. Its credentials need no clients.
func Remember(s store.Store, of Account, now time.Time) (Remembered, bool) {
	var state savedState
	if !s.Load(of.storeKey(), &state) {
		return Remembered{}, false
	}
	var r Remembered
	r.Limit, _ = state.Quota.Limit.Get()
	a := newAccount(of)
	a.restoreCredentials(state.Credentials, now, restoring{})
	for _, o := range a.polled {
		r.Organizations = append(r.Organizations, schedule.OrganizationName(o))
		r.AccountWide = r.AccountWide || a.accountWide(o.ID)
	}
	return r, true
}
