package quota

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Saved is a Quota as it is persisted, so that a restart does not forget what was spent.
// Times are in UTC. The zero Saved is a quota of which nothing is known.
type Saved struct {
	Limit, Remaining    runzero.Count
	Unaccounted         int64 // calls that Remaining may not include yet
	Reported, Requested time.Time
	LastReset           time.Time
	FirstCall           time.Time
	ResetKnown          bool
	ResetFrom           time.Duration // after midnight UTC
	ResetWidth          time.Duration
	Calls               []minute
	Probed              time.Time
	Succeeded           bool
}

// Spent returns the calls that count for today, as State.Spent does.
func (s Saved) Spent(now time.Time) int64 {
	l := s.ledger(now)
	return l.Spent(now)
}

// saved returns the ledger as it is persisted. Requests in flight become unaccounted:
// their responses will not be seen.
func (l *ledger) saved() Saved {
	s := Saved{
		Limit: l.limit, Remaining: l.remaining, Unaccounted: l.inFlight + l.unaccounted,
		Reported: l.reported.UTC(), Requested: l.requested.UTC(), LastReset: l.lastReset.UTC(), FirstCall: l.firstCall.UTC(),
		ResetKnown: l.window.known, ResetFrom: l.window.from, ResetWidth: l.window.width,
	}
	for _, m := range l.calls {
		s.Calls = append(s.Calls, minute{At: m.At.UTC(), Calls: m.Calls})
	}
	return s
}

// ledger makes a ledger of what was saved. What cannot be true is dropped. Times in the
// future, which a clock that was ahead leaves behind, become now.
func (s Saved) ledger(now time.Time) ledger {
	past := func(t time.Time) time.Time {
		if t.After(now) {
			return now
		}
		return t
	}
	l := ledger{
		limit: s.Limit, remaining: s.Remaining,
		reported: past(s.Reported), requested: past(s.Requested), lastReset: past(s.LastReset), firstCall: past(s.FirstCall),
		unaccounted: max(s.Unaccounted, 0),
	}
	if s.ResetFrom >= 0 && s.ResetFrom < day && s.ResetWidth >= 0 && s.ResetWidth <= widestWindow {
		l.window = resetWindow{known: s.ResetKnown, from: s.ResetFrom, width: s.ResetWidth}
	}
	for _, m := range s.Calls {
		if m.Calls > 0 {
			l.calls = append(l.calls, minute{At: past(m.At), Calls: m.Calls})
			l.spent += m.Calls
		}
	}
	return l
}
