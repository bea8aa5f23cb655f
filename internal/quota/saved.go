package quota

import (
	"maps"
	"slices"
	"time"
)

// Saved is a Quota as it is persisted, so that a restart does not forget what was spent. The zero Saved is a quota of
// which nothing is known.
type Saved struct {
	record
	Probed    time.Time
	Succeeded bool
	Refused   map[string]bool `json:",omitempty"` // credentials that the console refuses
	Closed    time.Time       `json:",omitzero"`  // until when the gate is; zero: it is open
	Backoff   time.Duration   `json:",omitempty"`
}

// Spent returns the calls that count for today, as State.Spent does.
func (s Saved) Spent(now time.Time) int64 {
	l := s.ledger(now)
	return l.Spent(now)
}

// saved returns the ledger as it is persisted. Requests in flight become unaccounted: their responses will not be seen.
// So do those that are expected, which count as made.
func (l *ledger) saved(now time.Time, expected int64) Saved {
	s := Saved{record: l.record}
	s.Calls, s.Today = slices.Clone(l.Calls), maps.Clone(l.Today)
	s.Unaccounted += l.inFlight
	if expected > 0 {
		s.Calls = append(s.Calls, minute{At: now, Calls: expected})
		s.Unaccounted += expected
		if s.FirstCall.IsZero() {
			s.FirstCall = now
		}
	}
	return s
}

// ledger makes a ledger of what was saved. What cannot be true is dropped. Times in the future, which a clock that was
// ahead leaves behind, become now.
func (s Saved) ledger(now time.Time) ledger {
	l := ledger{record: s.record}
	l.Calls, l.Unaccounted = nil, max(s.Unaccounted, 0)
	for _, t := range []*time.Time{&l.Reported, &l.Requested, &l.LastReset, &l.FirstCall, &l.EmptySince, &l.RefusedSince} {
		*t = past(*t, now)
	}
	l.Today = nil
	for credential, t := range s.Today {
		if t.Calls < 0 {
			continue
		}
		if l.Today == nil {
			l.Today = map[string]today{}
		}
		l.Today[credential] = today{Calls: t.Calls, Reported: past(t.Reported, now), Requested: past(t.Requested, now)}
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
