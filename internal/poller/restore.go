package poller

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// restoring is how an account is restored from what the store has of it.
type restoring struct {
	restart bool                  // a restart is a reason to try again what was found not to work
	mirror  bool                  // another exporter polls it, and goes on to do so
	held    map[store.Key]heldJob // what need not be loaded again, by the key of the state
}

// restore gives an account what the store has cached of it.
func (p *Poller) restore(a *account, now time.Time, how restoring) {
	if p.config.Store == nil {
		return
	}
	states := p.config.Store.States(a.storeKey())
	var state savedState
	if found := states(store.Key{Account: a.storeKey()}, &state); found {
		a.leader = leading{found: true, ready: state.Ready}
		// The account may have been polled meanwhile, because another exporter had the store: no call is forgotten.
		if how.mirror || state.Quota.Spent(now) >= a.Quota.State(now).Spent {
			a.Quota.Restore(state.Quota, now)
		}
		a.logged.stretch = state.LoggedStretch
	} else {
		state = savedState{} // not a part of it
	}
	l := loader{p.config.Store, states, how, state.jobs()}
	discovery := l.load(a.discovery())
	known := a.restoreCredentials(state.Credentials, discovery.Reach, now, how)
	a.restoreFaults(state.Faults, now, how)
	a.reconcile()
	// Account-wide jobs come first: whether they are supported decides which others there are.
	for _, accountWide := range []bool{true, false} {
		for _, j := range a.jobs {
			switch {
			case j.Name == schedule.Discovery && !accountWide:
				p.restoreJob(j, discovery, now, how)
			case j.AccountWide == accountWide:
				p.restoreJob(j, l.load(j), now, how)
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

// jobs are those of a version that saved all of them at once, by key.
func (s savedState) jobs() map[jobKey]savedJob {
	jobs := map[jobKey]savedJob{}
	for _, saved := range s.Jobs {
		if saved.Collector == schedule.Discovery {
			saved.Reach = map[string]reach{}
			for _, c := range s.Credentials {
				if c.Reach != nil {
					saved.Reach[c.Name] = *c.Reach
				}
			}
		}
		jobs[jobKey{saved.Collector, saved.Organization, saved.AccountWide}] = saved
	}
	return jobs
}

// loader loads the states of an account's jobs.
type loader struct {
	store   store.Store
	states  store.States
	how     restoring
	earlier map[jobKey]savedJob // of a version that saved all of them at once
}

// load returns the state of a job; the zero state if there is none.
func (l loader) load(j *job) savedJob {
	key := j.stateKey()
	version := l.store.StateVersion(key) // before: what is loaded may be newer, but not older
	if j.loaded = l.how.held[key].loaded; version == 0 || j.loaded.version != version {
		if j.loaded = (loadedJob{version: version}); !l.states(key, &j.loaded) {
			j.loaded = loadedJob{}
		}
	}
	loaded := j.loaded
	if j.stored = loaded.sum; version == 0 {
		j.loaded = loadedJob{}
		if l.store.State().Shared { // it was copied from a folder
			j.stored = sum{}
		}
	}
	// The version that saves all at once may have been back meanwhile.
	if earlier, found := l.earlier[j.key()]; found && !earlier.LastAttempt.Before(loaded.LastAttempt) {
		j.stored = sum{}
		j.touch()
		return earlier
	}
	return loaded.savedJob
}

// restoreCredentials restores what is known of the credentials, and what they were found to reach. It reports whether the
// earlier run had them all.
func (a *account) restoreCredentials(credentials []savedCredential, found map[string]reach, now time.Time, how restoring) bool {
	unknown := len(a.Credentials)
	for _, c := range a.Credentials {
		r, reached := found[c.Name]
		at := slices.IndexFunc(credentials, func(saved savedCredential) bool { return saved.Name == c.Name })
		if at >= 0 {
			saved := credentials[at]
			a.sums[c.Name] = saved.Secret
			if c.Usage != nil {
				c.Usage.Restore(saved.Usage)
			}
		}
		another := reached && c.Client != nil && !how.mirror && r.Kind != c.Client.Kind() // under the same name
		if another || at < 0 && !reached {
			continue
		}
		unknown--
		if reached {
			r.Polled = earlier(r.Polled, now)
			a.reach[c.Name] = r
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

// restoreJob gives a job its schedule and its last snapshot back. The zero state is that of a job of which none was saved.
func (p *Poller) restoreJob(j *job, saved savedJob, now time.Time, how restoring) {
	if saved.Name != "" && saved.Name != j.Organization.Name {
		return // it was found to be called otherwise, and not polled since
	}
	j.base, j.wait = earlier(saved.Base, now), saved.Wait
	j.lastAttempt, j.duration = earlier(saved.LastAttempt, now), saved.Duration
	j.failures, j.unsupported, j.calls = saved.Failures, saved.Unsupported, saved.Calls
	j.whole = earlier(saved.Whole, now.Add(schedule.WholeInterval+j.rest()))
	j.unclear, j.processed, j.meanGap = saved.Unclear, saved.Processed, saved.MeanGap
	j.retry, j.released, j.credential, j.cut = soon(saved.Retry, now), saved.Released, saved.Credential, saved.Cut
	j.account.lastFirst = later(j.account.lastFirst, j.lastAttempt)
	j.outcomes = saved.Outcomes[max(len(saved.Outcomes)-outcomesKept, 0):]
	if saved.Waits != nil {
		j.waits = j.account.faults[*saved.Waits]
	}
	switch {
	case j.free():
		j.err = saved.Error.restored(true)
	case j.unsupported:
		if j.err = saved.Error.restored(true); how.restart && !how.mirror {
			j.retry = earlier(j.retry, j.lastAttempt.Add(restartRetry))
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
		if j.cached.After(saved.Cached) {
			j.restoreSuccess(earlier(j.cached, now))
		}
		return
	}
	// The snapshot is lost: it is polled again, once, and in the order of a first round, in which sites come before what
	// names them.
	if j.err == nil && !j.retry.After(now) {
		j.makeDue()
	}
}

// restoreSuccess makes a job what it was after a poll that began at began, of which only the snapshot was saved. It is not
// made again at once.
func (j *job) restoreSuccess(began time.Time) {
	j.base, j.lastAttempt, j.wait = later(j.base, began), later(j.lastAttempt, began), j.Interval
	j.cut, j.retry, j.failures, j.err, j.unsupported, j.waits = 0, time.Time{}, 0, nil, false, nil
	if j.Daily && !j.whole.After(began) {
		j.scheduleWhole(began, 0)
	}
}

// loadSnapshot gives a job its snapshot as it was last saved.
func (p *Poller) loadSnapshot(j *job, how restoring) bool {
	key := j.storeKey()
	version := p.config.Store.Version(key) // before: what is loaded may be newer, but not older
	if how.held[j.stateKey()].reuse(j, version) {
		j.version = version
		return true
	}
	cached, ok := p.config.Store.LoadSnapshot(key, j.fingerprint())
	if !ok {
		return false
	}
	snapshot := &collector.Snapshot{Families: cached.Families, Sites: cached.Sites, Missing: cached.Missing, Listed: cached.Listed}
	if state, _ := cached.State.(json.RawMessage); j.discovers() != "" {
		snapshot.Targets = collector.LoadTargets(state)
	} else {
		snapshot.Tasks = collector.LoadTasks(state)
	}
	j.setSnapshot(snapshot)
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
	states := s.States(of.storeKey())
	var state savedState
	if !states(store.Key{Account: of.storeKey()}, &state) {
		return Remembered{}, false
	}
	var r Remembered
	r.Limit, _ = state.Quota.Limit.Get()
	a := newAccount(of)
	a.reconcile()
	discovery := loader{s, states, restoring{}, state.jobs()}.load(a.discovery())
	a.restoreCredentials(state.Credentials, discovery.Reach, now, restoring{})
	for _, o := range a.polled {
		r.Organizations = append(r.Organizations, schedule.OrganizationName(o))
		r.AccountWide = r.AccountWide || a.accountWide(o.ID)
	}
	return r, true
}
