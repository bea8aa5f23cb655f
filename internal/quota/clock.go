package quota

import "time"

// onClock returns what is saved with times as the clock shows them now. Some may have been read before the clock was
// set, as it is after a start without a battery: calls of such a time must count after the next restart, too.
func (s Saved) onClock(now time.Time) Saved {
	times := []*time.Time{&s.Reported, &s.Requested, &s.LastReset, &s.FirstCall, &s.Probed}
	for i := range s.Calls {
		times = append(times, &s.Calls[i].At)
	}
	for _, t := range times {
		if !t.IsZero() {
			*t = now.Add(t.Sub(now)).UTC() // Sub measures, where it can, what has passed whatever the clock showed
		}
	}
	return s
}
