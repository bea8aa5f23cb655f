package quota

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// ledger is the account of calls: what the console reported, and what was sent. It has no clock and no lock of its
// own. It expects times that do not go backwards; if they do, it counts too many calls rather than too few.
type ledger struct {
	record

	spent    int64    // the sum of Calls
	inFlight int64    // own calls without a response so far
	samples  []sample // of the last hours, for the forecast
}

// record is the part of a ledger that is persisted.
type record struct {
	Limit, Remaining runzero.Count // as last reported; each may be unknown
	Reported         time.Time     // when the response with Remaining arrived
	Requested        time.Time     // when its request was sent: Remaining was true at some time in between
	LastReset        time.Time     // shortly before the last observed reset; zero before the first
	FirstCall        time.Time
	Window           resetWindow
	Calls            []minute // own calls that count for today, oldest first
	Unaccounted      int64    // own calls that Remaining may not include yet, not in flight
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
	if l.FirstCall.IsZero() {
		l.FirstCall = now
	}
	l.inFlight++
	if n := len(l.Calls); n > 0 && now.Sub(l.Calls[n-1].At) < time.Minute {
		l.Calls[n-1].Calls++
	} else {
		l.Calls = append(l.Calls, minute{At: now, Calls: 1})
	}
	l.spent++
}

// Responded records the usage headers of a response, given when its request was sent. A
// request that failed without a response has empty headers.
func (l *ledger) Responded(now, sent time.Time, usage runzero.Usage) {
	l.inFlight = max(l.inFlight-1, 0)
	limit, remaining := plausible(usage, l.Limit)
	// If a later request was answered earlier, this response may describe the time before
	// it. It is then no evidence of a reset, and the lower number of remaining calls holds.
	overtaken := !sent.After(l.Reported)
	if !overtaken && l.hasReset(now, limit, remaining) {
		l.noteReset(now)
	}
	before, hadRemaining := l.Remaining.Get()
	left, known := remaining.Get()
	if of, ok := limit.Get(); ok {
		// If only the limit is reported and it has changed, the calls used stay the same.
		if old, hadLimit := l.Limit.Get(); hadLimit && hadRemaining && !known {
			before = max(before+of-old, 0)
			l.Remaining = runzero.Known(before)
		}
		l.Limit = limit
	}
	if !known {
		l.Unaccounted++
		return
	}
	if overtaken && hadRemaining && before <= left {
		return
	}
	l.Remaining, l.Reported, l.Requested, l.Unaccounted = remaining, now, sent, 0
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
	before, known := used(l.Limit, l.Remaining)
	if !known || !l.LastReset.IsZero() && now.Sub(l.LastReset) < shortestDay {
		return false
	}
	after, known := used(limit, remaining)
	return known && after < before && (2*after <= before || !now.Before(l.NextReset(l.Requested)))
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
	l.Window = l.Window.narrow(l.Requested, now)
	// Calls sent after the last request that was answered before the reset may belong to
	// the new day, so they stay counted.
	l.LastReset = l.Requested
	l.forget(func(m minute) bool { return m.At.Add(time.Minute).Before(l.LastReset) })
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
	for len(l.Calls) > 0 && old(l.Calls[0]) {
		l.spent -= l.Calls[0].Calls
		l.Calls = l.Calls[1:]
	}
}

// NextReset returns when the quota is expected to reset next after t: at the time of day
// that was observed, and at midnight UTC before any was.
func (l *ledger) NextReset(t time.Time) time.Time {
	midnight := t.UTC().Truncate(day)
	next := midnight.Add(l.Window.expected())
	for !next.After(t) {
		next = next.Add(day)
	}
	return next
}

// Left returns for how long the allowance must last. Until a reset has been observed, this is until 24 hours after
// the first call: the quota resets within that time, whenever its day starts.
func (l *ledger) Left(now time.Time) time.Duration {
	if l.Window.Known {
		return l.NextReset(now).Sub(now)
	}
	// If no reset was observed in that time, no response reports usage. Then only the own
	// calls of the last 24 hours count.
	if left := day - now.Sub(l.FirstCall); left > 0 && left <= day {
		return left
	}
	return day
}
