package quota

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// plausible drops headers that cannot be true: more calls left than the limit, and a limit of 0 unless no calls are
// left either, which is what an account without a valid licence has.
func plausible(usage runzero.Usage, before runzero.Count) (limit, remaining runzero.Count) {
	left, leftKnown := usage.Remaining.Get()
	if n, known := usage.Limit.Get(); known && (n > 0 || leftKnown && left == 0) {
		limit = usage.Limit
	}
	of, known := limit.Get()
	if !known {
		of, known = before.Get()
	}
	if leftKnown && (!known || left <= of) {
		remaining = usage.Remaining
	}
	return limit, remaining
}

const (
	// The quota does not reset twice within this time.
	shortestDay = 20 * time.Hour
	// A console's counter may lack calls of this time, because they were concurrent or it lags behind.
	counterLag = 5 * time.Minute
)

// hasReset reports whether a response shows that the quota has reset, when it reports fewer calls of today than one
// before it, whose request was sent at requested. The difference must be more than the calls that a counter may lack;
// if no reset is due, it must be much more: a console whose counter lags behind must not make own calls forgotten.
// Missing a reset only costs time, because own calls are forgotten after 24 hours anyway.
func (l *ledger) hasReset(now, requested time.Time, before, after int64) bool {
	if !l.LastReset.IsZero() && now.Sub(l.LastReset) < shortestDay || before-after <= l.recent(requested) {
		return false
	}
	return 2*after <= before || !now.Before(l.NextReset(requested))
}

// recent is how many own calls were made shortly before an instant, besides the one at that instant.
func (l *ledger) recent(at time.Time) int64 {
	n := int64(0)
	for _, m := range l.Calls {
		if !m.At.After(at) && at.Sub(m.At) < counterLag {
			n += m.Calls
		}
	}
	return max(n-1, 0)
}

func used(limit, remaining runzero.Count) (int64, bool) {
	of, known := limit.Get()
	if !known {
		return 0, false
	}
	left, known := remaining.Get()
	return of - left, known
}

// noteToday records the calls of today that a response reports to a credential. It is not documented whether they are
// those of the account or of the credential, so nothing but a reset is concluded from them.
func (l *ledger) noteToday(now, sent time.Time, credential string, usage runzero.Usage) {
	calls, known := usage.Today.Get()
	if !known {
		return
	}
	before, had := l.Today[credential]
	switch {
	case !had:
	case !sent.After(before.Reported): // they were concurrent: the larger number is the later one
		if calls <= before.Calls {
			return
		}
	case l.hasReset(now, before.Requested, before.Calls, calls):
		l.noteReset(now, before.Requested)
	}
	if l.Today == nil {
		l.Today = map[string]today{}
	}
	l.Today[credential] = today{Calls: calls, Reported: now, Requested: sent}
}

// noteSuccess forgets that no calls are left when a later request succeeds all the same, without saying how many are.
func (l *ledger) noteSuccess(sent time.Time) {
	if left, known := l.Remaining.Get(); known && left == 0 && sent.After(l.Reported) {
		l.Remaining = runzero.Count{}
	}
}

// noteReset records that the quota has reset since a request that was sent at requested.
func (l *ledger) noteReset(now, requested time.Time) {
	l.Window = l.Window.narrow(requested, now)
	// Calls sent after the last request that was answered before the reset may belong to
	// the new day, so they stay counted.
	l.LastReset = requested
	l.forget(func(m minute) bool { return m.At.Add(time.Minute).Before(l.LastReset) })
	l.samples = nil
}

// stale reports whether the quota may have reset since the console last reported how it stands.
func (l *ledger) stale(now time.Time) bool {
	_, known := l.Remaining.Get()
	switch {
	case !l.EmptySince.IsZero() && !l.Window.Known:
		return true
	case !l.EmptySince.IsZero():
		return !now.Before(l.NextReset(l.EmptySince))
	}
	return known && !now.Before(l.NextReset(l.Reported))
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

// Left returns for how long an allowance of a budget a day must last. Until a reset has been observed, this is until 24
// hours after the first call: the quota resets within that time, whenever its day starts.
func (l *ledger) Left(now time.Time, a Allowance, budget int64) time.Duration {
	if l.Window.Known {
		return l.NextReset(now).Sub(now)
	}
	if left := day - now.Sub(l.FirstCall); left > 0 && left <= day {
		return left
	}
	// If no reset was observed in that time, no response reports usage. Then only the own calls of the last 24 hours
	// count. Calls that grow older than that can be made again, so the budget is spent at a constant pace.
	if a.Known && a.Calls > 0 && a.Calls < budget {
		return time.Duration(float64(day) * float64(a.Calls) / float64(budget))
	}
	return day
}
