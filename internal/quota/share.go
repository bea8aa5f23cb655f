// Package budget is the arithmetic of an account's daily quota: how much of it is
// ours, what the intervals ask, and how far they must be stretched. It has no clock
// and does no I/O.
package quota

import (
	"math"
	"time"
)

// Share is how much of an account's quota this exporter may spend.
type Share struct {
	// Of the daily limit, what may be spent, in (0, 1].
	Share float64
	// Of the daily limit, what must be left for others, in [0, 1).
	Reserve float64
}

// Allowance is how many calls may be made in what is left of a day. The zero
// Allowance is unknown: the console tells no limit, and there is nothing to hold to.
type Allowance struct {
	Known bool
	Calls int64
	// Reserve tells that the account is down to the reserve, and not our share, when
	// Calls is 0.
	Reserve bool
	// Stale tells that what the account has left was said before the day was expected to
	// turn: the next call tells anew, and may be made even where Calls is 0.
	Stale bool
}

// Allowance works out what may still be spent.
//
// Own calls are those of the last 24 hours or since the day is known to have turned,
// whichever is less: never fewer than the account's own day has seen, wherever it
// begins. Where it is known when the day turns, the last call of the share is kept until
// then: with none left to ask with, a turn goes unnoticed, and nothing is asked until own
// calls are a day old.
func (s Share) Allowance(l *Ledger, now time.Time) Allowance {
	limit, known := l.Limit.Get()
	if !known {
		return Allowance{}
	}
	own := max(s.Calls(limit)-l.Spent(now), 0)
	a := Allowance{Known: true, Calls: own}
	remaining, known := l.Remaining.Get()
	if !known {
		return a
	}
	a.Stale = own > 0 && !now.Before(l.NextReset(l.SeenAt))
	if l.reset.known && own > 0 && !a.Stale {
		own--
	}
	a.Calls = own
	left := remaining - l.unanswered - l.untold - int64(math.Ceil(s.Reserve*float64(limit)))
	if left < own {
		a.Calls, a.Reserve = max(left, 0), true
	}
	return a
}

// Calls is the share in calls a day.
func (s Share) Calls(limit int64) int64 {
	// 0.29 of 100 are 29, which floats do not say.
	return int64(math.Floor(s.Share*float64(limit) + 1e-9))
}

// Job is what is asked again and again.
type Job struct {
	Calls    float64 // a poll
	Interval time.Duration
}

// Demand is how many calls jobs make in a time when nothing stretches their
// intervals.
func Demand(jobs []Job, in time.Duration) float64 {
	demand := 0.0
	for _, j := range jobs {
		if j.Interval > 0 {
			demand += j.Calls * in.Seconds() / j.Interval.Seconds()
		}
	}
	return demand
}

// Due is when a job is due that was last asked at last.
func Due(last time.Time, interval time.Duration, stretch float64) time.Time {
	const longest = 30 * day // beyond it, an interval is as good as for ever
	wait := float64(interval) * stretch
	if wait > float64(longest) {
		return last.Add(max(longest, interval))
	}
	return last.Add(time.Duration(wait))
}

// Stretch is what intervals are multiplied by so that the jobs fit into the
// allowance until the day turns: at least 1, and without bound where nothing is left.
func Stretch(jobs []Job, a Allowance, left time.Duration) float64 {
	if !a.Known || a.Stale {
		return 1 // the next answer tells
	}
	demand := Demand(jobs, left)
	if demand <= float64(a.Calls) {
		return 1
	}
	if a.Calls <= 0 {
		return math.Inf(1)
	}
	return demand / float64(a.Calls)
}
