package quota

import (
	"math/rand/v2"
	"testing"
	"time"
)

var midnight = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// seen is a turn that happened between two times of a day, as hours.
type seen struct{ day, after, until float64 }

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func narrowed(turns []seen) resetWindow {
	var w resetWindow
	for _, s := range turns {
		from := midnight.Add(time.Duration(s.day) * day)
		w = w.narrow(from.Add(hours(s.after)), from.Add(hours(s.until)))
	}
	return w
}

func TestTurnsTellTheResetEverMoreExactly(t *testing.T) {
	for _, c := range []struct {
		what  string
		turns []seen
		want  resetWindow
		turn  float64 // expected, in hours after midnight
	}{
		{"nothing seen: midnight", nil, resetWindow{}, 0},
		{"one turn: the latest that it may be", []seen{{0, 9, 10}}, resetWindow{true, hours(9), hours(1)}, 10},
		{"two that overlap", []seen{{0, 9, 11}, {1, 10, 12}}, resetWindow{true, hours(10), hours(1)}, 11},
		{"one within another", []seen{{0, 6, 16}, {1, 10, 10.5}}, resetWindow{true, hours(10), hours(0.5)}, 10.5},
		{"one around another", []seen{{0, 10, 10.5}, {1, 6, 16}}, resetWindow{true, hours(10), hours(0.5)}, 10.5},
		{"three days", []seen{{0, 6, 16}, {1, 8, 12}, {2, 11, 14}}, resetWindow{true, hours(11), hours(1)}, 12},
		{"a contradiction: the last is believed", []seen{{0, 9, 10}, {1, 15, 16}}, resetWindow{true, hours(15), hours(1)}, 16},
		{"touching: that instant", []seen{{0, 9, 10}, {1, 10, 11}}, resetWindow{true, hours(10), 0}, 10},
		{"too wide tells nothing", []seen{{0, 3, 15.5}}, resetWindow{}, 0},
		{"too wide takes nothing away", []seen{{0, 9, 10}, {1, 3, 15.5}}, resetWindow{true, hours(9), hours(1)}, 10},
		{"just as wide as may be", []seen{{0, 3, 15}}, resetWindow{true, hours(3), hours(12)}, 15},
		{"the wrong way round tells nothing", []seen{{0, 9, 8}}, resetWindow{}, 0},
		{"around midnight: midnight is the likeliest", []seen{{0, 23, 25}}, resetWindow{true, hours(23), hours(2)}, 0},
		{"around midnight, from both sides", []seen{{0, 23, 25}, {1, 23.5, 27}}, resetWindow{true, hours(23.5), hours(1.5)}, 0},
		{"around midnight, then after it", []seen{{0, 23, 26}, {2, 0.5, 4}}, resetWindow{true, hours(0.5), hours(1.5)}, 2},
		{"after midnight, then around it", []seen{{0, 0.5, 4}, {1, 22, 26}}, resetWindow{true, hours(0.5), hours(1.5)}, 2},
		{"until midnight exactly", []seen{{0, 23, 24}}, resetWindow{true, hours(23), hours(1)}, 0},
		{"from midnight on", []seen{{0, 0, 1}}, resetWindow{true, 0, hours(1)}, 0},
		{"many days later", []seen{{0, 9, 11}, {400, 10, 12}}, resetWindow{true, hours(10), hours(1)}, 11},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := narrowed(c.turns)
			if w != c.want {
				t.Errorf("%+v, want %+v", w, c.want)
			}
			if got := w.expected(); got != hours(c.turn) {
				t.Errorf("expected at %s, want %s", got, hours(c.turn))
			}
		})
	}
}

func TestAWindowOfTrueTurnsAlwaysHoldsTheReset(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		reset := time.Duration(r.Int64N(int64(day)))
		var w resetWindow
		for d := range 1 + r.IntN(10) {
			turn := midnight.Add(time.Duration(d)*day + reset)
			after := turn.Add(-time.Duration(1 + r.Int64N(int64(7*time.Hour))))
			before := w
			w = w.narrow(after, turn.Add(time.Duration(r.Int64N(int64(7*time.Hour)))))
			if before.known && w.width > before.width {
				t.Fatalf("reset at %s: from %+v to %+v, which is wider", reset, before, w)
			}
		}
		if behind := (reset - w.from + day) % day; w.known && behind > w.width {
			t.Fatalf("reset at %s is not in %+v", reset, w)
		}
		if w.from < 0 || w.from >= day || w.width < 0 {
			t.Fatalf("%+v is no window of a day", w)
		}
	}
}

func TestTheNextResetIsAfterTheInstantAndNotMoreThanADay(t *testing.T) {
	for _, c := range []struct {
		what  string
		turns []seen
		at    time.Duration // after midnight
		want  time.Duration
	}{
		{"unlearned", nil, 12 * time.Hour, 24 * time.Hour},
		{"unlearned, exactly at midnight", nil, 0, 24 * time.Hour},
		{"unlearned, just before midnight", nil, 24*time.Hour - 1, 24 * time.Hour},
		{"later today", []seen{{0, 14, 15}}, 12 * time.Hour, 15 * time.Hour},
		{"tomorrow", []seen{{0, 8, 9}}, 12 * time.Hour, 33 * time.Hour},
		{"exactly at the reset", []seen{{0, 8, 9}}, 9 * time.Hour, 33 * time.Hour},
		{"just before the reset", []seen{{0, 8, 9}}, 9*time.Hour - 1, 9 * time.Hour},
	} {
		l := ledger{window: narrowed(c.turns)}
		at := midnight.Add(c.at)
		if got := l.NextReset(at); !got.Equal(midnight.Add(c.want)) {
			t.Errorf("%s: %s, want %s after midnight", c.what, got, c.want)
		}
		// Whatever the zone of the clock.
		if got := l.NextReset(at.In(time.FixedZone("", -11*3600))); !got.Equal(midnight.Add(c.want)) {
			t.Errorf("%s, in another zone: %s", c.what, got)
		}
		if len(c.turns) > 0 {
			if got := l.Left(at); got != c.want-c.at {
				t.Errorf("%s: %s left, want %s", c.what, got, c.want-c.at)
			}
		}
	}
}

func TestUntilTheResetIsLearnedTheAllowanceLastsADayFromTheFirstCall(t *testing.T) {
	var l ledger
	if got := l.Left(start); got != day {
		t.Errorf("%s left before the first call", got)
	}
	l.Sent(start)
	for after, want := range map[time.Duration]time.Duration{
		0: day, time.Hour: 23 * time.Hour, day - 1: 1, day: day, 50 * time.Hour: day, -time.Hour: day,
	} {
		if got := l.Left(start.Add(after)); got != want {
			t.Errorf("%s left %s after the first call, want %s", got, after, want)
		}
	}
}

// Counters of several servers may lag behind each other: a dip by a few calls is no new
// day, unless one is due.
func TestACounterThatLagsBehindForgetsNoCalls(t *testing.T) {
	l := &ledger{}
	call(l, start, 1000, 1000-59)
	call(l, start.Add(time.Hour), 1000, 1000-60)
	call(l, start.Add(2*time.Hour), 1000, 1000-58)
	if spent := l.Spent(start.Add(2 * time.Hour)); spent != 3 || !l.lastReset.IsZero() {
		t.Errorf("%d calls spent, want 3; turned: %s", spent, l.lastReset)
	}
	call(l, start.Add(13*time.Hour), 1000, 1000-57) // past midnight, and others were quick
	if l.lastReset.IsZero() {
		t.Error("a turn that was due went unnoticed")
	}
}
