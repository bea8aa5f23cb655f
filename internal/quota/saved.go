package quota

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
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

// minutes are persisted as pairs of milliseconds since 1970 and calls, because there are up to 1,440 of them.
type minutes []minute

// MarshalJSON implements json.Marshaler.
func (all minutes) MarshalJSON() ([]byte, error) {
	text := append(make([]byte, 0, 20*len(all)+2), '[')
	for i, m := range all {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(strconv.AppendInt(append(text, '['), m.At.UnixMilli(), 10), ',')
		text = append(strconv.AppendInt(text, m.Calls, 10), ']')
	}
	return append(text, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler. It also reads objects, which they were before.
func (all *minutes) UnmarshalJSON(text []byte) error {
	var pairs [][2]int64
	if json.Unmarshal(text, &pairs) != nil {
		return json.Unmarshal(text, (*[]minute)(all))
	}
	*all = nil
	for _, pair := range pairs {
		*all = append(*all, minute{At: time.UnixMilli(pair[0]).UTC(), Calls: pair[1]})
	}
	return nil
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
