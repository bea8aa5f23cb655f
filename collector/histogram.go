package collector

import "time"

const day = 24 * time.Hour

// newAges makes a histogram of ages.
func newAges() *histogram {
	return newHistogram(time.Hour, 6*time.Hour, day, 3*day, 7*day, 14*day, 30*day, 90*day, 180*day, 365*day)
}

// histogram is a histogram of durations.
type histogram struct {
	bounds []time.Duration
	counts []uint64 // by bucket, not cumulative
	count  uint64
	sum    int64 // whole seconds, so that the sum does not depend on the order of records
}

func newHistogram(bounds ...time.Duration) *histogram {
	return &histogram{bounds: bounds, counts: make([]uint64, len(bounds))}
}

// observe counts the time between two instants. Negative durations, which clock skew can
// cause, count as 0. If one of the instants is unknown, nothing is counted.
func (h *histogram) observe(from, to time.Time) {
	if from.IsZero() || to.IsZero() {
		return
	}
	d := max(to.Sub(from), 0)
	h.count++
	h.sum += int64(d / time.Second)
	for i, bound := range h.bounds {
		if d <= bound {
			h.counts[i]++
			return
		}
	}
}

// cumulative returns the cumulative count by upper bound in seconds.
func (h *histogram) cumulative() map[float64]uint64 {
	buckets := make(map[float64]uint64, len(h.bounds))
	var n uint64
	for i, bound := range h.bounds {
		n += h.counts[i]
		buckets[bound.Seconds()] = n
	}
	return buckets
}
