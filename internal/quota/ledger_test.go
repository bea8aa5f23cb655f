package quota

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestNoticesTheResetWhenLessIsUsedThanBefore(t *testing.T) {
	var l ledger
	for h := range 6 {
		call(&l, start.Add(time.Duration(h)*time.Hour), 100, int64(90-h))
	}
	last := start.Add(5 * time.Hour)
	seen := last.Add(time.Hour)
	call(&l, seen, 100, 99)
	if !l.LastReset.Equal(last) {
		t.Errorf("reset at %s, want the time of the last request before it, %s", l.LastReset, last)
	}
	if got := l.Spent(seen.Add(time.Minute)); got != 2 {
		t.Errorf("%d spent, want 2: the new day's call, and the last one before, which may belong to it", got)
	}
	if want := (resetWindow{true, 17 * time.Hour, time.Hour + time.Second}); l.Window != want {
		t.Errorf("window %+v, want %+v", l.Window, want)
	}
	if got, want := l.NextReset(seen.Add(time.Minute)), start.Add(30*time.Hour+time.Second); !got.Equal(want) {
		t.Errorf("next reset at %s, want %s", got, want)
	}
}

func TestOtherChangesAreNoReset(t *testing.T) {
	at := start.Add(time.Hour)
	for _, c := range []struct {
		name             string
		limit, remaining int64
		sent             time.Time
	}{
		{"others make calls", 100, 20, at},
		{"nothing changes", 100, 40, at},
		{"no headers", unknown, unknown, at},
		{"only the remaining calls, of an unknown limit", unknown, 95, at},
		{"more remaining than the limit", 100, 101, at},
		{"a raised limit", 1000, 940, at},
		{"an overtaken response", 100, 99, start},
		{"a counter that lags behind", 100, 42, at},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ledger
			call(&l, start, 100, 40)
			l.Sent(c.sent)
			l.Responded(at, c.sent, "token", usage(c.limit, c.remaining))
			if !l.LastReset.IsZero() || l.Window.Known {
				t.Errorf("taken for a reset at %s, window %+v", l.LastReset, l.Window)
			}
			if got := l.Spent(at); got != 2 {
				t.Errorf("%d spent, want 2", got)
			}
		})
	}
}

func TestADueResetIsNoticedHoweverMuchOthersUse(t *testing.T) {
	var l ledger
	call(&l, start, 1000, 940)
	call(&l, start.Add(13*time.Hour), 1000, 943) // past midnight, and others were quick
	if l.LastReset.IsZero() {
		t.Error("not noticed")
	}
}

func TestBelievesTheLowerOfTwoResponsesInReverseOrder(t *testing.T) {
	for _, c := range []struct{ late, want int64 }{{60, 50}, {45, 45}} {
		var l ledger
		l.Sent(start)
		l.Sent(start.Add(time.Second))
		l.Responded(start.Add(2*time.Second), start.Add(time.Second), "token", usage(100, 50))
		l.Responded(start.Add(time.Minute), start, "token", usage(100, c.late))
		if got, _ := l.Remaining.Get(); got != c.want {
			t.Errorf("50, then a late %d: %d remaining, want %d", c.late, got, c.want)
		}
		if l.inFlight != 0 {
			t.Errorf("%d in flight, want 0", l.inFlight)
		}
	}
}

func TestALateResponseFromBeforeTheResetForgetsNothing(t *testing.T) {
	var l ledger
	call(&l, start, 100, 50)
	late, early := start.Add(time.Hour), start.Add(time.Hour+time.Second)
	l.Sent(late)
	l.Sent(early)
	l.Responded(early.Add(time.Second), early, "token", usage(100, 99)) // the new day
	l.Responded(late.Add(time.Hour), late, "token", usage(100, 49))     // the old one
	for i := range int64(3) {
		call(&l, start.Add(time.Duration(3+i)*time.Hour), 100, 98-i)
	}
	if got, _ := l.Remaining.Get(); got != 96 {
		t.Errorf("%d remaining, want 96 as last reported", got)
	}
	if got := l.Spent(start.Add(6 * time.Hour)); got != 6 {
		t.Errorf("%d spent, want all 6: there was one reset, after the first call", got)
	}
}

func TestTheQuotaDoesNotResetTwiceWithinTwentyHours(t *testing.T) {
	var l ledger
	call(&l, start, 100, 50)
	call(&l, start.Add(time.Hour), 100, 99) // the reset
	for h := 2; h < 20; h += 2 {            // a counter that jumps back and forth
		call(&l, start.Add(time.Duration(h)*time.Hour), 100, 50)
		call(&l, start.Add(time.Duration(h)*time.Hour+time.Minute), 100, 99)
	}
	if got := l.Spent(start.Add(19 * time.Hour)); got != 20 {
		t.Errorf("%d spent, want all 20 since the reset", got)
	}
	call(&l, start.Add(24*time.Hour), 100, 40)
	call(&l, start.Add(25*time.Hour), 100, 99)
	if !l.LastReset.Equal(start.Add(24 * time.Hour)) {
		t.Errorf("the reset of the next day was missed, the last was at %s", l.LastReset)
	}
}

