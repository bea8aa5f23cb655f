package poller

import (
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// What is derived from a job's state. With thousands of jobs, only that of those that have changed is derived again.
const (
	scheduling = iota // when it is due, and what it costs
	showing           // its status
	exposing          // what scrapes see of it
	saving            // what the store has of it
	derived           // how many these are
)

// derivation is what was last derived from a job's state, and what is to be derived again.
type derivation struct {
	stale      [derived]bool
	at         int // its index in the account's jobs
	queued     queued
	load       schedule.Load // as it counts in the account's loads
	live       int64         // as it counts in the account's live
	oldest     time.Time     // see oldestFollowed, of a job that finds out changes and was not polled yet
	dependents []*job        // whose due time depends on this job's state
}

// touch has everything derived again from the job's state. Whatever changes a job calls it, or changed.
func (j *job) touch() {
	for kind := range derived {
		j.outdate(kind)
	}
	for _, dependent := range j.derivation.dependents {
		dependent.outdate(scheduling)
	}
}

// changed is touch for a change that is seen.
func (j *job) changed() {
	j.redraw()
	j.touch()
}

// redraw has the job's families and status made again.
func (j *job) redraw() {
	j.health, j.status = nil, nil
	j.outdate(showing)
	j.outdate(exposing)
}

func (j *job) outdate(kind int) {
	if !j.derivation.stale[kind] {
		j.derivation.stale[kind] = true
		j.account.stale[kind] = append(j.account.stale[kind], j)
	}
}

// takeStale returns the jobs of which something is to be derived again. The caller does that.
func (a *account) takeStale(kind int) []*job {
	jobs := a.stale[kind]
	a.stale[kind] = nil
	for _, j := range jobs {
		j.derivation.stale[kind] = false
	}
	return jobs
}

// renew makes an account's jobs those, and has everything derived again.
func (a *account) renew(jobs []*job) {
	a.jobs, a.stale, a.queue = jobs, [derived][]*job{}, queue{}
	a.loads, a.live, a.targets = nil, map[string]int64{}, nil
	a.shown, a.exposed = make([]*Status, len(jobs)), newExposed(len(jobs))
	for i, j := range jobs {
		j.derivation = derivation{at: i, queued: queued{due: j.derivation.queued.due}}
	}
	a.connect()
	for _, j := range jobs {
		j.touch()
	}
}

// update derives again when jobs are due, and what they cost.
func (a *account) update() {
	stale := a.takeStale(scheduling)
	for _, feed := range a.index.accountWide {
		if feed.Changes && !feed.everPolled() && slices.Contains(stale, feed) {
			feed.derivation.oldest = feed.oldestFollowed()
		}
	}
	if a.repaced {
		a.repaced = false
		a.queue.fill(a.jobs)
		for _, j := range a.jobs {
			a.count(j)
			j.outdate(exposing)
		}
	}
	for _, j := range stale {
		a.count(j)
		j.outdate(exposing) // when it is withdrawn depends on its interval
		if a.queue.put(j) {
			j.redraw()
			for _, other := range j.derivation.dependents {
				if other.feed == j {
					other.redraw() // it shows when its changes are polled
				}
			}
		}
	}
}

// count adds up what the job costs, and how many assets it counts as live.
func (a *account) count(j *job) {
	d := &j.derivation
	var load schedule.Load
	if j.source == nil && !j.free() {
		load = j.load()
	}
	if load != d.load {
		for _, change := range []schedule.Load{{Calls: -d.load.Calls, Interval: d.load.Interval, Weight: d.load.Weight}, load} {
			if change.Calls != 0 {
				a.loads.Add(change)
			}
		}
		d.load, a.paced = load, pacing{}
	}
	live := int64(0)
	if j.snapshot != nil {
		live = j.live
	}
	a.live[j.Name] += live - d.live
	d.live = live
}
