package poller

import (
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// turn is the loop's part in a store that other exporters use, too. The exporter that has the store's term polls and saves.
// Without it nothing is polled: the one that has it may be ending, and what it saves last decides what is due, and how many
// calls are left.
type turn struct {
	state   store.State // as last seen
	term    int64       // under which this exporter polls and saves; 0: none
	led     bool        // it had a term
	version int64       // of what was last loaded while another has the term
	loads   int         // how many were begun: the results of all but the last are of no use
	loading bool        // the last one is under way
	loaded  chan loaded
	again   <-chan time.Time // when to load again what could not be read
	ended   chan struct{}    // closed when the loop ends
}

// loaded is what another exporter has left, or goes on to write.
type loaded struct {
	number   int
	state    store.State // when the load began
	accounts []*account
}

// loadAgain is how soon it is tried again to load what could not be read.
const loadAgain = time.Second

// mayPoll reports whether polls may start.
func (p *Poller) mayPoll() bool {
	t := &p.turn
	return p.config.Store == nil || t.state.Settled || t.term != 0 && !t.state.Held
}

// follows reports whether another exporter polls, or may do so.
func (p *Poller) follows() bool { return p.turn.state.Shared && p.turn.term == 0 }

// lookAtStore takes note of whose turn it is, and loads what there is when that has changed.
func (p *Poller) lookAtStore() {
	if p.config.Store == nil {
		return
	}
	t := &p.turn
	t.state = p.config.Store.State()
	if t.term != 0 && t.state.Term != t.term {
		t.term, t.version, t.loading, p.store = 0, 0, false, nil
		for _, a := range p.accounts {
			a.stop()
		}
	}
	gained := t.state.Term != 0 && t.term == 0
	changed := t.state.Term == 0 && t.state.Shared && t.state.Version != t.version
	if !t.loading && t.again == nil && (gained || changed) {
		p.load()
	}
}

// load loads what the store has. It runs outside of the loop, because a disk or a network may hang.
func (p *Poller) load() {
	t := &p.turn
	t.loads++
	t.loading = true
	l := loaded{number: t.loads, state: t.state}
	how := restoring{restart: !t.led, mirror: t.state.Term == 0, held: p.held()}
	var configured []Account
	for _, a := range p.accounts {
		configured = append(configured, a.Account)
	}
	go func() {
		now := p.config.Now()
		for _, a := range configured {
			l.accounts = append(l.accounts, p.restored(a, now, how))
		}
		select {
		case t.loaded <- l:
		case <-t.ended:
		}
	}()
}

// takeOver goes on from what was loaded. Of each job what is newer counts.
func (p *Poller) takeOver(l loaded) {
	t := &p.turn
	if !t.loading || l.number != t.loads {
		return
	}
	t.loading = false
	if !p.config.Store.Loaded(l.state.Term, l.state.Version) {
		t.again = time.After(loadAgain)
		return
	}
	if l.state.Term != 0 {
		t.term, t.led, p.store = l.state.Term, true, p.config.Store
	} else {
		t.version = l.state.Version
	}
	t.state = p.config.Store.State()
	now := p.config.Now()
	for _, a := range p.accounts {
		if at := slices.IndexFunc(l.accounts, func(r *account) bool { return r.identity() == a.identity() }); at >= 0 {
			p.merge(a, l.accounts[at])
		}
	}
	p.prune()
	for _, a := range p.accounts {
		a.update()
		a.updateEstimate()
	}
	p.publishSoon(now)
	p.lookAtStore() // what has changed meanwhile
}

// stop cancels the running polls of an account, which another exporter may make from now on.
func (a *account) stop() {
	for _, j := range a.running {
		j.running.stopped = true
		j.running.cancel()
	}
}

// merge takes over from another run of the account what is not older, and saves the rest.
func (p *Poller) merge(a, other *account) {
	a.leader = other.leader
	if other.leader.found {
		idle := len(a.running) == 0
		for name, r := range other.reach {
			if mine, known := a.reach[name]; !known || r.Polled.IsZero() || r.Polled.After(mine.Polled) { // zero: to be listed again
				a.reach[name] = r
			}
		}
		if idle {
			a.takeFaults(other)
			a.sums, a.logged.stretch = other.sums, other.logged.stretch
		}
		a.lastFirst = later(a.lastFirst, other.lastFirst)
		_ = a.selectOrganizations() // the next discovery reports what is wrong
		a.reconcile()
		// Account-wide jobs come first: whether they are supported decides which others there are.
		for _, accountWide := range []bool{true, false} {
			known := other.index.byKey
			for _, j := range a.jobs {
				if o := known[j.key()]; o != nil && j.AccountWide == accountWide && j.running == nil && !o.olderThan(j) {
					j.take(o, other)
				}
			}
			a.reconcile()
		}
	}
	if !p.follows() {
		a.requestDiscovery()
	}
	kept := other.index.byKey
	for _, j := range a.jobs {
		o := kept[j.key()]
		if j.snapshot != nil && (o == nil || o.snapshot == nil || j.lastSuccess.After(o.lastSuccess)) {
			p.save(j)
		}
		// What the store has, and not what this exporter has saved in it under an earlier term.
		if j.stored, j.loaded = (sum{}), (loadedJob{}); o != nil {
			j.stored, j.loaded = o.stored, o.loaded
		}
		j.touch()
	}
	a.stored = sum{}
	p.saveState(a)
}

// takeFaults takes over the faults of another run, of which jobs that stay as they are may wait for the end.
func (a *account) takeFaults(other *account) {
	for _, j := range a.jobs {
		if key := a.keyOf(j.waits); key != nil {
			j.waits = other.faults[*key]
			j.changed()
		}
	}
	a.faults = other.faults
}

// olderThan reports whether a job knows less than the same job of another run. What succeeds no more may have forgotten
// when it did.
func (j *job) olderThan(other *job) bool {
	if j.Changes || j.unsupported || j.lastSuccess.Equal(other.lastSuccess) {
		return j.lastAttempt.Before(other.lastAttempt)
	}
	return j.lastSuccess.Before(other.lastSuccess)
}

// take makes the job what it is in another run of its account.
func (j *job) take(o *job, other *account) {
	newer := *o
	newer.Poll, newer.account, newer.source, newer.feed, newer.trigger, newer.waits = j.Poll, j.account, j.source, j.feed, j.trigger, nil
	newer.derivation = j.derivation
	if key := other.keyOf(o.waits); key != nil {
		newer.waits = j.account.faults[*key]
	}
	if j.Changes && newer.snapshot == nil && !newer.unsupported {
		// Its poll may be under way, or have failed: neither is a reason to forget that an earlier one has succeeded.
		newer.snapshot, newer.part, newer.lastSuccess = j.snapshot, j.part, j.lastSuccess
	}
	*j = newer
	j.changed()
}

// leading is what the replica that leads has saved of an account.
type leading struct {
	found bool // it has saved something
	ready bool // each poll has had a result
}

// newLeader is how long a replica may lead that has not saved anything of an account that it polls.
const newLeader = 10 * time.Second

// notPolled reports whether another replica leads that does not poll the account: its configuration is another one.
func (p *Poller) notPolled(a *account, now time.Time) bool {
	l := p.turn.state.Leader
	return p.follows() && p.turn.version != 0 && !a.leader.found && l.Name != "" && now.Sub(l.Since) > newLeader
}

// logNotPolled logs once that another replica leads that does not poll the account.
func (p *Poller) logNotPolled(a *account, now time.Time) {
	notPolled := p.notPolled(a, now)
	if notPolled && !a.started.notPolled {
		level.Warn(a.logger(p.config.Logger)).Log("msg", "the replica that leads does not poll this account; nothing of it is exported until this one leads",
			"leader", p.turn.state.Leader.Name, "do", "give all exporters with one --cache.url the same configuration, and others a prefix= of their own")
	}
	a.started.notPolled = notPolled
}

// leaderReady reports whether what this replica follows is complete. An account that is not polled holds up no rollout.
func (p *Poller) leaderReady(a *account, now time.Time) bool {
	return p.turn.version != 0 && (a.leader.found && a.leader.ready || p.notPolled(a, now))
}

// leadersReady reports whether that is so of each account.
func (p *Poller) leadersReady(now time.Time) bool {
	return !slices.ContainsFunc(p.accounts, func(a *account) bool { return !p.leaderReady(a, now) })
}

// heldJob is what this exporter has loaded of a job, so that it is not loaded again while it stays the same.
type heldJob struct {
	loaded      loadedJob
	version     int64 // of the snapshot
	fingerprint string
	snapshot    *collector.Snapshot
	part        *exposition.Part
	live        int64
	series      int
	cached      time.Time
}

func (p *Poller) held() map[store.Key]heldJob {
	held := map[store.Key]heldJob{}
	for _, a := range p.accounts {
		for _, j := range a.jobs {
			switch {
			case j.version != 0 && j.snapshot != nil:
				held[j.stateKey()] = heldJob{j.loaded, j.version, j.fingerprint(), j.snapshot, j.part, j.live, j.series, j.cached}
			case j.loaded.version != 0:
				held[j.stateKey()] = heldJob{loaded: j.loaded}
			}
		}
	}
	return held
}

// reuse gives the job a snapshot that is held in this version.
func (h heldJob) reuse(j *job, version int64) bool {
	if version == 0 || h.version != version || h.fingerprint != j.fingerprint() {
		return false
	}
	j.snapshot, j.part, j.live, j.series, j.cached = h.snapshot, h.part, h.live, h.series, h.cached
	return true
}
