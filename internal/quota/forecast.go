package quota

import (
	"math"
	"time"
)

// sample is how many calls all tools of the account had used at an instant.
type sample struct {
	at   time.Time
	used int64
}

const (
	forecastWindow = 3 * time.Hour    // a forecast uses samples of this time,
	sampleEvery    = 5 * time.Minute  // this far apart
	forecastLeast  = 15 * time.Minute // a shorter time does not show a pace
)

// sample records how much the account has used, for the forecast.
func (l *ledger) sample(now time.Time) {
	n, known := used(l.Limit, l.Remaining)
	if !known || len(l.samples) > 0 && now.Sub(l.samples[len(l.samples)-1].at) < sampleEvery {
		return
	}
	l.samples = append(l.samples, sample{at: now, used: n})
	for len(l.samples) > 1 && now.Sub(l.samples[0].at) > forecastWindow {
		l.samples = l.samples[1:]
	}
}

// Exhaustion returns when the account will have no calls left if all its tools go on at their present pace, or since
// when it has none. It returns false if that is not before the quota resets, or if too little is known.
func (l *ledger) Exhaustion(now time.Time) (time.Time, bool) {
	remaining, known := l.Remaining.Get()
	reset := l.NextReset(l.Reported)
	if !known || !now.Before(reset) {
		return time.Time{}, false
	}
	if remaining == 0 {
		return l.Reported, true
	}
	n, known := used(l.Limit, l.Remaining)
	if !known || len(l.samples) == 0 {
		return time.Time{}, false
	}
	first := l.samples[0]
	spent := n - first.used
	if l.Reported.Sub(first.at) < forecastLeast || spent <= 0 {
		return time.Time{}, false
	}
	// When the calls should be gone by now, the pace has slowed: it is measured up to now.
	for _, from := range []time.Time{l.Reported, now} {
		seconds := float64(remaining) * from.Sub(first.at).Seconds() / float64(spent)
		if seconds > math.Min(day.Seconds(), reset.Sub(from).Seconds()) {
			return time.Time{}, false
		}
		if at := from.Add(time.Duration(seconds * float64(time.Second))); at.After(now) {
			return at, true
		}
	}
	return time.Time{}, false
}
