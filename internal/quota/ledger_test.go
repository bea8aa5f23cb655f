package quota

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestADayTurnsWhenTheAccountHasUsedLessThanBefore(t *testing.T) {
	var l ledger
	for h := range 6 {
		call(&l, start.Add(time.Duration(h)*time.Hour), 100, int64(90-h))
	}
	last := start.Add(5 * time.Hour)
	seen := last.Add(time.Hour)
	call(&l, seen, 100, 99)
	if !l.lastReset.Equal(last) {
		t.Errorf("turned at %s, want when the old day was last asked, %s", l.lastReset, last)
	}
	// The old day's last call may belong to the new one.
	if got := l.Spent(seen.Add(time.Minute)); got != 2 {
		t.Errorf("%d spent, want the new day's call and the old one's last", got)
	}
	if want := (resetWindow{true, 17 * time.Hour, time.Hour + time.Second}); l.window != want {
		t.Errorf("learned %+v, want %+v", l.window, want)
	}
	if want := start.Add(30*time.Hour + time.Second); !l.NextReset(seen.Add(time.Minute)).Equal(want) {
		t.Errorf("the next reset is expected at %s, want %s", l.NextReset(seen.Add(time.Minute)), want)
	}
}

func TestWhatIsNoTurnOfTheDay(t *testing.T) {
	at := start.Add(time.Hour)
	for _, c := range []struct {
		what             string
		limit, remaining int64
		sent             time.Time
	}{
		{"others spend", 100, 20, at},
		{"nothing changes", 100, 40, at},
		{"no headers", unknown, unknown, at},
		{"only the limit", 100, unknown, at},
		{"only what remains: of which limit?", unknown, 95, at},
		{"a limit of nothing", 0, 99, at},
		{"more left than there is", 100, 101, at},
		{"a raised limit", 1000, 940, at},
		{"an answer that another overtook", 100, 99, start},
	} {
		t.Run(c.what, func(t *testing.T) {
			var l ledger
			call(&l, start, 100, 40)
			l.Sent(c.sent)
			l.Responded(at, c.sent, said(c.limit, c.remaining))
			if !l.lastReset.IsZero() || l.window.known {
				t.Errorf("turned at %s, learned %+v", l.lastReset, l.window)
			}
			if got := l.Spent(at); got != 2 {
				t.Errorf("%d spent, want 2", got)
			}
		})
	}
}

func TestOfAnswersThatOvertakeEachOtherTheWorseIsBelieved(t *testing.T) {
	for _, c := range []struct{ slow, want int64 }{{60, 50}, {45, 45}} {
		var l ledger
		l.Sent(start)
		l.Sent(start.Add(time.Second))
		l.Responded(start.Add(2*time.Second), start.Add(time.Second), said(100, 50))
		l.Responded(start.Add(time.Minute), start, said(100, c.slow))
		if got, _ := l.Remaining.Get(); got != c.want {
			t.Errorf("%d, then %d from before: %d is believed, want %d", 50, c.slow, got, c.want)
		}
		if l.inFlight != 0 {
			t.Errorf("%d calls on their way", l.inFlight)
		}
	}
}

func TestAnAnswerOfTheOldDayAfterOneOfTheNewForgetsNothing(t *testing.T) {
	var l ledger
	call(&l, start, 100, 50)
	l.Sent(start.Add(time.Hour))
	l.Sent(start.Add(time.Hour + time.Second))
	l.Responded(start.Add(time.Hour+2*time.Second), start.Add(time.Hour+time.Second), said(100, 99)) // the new day
	l.Responded(start.Add(2*time.Hour), start.Add(time.Hour), said(100, 49))                         // the old one's last
	for i := range int64(3) {
		call(&l, start.Add(time.Duration(3+i)*time.Hour), 100, 98-i)
	}
	if got, _ := l.Remaining.Get(); got != 96 {
		t.Errorf("%d remain, want what the last answer said", got)
	}
	if got := l.Spent(start.Add(6 * time.Hour)); got != 6 {
		t.Errorf("%d spent, want 6: the day turned once, and what may be its own counts", got)
	}
}

func TestADayDoesNotTurnTwiceWithinTwentyHours(t *testing.T) {
	var l ledger
	call(&l, start, 100, 50)
	call(&l, start.Add(time.Hour), 100, 99) // the turn
	for h := 2; h < 20; h += 2 {            // a counter that jumps to and fro
		call(&l, start.Add(time.Duration(h)*time.Hour), 100, 50)
		call(&l, start.Add(time.Duration(h)*time.Hour+time.Minute), 100, 99)
	}
	if got := l.Spent(start.Add(19 * time.Hour)); got != 20 {
		t.Errorf("%d spent, want all 20 since the turn", got)
	}
	call(&l, start.Add(24*time.Hour), 100, 40)
	call(&l, start.Add(25*time.Hour), 100, 99)
	if !l.lastReset.Equal(start.Add(24 * time.Hour)) {
		t.Errorf("the next day's turn was not seen: %s", l.lastReset)
	}
}