// The ledger is compared with an exact list of what was sent.
func TestCountsEveryCallOfTheLastDay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		var l ledger
		var sent []time.Time
		now := start
		for range 400 {
			now = now.Add(time.Duration(r.ExpFloat64() * float64(6*time.Minute)))
			switch {
			case r.IntN(3) > 0:
				l.Sent(now)
				sent = append(sent, now)
			case r.IntN(10) == 0:
				l = l.saved(now, 0).ledger(now)
			case r.IntN(4) == 0: // idle
				now = now.Add(time.Duration(r.Int64N(int64(4 * time.Hour))))
			}
			least, most := int64(0), int64(0)
			for _, at := range sent {
				if now.Sub(at) < day {
					least++
				}
				if now.Sub(at) < day+2*time.Minute {
					most++
				}
			}
			if got := l.Spent(now); got < least || got > most {
				t.Fatalf("%d spent, want %d to %d", got, least, most)
			}
		}
	}
}

func TestForecastsWhenTheAccountRunsOut(t *testing.T) {
	type report struct {
		minute    float64
		remaining int64
	}
	at := func(minute float64) time.Time { return start.Add(time.Duration(minute * float64(time.Minute))) }
	const never = -1
	for _, c := range []struct {
		name    string
		limit   int64
		reports []report
		now     float64
		want    float64 // minute
	}{
		{"nothing known", 1000, nil, 1, never},
		{"too short a time", 1000, []report{{0, 90}, {10, 50}}, 11, never},
		{"no limit", unknown, []report{{0, 90}, {30, 60}}, 31, never},
		{"constant pace for two hours", 1000, []report{{0, 1000}, {60, 900}, {120, 800}}, 121, 600},
		{"only the last hours count", 1000, []report{{0, 1000}, {60, 990}, {120, 980}, {300, 260}}, 301, 365},
		{"just before the reset", 1000, []report{{0, 132}, {60, 121}}, 61, 60 + 660},
		{"used up", 1000, []report{{0, 5}, {30, 0}}, 31, 30},
		{"should be used up by now", 1000, []report{{0, 1000}, {60, 500}}, 180, 360},
		{"should be used up by now, after the reset at that pace", 1000, []report{{0, 1000}, {60, 500}}, 11 * 60, never},
		{"used up and reset since", 1000, []report{{0, 0}}, 12 * 60, never},
		{"pace before the reset", 1000, []report{{0, 500}, {60, 100}, {120, 999}}, 121, never},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ledger
			for _, r := range c.reports {
				l.Responded(at(r.minute), at(r.minute), "token", usage(c.limit, r.remaining))
			}
			got, ok := l.Exhaustion(at(c.now))
			if ok != (c.want != never) || ok && got.Sub(at(c.want)).Abs() > time.Second {
				t.Errorf("%s (%v), want minute %v", got, ok, c.want)
			}
		})
	}
}

// Today is reported to each credential, perhaps of the account, perhaps of its own.
func TestNoticesTheResetByTheCallsOfToday(t *testing.T) {
	at := func(h float64) time.Time { return start.Add(hours(h)) }
	type report struct {
		hour       float64
		credential string
		today      int64
	}
	for name, c := range map[string]struct {
		reports []report
		want    float64 // hour of the last request before it
	}{
		"it falls to 0":               {[]report{{0, "a", 40}, {1, "a", 41}, {2, "a", 0}}, 1},
		"it grows":                    {[]report{{0, "a", 40}, {1, "a", 41}, {2, "a", 42}}, unknown},
		"it repeats":                  {[]report{{0, "a", 15}, {1, "a", 15}, {2, "a", 15}}, unknown},
		"a counter that lags behind":  {[]report{{0, "a", 20}, {1, "a", 19}}, unknown},
		"another credential has less": {[]report{{0, "a", 40}, {1, "b", 2}, {2, "a", 41}}, unknown},
		"of another credential":       {[]report{{0, "a", 40}, {1, "b", 20}, {2, "a", 0}}, 0},
		"the first call of a day":     {[]report{{0, "a", 1}, {1, "a", 0}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			for _, r := range c.reports {
				l.Sent(at(r.hour))
				l.Responded(at(r.hour).Add(time.Second), at(r.hour), r.credential, runzero.Usage{Today: runzero.Known(r.today)})
			}
			if want := at(c.want); (c.want == unknown) != l.LastReset.IsZero() || c.want != unknown && !l.LastReset.Equal(want) {
				t.Errorf("reset at %s, want %s", l.LastReset, want)
			}
		})
	}
}

func TestConcurrentRequestsAreNoReset(t *testing.T) {
	var l ledger
	for i := range int64(4) { // a burst, which the next response does not know of yet
		l.Sent(start)
		l.Responded(start.Add(time.Second), start, "a", runzero.Usage{Limit: runzero.Known(100), Remaining: runzero.Known(99 - i), Today: runzero.Known(1 + i)})
	}
	call(&l, start.Add(2*time.Second), 100, 100)
	if !l.LastReset.IsZero() {
		t.Error("taken for a reset")
	}
}
