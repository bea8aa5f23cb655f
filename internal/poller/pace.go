package poller

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// manyJobs are so many that their calls are an even stream. Of fewer, each of the last calls before a reset counts.
const manyJobs = 40

// spare is which part of the calls that are left is not spent by shorter intervals than those of a whole day, but kept for
// what cannot be foreseen.
const spare = 8

// negligible is the part of a floor by which another one may differ that is used instead.
const negligible = 512

// tempo is how often an account is polled at most.
type tempo struct {
	floor    time.Duration // see schedule.Floor; the last one while no call is left
	resets   time.Time     // when the quota is expected to reset; zero: it does not limit anything
	wholeDay time.Duration // what floor will be then
}

// pacing is what a tempo was worked out for. It is worked out again when a poll begins or ends, too.
type pacing struct {
	now       time.Time
	allowance quota.Allowance
	budget    int64
}

// pace sets the account's tempo.
func (a *account) pace(now time.Time, s quota.State) {
	before := a.tempo
	a.setTempo(now, s)
	// When all jobs are due is worked out again. Of many, a small difference is not worth that.
	if len(a.jobs) > manyJobs && (a.floor-before.floor).Abs() < before.floor/negligible {
		a.floor = before.floor
	}
	a.repaced = a.repaced || a.floor != before.floor || a.wholeDay != before.wholeDay || a.resets.Sub(before.resets).Abs() > time.Second
}

// setTempo sets the floor of the account's intervals. It is that with which all that is left of the day fits into the
// allowance. With the last calls of a day, one more or less would make it jump: as long as what may wait least fits with
// the floor of a whole day, that one holds, because the rest yields until the quota resets.
func (a *account) setTempo(now time.Time, s quota.State) {
	a.resets, a.wholeDay = time.Time{}, 0
	if s.Allowance.Known {
		a.resets = now.Add(s.Left)
		// The last call is kept to notice the reset.
		a.wholeDay, _ = schedule.Floor(a.loads, schedule.Allowance{Limited: true, Calls: max(s.Budget-1, 1), Left: 24 * time.Hour})
	}
	allowed := allowance(s)
	floor, ok := schedule.Floor(a.loads, allowed)
	if !ok {
		return
	}
	if floor < a.wholeDay {
		allowed.Calls -= allowed.Calls / spare
		if sparing, ok := schedule.Floor(a.loads, allowed); ok {
			floor = max(floor, min(a.wholeDay, sparing))
		}
	} else if floor > a.wholeDay && len(a.jobs) <= manyJobs && !a.resets.IsZero() {
		allowed.Calls -= a.expectedCalls()
		least, _ := schedule.FloorOf(a.dues(a.leastWeight()), now, allowed)
		floor = min(floor, max(a.wholeDay, least))
	}
	a.floor = floor
}

// leastWeight is that of the jobs that may wait least.
func (a *account) leastWeight() float64 {
	least := 0.0
	for _, j := range a.jobs {
		if j.costs() && (least == 0 || j.Weight < least) {
			least = j.Weight
		}
	}
	return least
}

// costs reports whether the job makes requests at times that are known.
func (j *job) costs() bool { return j.source == nil && !j.free() && !j.onChange() }

// dues are when the jobs of up to this weight are due.
func (a *account) dues(most float64) []schedule.Due {
	var all []schedule.Due
	for _, j := range a.jobs {
		if !j.costs() || j.Weight > most {
			continue
		}
		due := schedule.Due{Load: j.load(), Next: j.retry}
		switch {
		case j.followed():
			due.Last, due.Next = j.whole.Add(-schedule.WholeInterval), j.whole
		case j.retry.IsZero():
			due.Last, due.Next = j.base, j.base.Add(j.wait)
		}
		all = append(all, due)
	}
	return all
}

// longestYield is for how long a job leaves its call to others.
const longestYield = 5 * time.Hour

// yields reports whether a job leaves the last calls of the day to those that may wait less, and waits for the reset.
func (j *job) yields(now time.Time, allowed schedule.Allowance) bool {
	a := j.account
	if a.floor == 0 || a.resets.IsZero() || len(a.jobs) > manyJobs || j.onChange() || !j.everPolled() || j.Weight <= a.leastWeight() ||
		j.due().Add(min(2*j.interval(), longestYield)).Before(a.resets) {
		return false
	}
	needed := float64(max(j.calls, 1) + a.expectedCalls())
	for _, d := range a.dues(j.Weight) {
		if d.Weight < j.Weight {
			needed += d.CallsUntil(now, a.resets, a.floor)
		}
	}
	return needed > float64(allowed.Calls)
}
