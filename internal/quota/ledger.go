package quota

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// ledger is the account of calls: what the console reported, and what was sent. It has no clock and no lock of its
// own. It expects times that do not go backwards; if they do, it counts too many calls rather than too few.
type ledger struct {
	// limit and remaining are as last reported; each may be unknown.
	limit     runzero.Count
	remaining runzero.Count
	// reported is when the response with remaining arrived, requested when its request was
	// sent. The value was true at some time in between.
	reported  time.Time
	requested time.Time
	// lastReset is a time shortly before the last observed reset; zero before the first.
	lastReset time.Time
	firstCall time.Time
	window    resetWindow

	calls       []minute // own calls that count for today, oldest first
	spent       int64    // the sum of calls
	inFlight    int64    // own calls without a response so far
	unaccounted int64    // own calls that remaining may not include yet, not in flight
	samples     []sample // of the last hours, for the forecast
}

// minute is the number of own calls within one minute.
type minute struct {
	At    time.Time
	Calls int64
}

const day = 24 * time.Hour

// Sent counts a request that is about to be sent. It stays counted whatever becomes of
// it: the console may have charged it even if no response arrives.
func (l *ledger) Sent(now time.Time) {
	if l.firstCall.IsZero() {
		l.firstCall = now
	}
	l.inFlight++
	if n := len(l.calls); n > 0 && now.Sub(l.calls[n-1].At) < time.Minute {
		l.calls[n-1].Calls++
	} else {
		l.calls = append(l.calls, minute{At: now, Calls: 1})
	}
	l.spent++
}

// Responded records the usage headers of a response, given when its request was sent. A
// request that failed without a response has empty headers.
func (l *ledger) Responded(now, sent time.Time, usage runzero.Usage) {
	l.inFlight = max(l.inFlight-1, 0)
	limit, remaining := plausible(usage, l.limit)
	// If a later request was answered earlier, this response may describe the time before
	// it. It is then no evidence of a reset, and the lower number of remaining calls holds.
	overtaken := !sent.After(l.reported)
	if !overtaken && l.hasReset(now, limit, remaining) {
		l.noteReset(now)
	}
	before, hadRemaining := l.remaining.Get()
	left, known := remaining.Get()
	if of, ok := limit.Get(); ok {
		// If only the limit is reported and it has changed, the calls used stay the same.
		if old, hadLimit := l.limit.Get(); hadLimit && hadRemaining && !known {
			before = max(before+of-old, 0)
			l.remaining = runzero.Known(before)
		}
		l.limit = limit
	}
	if !known {
		l.unaccounted++
		return
	}
	if overtaken && hadRemaining && before <= left {
		return
	}
	l.remaining, l.reported, l.requested, l.unaccounted = remaining, now, sent, 0
	l.sample(now)
}

// plausible drops headers that cannot be true: a limit of 0, and more calls left than the limit.
func plausible(usage runzero.Usage, before runzero.Count) (limit, remaining runzero.Count) {
	if n, known := usage.Limit.Get(); known && n > 0 {
		limit = usage.Limit
	}
	of, known := limit.Get()
	if !known {
		of, known = before.Get()
	}
	if n, ok := usage.Remaining.Get(); ok && (!known || n <= of) {
		remaining = usage.Remaining
	}
	return limit, remaining
}

// The quota does not reset twice within this time.
const shortestDay = 20 * time.Hour

// hasReset reports whether a response shows that the quota has reset: the account has used less than before. If no
// reset is due, it must be much less: a console whose counter lags a few calls behind must not make own calls
// forgotten. Missing a reset only costs time, because own calls are forgotten after 24 hours anyway.
func (l *ledger) hasReset(now time.Time, limit, remaining runzero.Count) bool {
	before, known := used(l.limit, l.remaining)
	if !known || !l.lastReset.IsZero() && now.Sub(l.lastReset) < shortestDay {
		return false
	}
	after, known := used(limit, remaining)
	return known && after < before && (2*after <= before || !now.Before(l.NextReset(l.requested)))
}

func used(limit, remaining runzero.Count) (int64, bool) {
	of, known := limit.Get()
	if !known {
		return 0, false
	}
	left, known := remaining.Get()
	return of - left, known
}

// noteReset records that the quota has reset since the last report of remaining calls.
func (l *ledger) noteReset(now time.Time) {
	l.window = l.window.narrow(l.requested, now)
	// Calls sent after the last request that was answered before the reset may belong to
	// the new day, so they stay counted.
	l.lastReset = l.requested
	l.forget(func(m minute) bool { return m.At.Add(time.Minute).Before(l.lastReset) })
	l.samples = nil
}

// Spent returns the own calls that count for today: those since the last observed reset,
// but at most of the last 24 hours. They are never fewer than the account's day has seen.
func (l *ledger) Spent(now time.Time) int64 {
	// The oldest minute counts in full: it is not known when in it the calls were made.
	l.forget(func(m minute) bool { return now.Sub(m.At) >= day+time.Minute })
	return l.spent
}

// forget drops the oldest calls.
func (l *ledger) forget(old func(minute) bool) {
	for len(l.calls) > 0 && old(l.calls[0]) {
		l.spent -= l.calls[0].Calls
		l.calls = l.calls[1:]
	}
}

// NextReset returns when the quota is expected to reset next after t: at the time of day
// that was observed, and at midnight UTC before any was.
func (l *ledger) NextReset(t time.Time) time.Time {
	midnight := t.UTC().Truncate(day)
	next := midnight.Add(l.window.expected())
	for !next.After(t) {
		next = next.Add(day)
	}
	return next
}

// Left returns for how long the allowance must last. Until a reset has been observed, this is until 24 hours after
// the first call: the quota resets within that time, whenever its day starts.
func (l *ledger) Left(now time.Time) time.Duration {
	if l.window.known {
		return l.NextReset(now).Sub(now)
	}
	if l.firstCall.IsZero() {
		return day
	}
	// If no reset was observed in that time, no response reports usage. Then only the own
	// calls of the last 24 hours count.
	if left := day - now.Sub(l.firstCall); left > 0 && left <= day {
		return left
	}
	return day
}
