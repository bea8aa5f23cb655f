package quota

import (
	"slices"
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

	configured runzero.Count // see Share.Limit
	estimate   int64         // see Quota.Estimate; 0: none
}

// record is the part of a ledger that is persisted.
type record struct {
	Limit, Remaining runzero.Count // as last reported; each may be unknown
	Reported         time.Time     // when the response with Remaining arrived
	Requested        time.Time     // when its request was sent: Remaining was true at some time in between
	LastReset        time.Time     // shortly before the last observed reset; zero before the first
	FirstCall        time.Time
	Window           resetWindow
	Calls            minutes // own calls that count for today, oldest first
	Unaccounted      int64   // own calls that Remaining may not include yet, not in flight

	Today        map[string]today // what was reported to each credential
	EmptySince   time.Time        // when responses began to show that no calls are left for this exporter; zero: some are
	RefusedSince time.Time        // when the account's requests began to be refused without any usage header
	Exhausted    bool             // they were refused for longer than the burst limit lasts
}

// today is the number of calls of a day that a response reported, of the account or of the credential.
type today struct {
	Calls     int64
	Reported  time.Time // when the response arrived
	Requested time.Time // when its request was sent
}

// minute is the number of own calls within one minute.
type minute struct {
	At    time.Time
	Calls int64
}

const day = 24 * time.Hour

// Sent counts a request that is about to be sent. It stays counted whatever becomes of it, unless Unsent takes it back:
// the console may have charged it even if no response arrives.
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

// Unsent takes back a request that was counted and then never written to a connection: it cost nothing.
func (l *ledger) Unsent(sent time.Time) {
	l.inFlight = max(l.inFlight-1, 0)
	for i := len(l.Calls) - 1; i >= 0; i-- {
		if l.Calls[i].At.After(sent) && i > 0 {
			continue // it was counted before
		}
		l.spent--
		if l.Calls[i].Calls--; l.Calls[i].Calls == 0 {
			l.Calls = slices.Delete(l.Calls, i, i+1)
		}
		break
	}
	if len(l.Calls) == 0 {
		l.FirstCall = time.Time{}
	}
}

// Responded records the usage headers of a response to a credential, given when its request was sent. A request that
// failed without a response has empty headers.
func (l *ledger) Responded(now, sent time.Time, credential string, usage runzero.Usage) {
	l.inFlight = max(l.inFlight-1, 0)
	l.noteToday(now, sent, credential, usage)
	limit, remaining := plausible(usage, l.Limit)
	// If a later request was answered earlier, this response may describe the time before
	// it. It is then no evidence of a reset, and the lower number of remaining calls holds.
	overtaken := !sent.After(l.Reported)
	if before, known := used(l.Limit, l.Remaining); known && !overtaken {
		if after, known := used(limit, remaining); known && l.hasReset(now, l.Requested, before, after) {
			l.noteReset(now, l.Requested)
		}
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
