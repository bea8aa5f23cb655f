package schedule

import (
	"math"
	"time"
)

// Due is when a poll is made that is made again and again.
type Due struct {
	Load

	// Next is when it is due, if not one interval after Last is later.
	Last, Next time.Time
}

// CallsUntil is how many calls the poll makes from now until end with this floor.
func (d Due) CallsUntil(now, end time.Time, floor time.Duration) float64 {
	interval, next := d.InForce(floor), d.Next
	if after := d.Last.Add(interval); !d.Last.IsZero() && after.After(next) {
		next = after
	}
	if next.Before(now) {
		next = now
	}
	if !next.Before(end) || interval <= 0 {
		return 0
	}
	return d.Calls * (1 + math.Floor(end.Sub(next).Seconds()/interval.Seconds()))
}

// FloorOf is Floor for polls of which it is known when they are due. It counts those that are left until the quota
// resets, so that the last calls are spread as evenly as all others: a fraction of a poll is not set aside for what is
// not due before.
func FloorOf(dues []Due, now time.Time, a Allowance) (floor time.Duration, ok bool) {
	fits := func(floor time.Duration) bool {
		calls := 0.0
		for _, d := range dues {
			calls += d.CallsUntil(now, now.Add(a.Left), floor)
		}
		return calls <= float64(a.Calls)
	}
	switch {
	case !a.Limited || fits(0):
		return 0, true
	case a.Calls <= 0:
		return 0, false
	}
	// The smallest that fits is between these. Beyond the longest, nothing is due any more that does not have to be.
	shortest, longest := time.Duration(0), a.Left+day
	if !fits(longest) {
		return longest, true
	}
	for longest-shortest > time.Second {
		if middle := (shortest + longest) / 2; fits(middle) {
			longest = middle
		} else {
			shortest = middle
		}
	}
	return longest, true
}
