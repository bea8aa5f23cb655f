package quota

import (
	"math"
	"time"
)

// Ledger, Kept and what follows are deleted once the poller uses Quota.
type (
	Ledger = ledger
	Kept   = Saved
)

// Kept is ledger.saved.
func (l *ledger) Kept() Saved { return l.saved() }

// Ledger is Saved.ledger.
func (s Saved) Ledger(now time.Time) ledger { return s.ledger(now) }

// Allowance is Share.allowance.
func (s Share) Allowance(l *ledger, now time.Time) Allowance { return s.allowance(l, now) }

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
