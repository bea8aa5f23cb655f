package quota

import (
	"slices"
	"time"
)

// Saved is a Quota as it is persisted, so that a restart does not forget what was spent. The zero Saved is a quota of
// which nothing is known.
type Saved struct {
	record
	Probed    time.Time
	Succeeded bool
}

// Spent returns the calls that count for today, as State.Spent does.
func (s Saved) Spent(now time.Time) int64 {
	l := s.ledger(now)
	return l.Spent(now)
}

// saved returns the ledger as it is persisted. Requests in flight become unaccounted: their responses will not be seen.
func (l *ledger) saved() Saved {
	s := Saved{record: l.record}
	s.Calls = slices.Clone(l.Calls)
	s.Unaccounted += l.inFlight
	return s
}

// ledger makes a ledger of what was saved. What cannot be true is dropped. Times in the future, which a clock that was
// ahead leaves behind, become now.
func (s Saved) ledger(now time.Time) ledger {
	l := ledger{record: s.record}
	l.Calls, l.Unaccounted = nil, max(s.Unaccounted, 0)
	for _, t := range []*time.Time{&l.Reported, &l.Requested, &l.LastReset, &l.FirstCall} {
		*t = past(*t, now)
	}
	if w := l.Window; w.From < 0 || w.From >= day || w.Width < 0 || w.Width > widestWindow {
		l.Window = resetWindow{}
	}
	for _, m := range s.Calls {
		if m.Calls > 0 {
			l.Calls = append(l.Calls, minute{At: past(m.At, now), Calls: m.Calls})
			l.spent += m.Calls
		}
	}
	return l
}

func past(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}
