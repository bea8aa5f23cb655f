package quota

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Kept is a Ledger as it is written down. Times are of the wall clock.
type Kept struct {
	Limit, Remaining *int64 // nil: unknown
	Untold           int64  // calls that Remaining may not count yet
	SeenAt, AskedAt  time.Time
	Turned, Began    time.Time
	ResetKnown       bool
	ResetFrom        time.Duration
	ResetWidth       time.Duration
	Calls            []minute
}

// Kept returns the ledger to be written down. Requests on their way count as spent.
func (l *Ledger) Kept() Kept {
	k := Kept{
		SeenAt: l.SeenAt.UTC(), AskedAt: l.AskedAt.UTC(), Turned: l.Turned.UTC(), Began: l.Began.UTC(),
		ResetKnown: l.reset.known, ResetFrom: l.reset.from, ResetWidth: l.reset.width,
		Limit: number(l.Limit), Remaining: number(l.Remaining), Untold: l.unanswered + l.untold,
	}
	for _, m := range l.calls {
		k.Calls = append(k.Calls, minute{At: m.At.UTC(), Calls: m.Calls})
	}
	return k
}

func number(c runzero.Count) *int64 {
	if n, known := c.Get(); known {
		return &n
	}
	return nil
}

// Ledger makes a ledger of what was written down. Times that are still to come, which
// a clock that was ahead leaves behind, are now.
func (k Kept) Ledger(now time.Time) Ledger {
	past := func(t time.Time) time.Time {
		if t.After(now) {
			return now
		}
		return t
	}
	l := Ledger{SeenAt: past(k.SeenAt), AskedAt: past(k.AskedAt), Turned: past(k.Turned), Began: past(k.Began), untold: max(k.Untold, 0)}
	if k.Limit != nil {
		l.Limit = runzero.Known(*k.Limit)
	}
	if k.Remaining != nil {
		l.Remaining = runzero.Known(*k.Remaining)
	}
	if k.ResetFrom >= 0 && k.ResetFrom < day && k.ResetWidth >= 0 && k.ResetWidth <= widestWindow {
		l.reset = window{known: k.ResetKnown, from: k.ResetFrom, width: k.ResetWidth}
	}
	for _, m := range k.Calls {
		if m.Calls > 0 {
			l.calls = append(l.calls, minute{At: past(m.At), Calls: m.Calls})
			l.spent += m.Calls
		}
	}
	return l
}