// TestOwnCallsAreNeverTooFew holds the ledger to an exact list of what was sent: of
// every day, wherever it begins, it must count all calls so far.
func TestOwnCallsAreNeverTooFew(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var l ledger
		var sent []time.Time
		now := start
		for range 400 {
			now = now.Add(time.Duration(r.ExpFloat64() * float64(6*time.Minute)))
			switch {
			case r.IntN(3) > 0:
				l.Sent(now)
				sent = append(sent, now)
			case r.IntN(10) == 0: // written down and read again
				l = l.saved().ledger(now)
			case r.IntN(4) == 0: // idle
				now = now.Add(time.Duration(r.Int64N(int64(4 * time.Hour))))
			}
			exact, atMost := int64(0), int64(0)
			for _, at := range sent {
				if now.Sub(at) < day {
					exact++
				}
				if now.Sub(at) < day+2*time.Minute {
					atMost++
				}
			}
			if got := l.Spent(now); got < exact || got > atMost {
				t.Fatalf("%d counted, want %d, or %d with the minute that the day ends in", got, exact, atMost)
			}
		}
	}
}

// TestOwnCallsOfADayAreNeverTooFewAfterATurn does the same for days that turn.
func TestOwnCallsOfADayAreNeverTooFewAfterATurn(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const limit = 1000
	for range 300 {
		reset := time.Duration(r.Int64N(int64(day)))
		dayOf := func(at time.Time) time.Time { return at.Add(-reset).Truncate(day) }
		var l ledger
		now, today, own, turns := start, time.Time{}, int64(0), 0
		for range 500 {
			now = now.Add(time.Duration(r.ExpFloat64() * float64(12*time.Minute)))
			if d := dayOf(now); !d.Equal(today) {
				today, own = d, 0
				turns++
			}
			own++
			call(&l, now, limit, limit-own)
			if got := l.Spent(now); got < own {
				t.Fatalf("reset at %s: %d counted, and the day has %d", reset, got, own)
			}
		}
		if turns > 2 {
			if off := (l.NextReset(now).Sub(start.Truncate(day)) - reset + 10*day) % day; off > 3*time.Hour && reset != 0 && l.window.expected() != 0 {
				t.Fatalf("reset at %s, learned %+v, which expects it %s later", reset, l.window, off)
			}
		}
	}
}

func TestExhaustion(t *testing.T) {
	// use tells the account's use at minutes after start.
	type use struct {
		minute    float64
		remaining int64
	}
	at := func(m float64) time.Time { return start.Add(time.Duration(m * float64(time.Minute))) }
	for _, c := range []struct {
		what string
		uses []use
		now  float64
		want float64 // minute; negative: none
	}{
		{"nothing is known", nil, 1, -1},
		{"one answer tells no pace", []use{{0, 90}}, 1, -1},
		{"a pace is not told from minutes", []use{{0, 90}, {10, 50}}, 11, -1},
		{"a constant pace", []use{{0, 90}, {30, 60}}, 31, 90},
		{"two hours of it", []use{{0, 1000}, {60, 900}, {120, 800}}, 121, 600},
		{"only the last hours count", []use{{0, 1000}, {60, 990}, {120, 980}, {300, 260}}, 301, 365},
		{"nobody spends", []use{{0, 90}, {60, 90}}, 61, -1},
		{"it lasts until the reset", []use{{0, 132}, {60, 121}}, 61, 60 + 660},
		{"it lasts longer", []use{{0, 132}, {60, 122}}, 61, -1},
		{"used up", []use{{0, 5}, {30, 0}}, 31, 30},
		{"used up with the first answer", []use{{0, 0}}, 1, 0},
		{"the day has turned since", []use{{0, 90}, {30, 60}}, 12 * 60, -1},
		{"used up, and the day has turned since", []use{{0, 0}}, 12 * 60, -1},
		{"a pace of yesterday tells nothing", []use{{0, 500}, {60, 100}, {120, 999}}, 121, -1},
	} {
		t.Run(c.what, func(t *testing.T) {
			var l ledger
			for _, u := range c.uses {
				l.Responded(at(u.minute), at(u.minute), said(1000, u.remaining))
			}
			got, ok := l.Exhaustion(at(c.now))
			if ok != (c.want >= 0) || ok && got.Sub(at(c.want)).Abs() > time.Second {
				t.Errorf("%s (%v), want minute %v", got, ok, c.want)
			}
		})
	}
}

func TestExhaustionWithoutALimitIsNotTold(t *testing.T) {
	var l ledger
	for m := range 60 {
		l.Responded(start.Add(time.Duration(m)*time.Minute), start.Add(time.Duration(m)*time.Minute), said(unknown, int64(100-m)))
	}
	if got, ok := l.Exhaustion(start.Add(time.Hour)); ok {
		t.Errorf("told for %s", got)
	}
}
