package quota

import "time"

// onClock returns what is saved with times as the clock shows them now. Some may have been read before the clock was
// set, as it is after a start without a battery: calls of such a time must count after the next restart, too.
func (s Saved) onClock(now time.Time) Saved {
	times := []*time.Time{&s.Reported, &s.Requested, &s.LastReset, &s.FirstCall, &s.EmptySince, &s.RefusedSince, &s.Probed, &s.Closed}
	for i := range s.Calls {
		times = append(times, &s.Calls[i].At)
	}
	for _, t := range times {
		*t = onClock(*t, now)
	}
	for credential, t := range s.Today {
		t.Reported, t.Requested = onClock(t.Reported, now), onClock(t.Requested, now)
		s.Today[credential] = t
	}
	return s
}

// onClock measures, where it can, what has passed since t whatever the clock has shown.
func onClock(t, now time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return now.Add(t.Sub(now)).UTC()
}
