package quota

import (
	"math"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Share is the part of an account's quota that this exporter may spend.
type Share struct {
	Limit   runzero.Count // the account's calls a day where the console reports none; 0: no limit, unknown: not configured
	Share   float64       // fraction of the daily limit that may be spent, in (0, 1]
	Reserve float64       // fraction of the daily limit that is left to other tools, in [0, 1)
}

// Calls returns how many calls a day may be spent of a daily limit, rounded down.
func (s Share) Calls(limit int64) int64 {
	// In floating point, 0.29 of 100 is slightly less than 29.
	return int64(math.Floor(s.Share*float64(limit) + 1e-9))
}

// ReserveCalls returns how many calls of a daily limit are left to other tools, rounded up.
func (s Share) ReserveCalls(limit int64) int64 {
	return int64(math.Ceil(s.Reserve*float64(limit) - 1e-9))
}

// Allowance is how many calls may still be made before the quota resets. In the zero Allowance nothing is known: there
// is no limit, and calls are not restricted.
type Allowance struct {
	Known bool
	Calls int64
	// Reserve means that Calls is bounded by what the account has left above the reserve,
	// and not by this exporter's share.
	Reserve bool
	// Stale means that what the console last reported may no longer be true, because the quota may have reset since. A
	// probe is then admitted now and then even if Calls is 0, to find out.
	Stale bool
}

// allowance works out what may still be spent.
//
// Own calls are counted over the last 24 hours, or since the quota is known to have reset if that is less. This is
// never fewer than the account's own day has seen, whenever that day starts.
//
// Once the time of the reset is known, the last call of the share is held back until then. Without a call left to
// find out, a reset would go unnoticed until the own calls are 24 hours old.
func (s Share) allowance(l *ledger, now time.Time) Allowance {
	limit, source := l.limit()
	switch {
	case source != "" && limit == 0:
		return Allowance{Known: true, Reserve: true, Stale: true} // no licence, or an expired one: it may be renewed
	case source == "" && !l.Exhausted:
		return Allowance{}
	}
	own := int64(math.MaxInt64)
	if source != "" {
		own = max(s.Calls(limit)-l.Spent(now), 0)
	}
	a := Allowance{Known: true, Calls: own, Stale: own > 0 && l.stale(now)}
	if l.Exhausted {
		a.Calls, a.Reserve = 0, true
		return a
	}
	remaining, known := l.Remaining.Get()
	if !known {
		return a
	}
	if l.Window.Known && own > 0 && !a.Stale {
		own--
	}
	a.Calls = own
	left := remaining - l.inFlight - l.Unaccounted - s.ReserveCalls(limit)
	if left < own {
		a.Calls, a.Reserve = max(left, 0), true
	}
	return a
}
