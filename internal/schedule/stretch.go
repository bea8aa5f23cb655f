package schedule

import (
	"math"
	"time"
)

const day = 24 * time.Hour

// Load is what one poll costs: so many calls at each interval.
type Load struct {
	Calls    float64
	Interval time.Duration
}

// Allowance is how many calls may still be made, and for how long they must last. The zero Allowance is unlimited.
type Allowance struct {
	Limited bool
	Calls   int64
	Left    time.Duration
}

// Demand is how many calls the loads make in a time when nothing stretches their intervals.
func Demand(loads []Load, in time.Duration) float64 {
	demand := 0.0
	for _, l := range loads {
		if l.Interval > 0 {
			demand += l.Calls * in.Seconds() / l.Interval.Seconds()
		}
	}
	return demand
}

// Stretch is the factor by which intervals are multiplied so that the loads fit into the
// allowance: at least 1, and infinite when no call is left.
func Stretch(loads []Load, a Allowance) float64 {
	if !a.Limited {
		return 1
	}
	demand := Demand(loads, a.Left)
	switch {
	case demand <= float64(a.Calls):
		return 1
	case a.Calls <= 0:
		return math.Inf(1)
	}
	return demand / float64(a.Calls)
}

// Due is when something last polled at last is due again.
func Due(last time.Time, interval time.Duration, stretch float64) time.Time {
	const longest = 30 * day // beyond it, the product may overflow
	wait := float64(interval) * stretch
	if wait > float64(longest) {
		return last.Add(max(longest, interval))
	}
	return last.Add(time.Duration(wait))
}

// FirstRound paces the first polls of an account. They are due at once, but hundreds of organizations would spend the
// whole allowance within minutes: after a quarter of the budget, first polls are spread over the time that is left.
type FirstRound struct {
	Polls int64     // how many first polls have started
	Last  time.Time // when the last of them did
}

const (
	firstRoundShare = 0.25
	firstRoundLeast = 8
)

// MayStart reports whether one more first poll may start. budget is the calls a day that may be spent.
func (f FirstRound) MayStart(now time.Time, stretch float64, budget int64, a Allowance) bool {
	if stretch <= 1 || f.Polls < max(firstRoundLeast, int64(firstRoundShare*float64(budget))) {
		return true
	}
	return now.Sub(f.Last) >= a.Left/time.Duration(max(a.Calls, 1))
}

// Started counts a first poll.
func (f *FirstRound) Started(now time.Time) {
	f.Polls++
	f.Last = now
}
