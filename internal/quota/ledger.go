package quota

import (
	"math"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Ledger is what is known of an account's quota: what its answers said, and what was
// sent. Its methods must be handed times that do not go backwards much; where they do,
// it errs on the side of having spent.
type Ledger struct {
	// Limit and Remaining are what the last answers said; each may be unknown.
	Limit     runzero.Count
	Remaining runzero.Count
	// SeenAt is when Remaining was said, and AskedAt when it was asked for: it was true
	// at some time between.
	SeenAt  time.Time
	AskedAt time.Time
	// Turned is when the account's day was last seen to turn; zero: not yet.
	Turned time.Time
	// Began is when the first call was made.
	Began time.Time

	reset      window
	calls      []minute // own calls of the account's day, oldest first
	spent      int64    // their sum
	unanswered int64    // own calls on their way
	untold     int64    // own calls since Remaining was said whose answers did not say it
	samples    []sample // what all have used, lately
}

// minute is the own calls of one minute.
type minute struct {
	At    time.Time
	Calls int64
}

// sample is what the whole account had used at an instant.
type sample struct {
	At   time.Time
	Used int64
}

const (
	day = 24 * time.Hour
	// A forecast looks this far back, at samples this far apart.
	forecastWindow = 3 * time.Hour
	sampleEvery    = 5 * time.Minute
	// A pace is not told from less.
	forecastLeast = 15 * time.Minute
)

// Sent notes that a request goes out.
func (l *Ledger) Sent(now time.Time) {
	if l.Began.IsZero() {
		l.Began = now
	}
	l.unanswered++
	if n := len(l.calls); n > 0 && now.Sub(l.calls[n-1].At) < time.Minute {
		l.calls[n-1].Calls++
	} else {
		l.calls = append(l.calls, minute{At: now, Calls: 1})
	}
	l.spent++
}

// Answered notes what the headers of the answer to a request sent at sent said; a
// request without an answer is answered by nothing.
func (l *Ledger) Responded(now, sent time.Time, usage runzero.Usage) {
	l.unanswered = max(l.unanswered-1, 0)
	limit, remaining := believable(usage, l.Limit)
	// An answer that another has overtaken may tell of the time before it: then it does
	// not tell that a day has turned, and the worse of the two is believed.
	overtaken := !sent.After(l.SeenAt)
	if !overtaken && l.turned(now, limit, remaining) {
		l.learn(now)
	}
	left, known := remaining.Get()
	before, ok := l.Remaining.Get()
	if of, said := limit.Get(); said {
		// What was used stays the same where only the limit is said to have changed.
		if old, had := l.Limit.Get(); had && ok && !known {
			before = max(before+of-old, 0)
			l.Remaining = runzero.Known(before)
		}
		l.Limit = limit
	}
	if !known {
		l.untold++
		return
	}
	if overtaken && ok && before <= left {
		return
	}
	l.Remaining, l.SeenAt, l.AskedAt, l.untold = remaining, now, sent, 0
	l.sample(now)
}

// believable leaves out what no account has: a limit of nothing, and more left than
// there is.
func believable(usage runzero.Usage, before runzero.Count) (limit, remaining runzero.Count) {
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

// A day does not turn twice within this.
const shortestDay = 20 * time.Hour

// turned tells whether an answer is of a new day: the account has used less than
// before. Where no turn is due, that is much less: a counter that lags behind by a few
// calls must not make own calls forgotten. A turn that goes unnoticed costs nothing but
// time, as what was spent a day ago is forgotten anyway.
func (l *Ledger) turned(now time.Time, limit, remaining runzero.Count) bool {
	before, known := used(l.Limit, l.Remaining)
	if !known || !l.Turned.IsZero() && now.Sub(l.Turned) < shortestDay {
		return false
	}
	after, known := used(limit, remaining)
	return known && after < before && (2*after <= before || !now.Before(l.NextReset(l.AskedAt)))
}

func used(limit, remaining runzero.Count) (int64, bool) {
	of, known := limit.Get()
	if !known {
		return 0, false
	}
	left, known := remaining.Get()
	return of - left, known
}

// learn takes note of a day that turned since the last answer.
func (l *Ledger) learn(now time.Time) {
	l.reset = l.reset.narrow(l.AskedAt, now)
	// What was sent since the last request that the old day answered may belong to the
	// new one.
	l.Turned = l.AskedAt
	l.forget(func(m minute) bool { return m.At.Add(time.Minute).Before(l.Turned) })
	l.samples = nil
}

// Spent is the own calls of the account's day: of the last 24 hours at most, so that
// it is never too few, wherever the day begins.
func (l *Ledger) Spent(now time.Time) int64 {
	// The minute that a day ends in counts whole: it is not known what came after.
	l.forget(func(m minute) bool { return now.Sub(m.At) >= day+time.Minute })
	return l.spent
}

// forget drops the oldest calls.
func (l *Ledger) forget(old func(minute) bool) {
	for len(l.calls) > 0 && old(l.calls[0]) {
		l.spent -= l.calls[0].Calls
		l.calls = l.calls[1:]
	}
}

// NextReset is when the account's day is expected to turn next after t: as it was
// seen to, and at midnight UTC before it was.
func (l *Ledger) NextReset(t time.Time) time.Time {
	midnight := t.UTC().Truncate(day)
	next := midnight.Add(l.reset.expected())
	for !next.After(t) {
		next = next.Add(day)
	}
	return next
}

// Left is how long the allowance must last. Until a day has been seen to turn, that
// is a day from the first call: wherever the day turns, it does so in that time.
func (l *Ledger) Left(now time.Time) time.Duration {
	if l.reset.known {
		return l.NextReset(now).Sub(now)
	}
	if l.Began.IsZero() {
		return day
	}
	// Beyond that day no answer tells usage: then the last 24 hours are what counts.
	if left := day - now.Sub(l.Began); left > 0 && left <= day {
		return left
	}
	return day
}

func (l *Ledger) sample(now time.Time) {
	n, known := used(l.Limit, l.Remaining)
	if !known {
		return
	}
	if len(l.samples) > 0 && now.Sub(l.samples[len(l.samples)-1].At) < sampleEvery {
		return
	}
	l.samples = append(l.samples, sample{At: now, Used: n})
	for len(l.samples) > 1 && now.Sub(l.samples[0].At) > forecastWindow {
		l.samples = l.samples[1:]
	}
}

// Exhaustion is when nothing will be left at the present pace of everybody; false
// when that is not before the day turns, or there is no telling.
func (l *Ledger) Exhaustion(now time.Time) (time.Time, bool) {
	remaining, known := l.Remaining.Get()
	turns := l.NextReset(l.SeenAt)
	if !known || !now.Before(turns) {
		return time.Time{}, false
	}
	if remaining == 0 {
		return l.SeenAt, true
	}
	n, known := used(l.Limit, l.Remaining)
	if !known || len(l.samples) == 0 {
		return time.Time{}, false
	}
	first := l.samples[0]
	took, spent := l.SeenAt.Sub(first.At), n-first.Used
	if took < forecastLeast || spent <= 0 {
		return time.Time{}, false
	}
	seconds := float64(remaining) * took.Seconds() / float64(spent)
	if seconds > math.Min(day.Seconds(), turns.Sub(l.SeenAt).Seconds()) {
		return time.Time{}, false
	}
	return l.SeenAt.Add(time.Duration(seconds * float64(time.Second))), true
}
