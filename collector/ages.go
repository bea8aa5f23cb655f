package collector

import "time"

const day = 24 * time.Hour

// ageBounds are the upper bounds of the age histograms.
func ageBounds() []time.Duration {
	return []time.Duration{time.Hour, 6 * time.Hour, day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day, 180 * day, 365 * day}
}

// ages is a histogram of how long ago things happened, or of how long it takes until
// they do.
type ages struct {
	bounds []time.Duration
	counts []uint64
	count  uint64
	sum    int64 // in whole seconds, so that it does not depend on the order
}

func newAges(bounds []time.Duration) *ages {
	return &ages{bounds: bounds, counts: make([]uint64, len(bounds))}
}

// add counts what happened at t; the future, which a skewed clock can bring, is now,
// and what never happened has no age.
func (a *ages) add(now, t time.Time) {
	if t.IsZero() {
		return
	}
	age := max(now.Sub(t), 0)
	a.count++
	a.sum += int64(age / time.Second)
	for i, bound := range a.bounds {
		if age <= bound {
			a.counts[i]++
			return
		}
	}
}

func (a *ages) cumulated() map[float64]uint64 {
	buckets := make(map[float64]uint64, len(a.bounds))
	var n uint64
	for i, bound := range a.bounds {
		n += a.counts[i]
		buckets[bound.Seconds()] = n
	}
	return buckets
}
