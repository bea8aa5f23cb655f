package schedule

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const day = 24 * time.Hour

// longestInterval bounds what a short quota makes of an interval: durations and times overflow beyond 292 years.
const longestInterval = 100 * 365 * day

// Load is what polls of the same interval and weight cost.
type Load struct {
	Calls    float64 // of all these polls, each made once
	Interval time.Duration
	// Weight is how much longer than an interval of weight 1 this one may become when the quota is short; 0 is 1.
	Weight float64
}

func (l Load) weight() float64 { return cmp.Or(l.Weight, 1) }

// InForce returns the interval in force while the interval of weight 1 is at least floor. It is never shorter than
// the configured one, and 0 stays 0.
func (l Load) InForce(floor time.Duration) time.Duration {
	if l.Interval <= 0 {
		return l.Interval
	}
	slowed := float64(floor) * l.weight()
	return max(l.Interval, time.Duration(min(slowed, float64(longestInterval))))
}

// Allowance is how many calls may still be made, and for how long they must last. The zero Allowance is unlimited.
type Allowance struct {
	Limited bool
	Calls   int64
	Left    time.Duration
}

// Demand is how many calls the loads make in a time when all intervals are as configured.
func Demand(loads []Load, in time.Duration) float64 {
	demand := 0.0
	for _, l := range loads {
		if l.Interval > 0 {
			demand += l.Calls * in.Seconds() / l.Interval.Seconds()
		}
	}
	return demand
}

// Floor returns the shortest interval of weight 1 with which the loads fit into the allowance, if each load is due
// every floor × its weight, but not more often than configured. It is 0 when they fit as they are configured, and
// false when no call is left.
func Floor(loads []Load, a Allowance) (floor time.Duration, ok bool) {
	asConfigured := Demand(loads, a.Left)
	if !a.Limited || asConfigured <= float64(a.Calls) {
		return 0, true
	}
	if a.Calls <= 0 {
		return 0, false
	}
	loads = slices.DeleteFunc(slices.Clone(loads), func(l Load) bool { return l.Interval <= 0 })
	// From this floor on, a load is slowed.
	slowedFrom := func(l Load) float64 { return l.Interval.Seconds() / l.weight() }
	slices.SortFunc(loads, func(x, y Load) int { return cmp.Compare(slowedFrom(x), slowedFrom(y)) })
	unslowed := make([]float64, len(loads)+1) // what the loads from the i-th on need as configured
	for i, l := range slices.Backward(loads) {
		unslowed[i] = unslowed[i+1] + Demand([]Load{l}, a.Left)
	}
	// With the first loads slowed, all need slowed/floor + asConfigured calls.
	slowed := 0.0
	for i, l := range loads {
		slowed += l.Calls * a.Left.Seconds() / l.weight()
		asConfigured = unslowed[i+1]
		if i+1 == len(loads) || slowed/slowedFrom(loads[i+1])+asConfigured <= float64(a.Calls) {
			break
		}
	}
	seconds := slowed / (float64(a.Calls) - asConfigured)
	return time.Duration(min(math.Ceil(seconds*float64(time.Second)), float64(longestInterval))), true
}

// Ratio is the largest ratio of an interval in force to the configured one: 1 when none is longer.
func Ratio(loads []Load, floor time.Duration) float64 {
	largest := 1.0
	for _, l := range loads {
		if l.Interval > 0 {
			largest = max(largest, l.InForce(floor).Seconds()/l.Interval.Seconds())
		}
	}
	return largest
}

// Merge adds up loads of the same interval and weight.
func Merge(loads []Load) []Load {
	var sum Sum
	for _, l := range loads {
		sum.Add(l)
	}
	return sum
}

// Sum is the sum of loads by interval and weight, in this order.
type Sum []Load

// Add adds a load. Adding it with negative calls takes it away again.
func (all *Sum) Add(l Load) {
	at, found := slices.BinarySearchFunc(*all, l, func(x, y Load) int {
		return cmp.Or(cmp.Compare(x.Interval, y.Interval), cmp.Compare(x.Weight, y.Weight))
	})
	switch {
	case !found:
		*all = slices.Insert(*all, at, l)
	case (*all)[at].Calls+l.Calls == 0:
		*all = slices.Delete(*all, at, at+1)
	default:
		(*all)[at].Calls += l.Calls
	}
}
