package quota

import (
	"math/rand/v2"
	"testing"
	"time"
)

var midnight = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// observed is a reset that happened between two times of a day, in hours after midnight.
type observed struct{ day, after, until float64 }

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func windowOf(resets []observed) resetWindow {
	var w resetWindow
	for _, r := range resets {
		from := midnight.Add(time.Duration(r.day) * day)
		w = w.narrow(from.Add(hours(r.after)), from.Add(hours(r.until)))
	}
	return w
}

func TestEveryObservedResetNarrowsTheWindow(t *testing.T) {
	within := func(from, width float64) resetWindow { return resetWindow{true, hours(from), hours(width)} }
	for _, c := range []struct {
		name     string
		resets   []observed
		want     resetWindow
		expected float64 // hours after midnight
	}{
		{"none", nil, resetWindow{}, 0},
		{"one: the end is expected", []observed{{0, 9, 10}}, within(9, 1), 10},
		{"overlapping", []observed{{0, 9, 11}, {1, 10, 12}}, within(10, 1), 11},
		{"one inside another", []observed{{0, 6, 16}, {1, 10, 10.5}}, within(10, 0.5), 10.5},
		{"contradicting: the latest wins", []observed{{0, 9, 10}, {1, 15, 16}}, within(15, 1), 16},
		{"touching", []observed{{0, 9, 10}, {1, 10, 11}}, within(10, 0), 10},
		{"too wide", []observed{{0, 3, 15.5}}, resetWindow{}, 0},
		{"around midnight: midnight is likely", []observed{{0, 23, 25}}, within(23, 2), 0},
		{"around midnight, then after it", []observed{{0, 23, 26}, {2, 0.5, 4}}, within(0.5, 1.5), 2},
		{"until midnight", []observed{{0, 23, 24}}, within(23, 1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := windowOf(c.resets)
			if w != c.want {
				t.Errorf("%+v, want %+v", w, c.want)
			}
			if got := w.expected(); got != hours(c.expected) {
				t.Errorf("expected at %s, want %s", got, hours(c.expected))
			}
		})
	}
}

func TestTheWindowAlwaysContainsTheReset(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		reset := time.Duration(r.Int64N(int64(day)))
		var w resetWindow
		for d := range 1 + r.IntN(10) {
			at := midnight.Add(time.Duration(d)*day + reset)
			before := w
			w = w.narrow(at.Add(-time.Duration(1+r.Int64N(int64(7*time.Hour)))), at.Add(time.Duration(r.Int64N(int64(7*time.Hour)))))
			if before.Known && w.Width > before.Width {
				t.Fatalf("reset at %s: %+v has become %+v, which is wider", reset, before, w)
			}
		}
		if behind := (reset - w.From + day) % day; w.Known && behind > w.Width {
			t.Fatalf("the reset at %s is not in %+v", reset, w)
		}
		if w.From < 0 || w.From >= day || w.Width < 0 {
			t.Fatalf("%+v is not within a day", w)
		}
	}
}

func TestTheNextResetIsLaterAndWithinADay(t *testing.T) {
	for _, c := range []struct {
		name   string
		resets []observed
		now    time.Duration // after midnight
		want   time.Duration
	}{
		{"never observed", nil, 12 * time.Hour, 24 * time.Hour},
		{"later today", []observed{{0, 14, 15}}, 12 * time.Hour, 15 * time.Hour},
		{"tomorrow", []observed{{0, 8, 9}}, 12 * time.Hour, 33 * time.Hour},
		{"at the reset", []observed{{0, 8, 9}}, 9 * time.Hour, 33 * time.Hour},
	} {
		l := ledger{record: record{Window: windowOf(c.resets)}}
		for _, now := range []time.Time{midnight.Add(c.now), midnight.Add(c.now).In(time.FixedZone("", -11*3600))} {
			if got := l.NextReset(now); !got.Equal(midnight.Add(c.want)) {
				t.Errorf("%s: %s, want %s after midnight", c.name, got, c.want)
			}
			if left := l.Left(now, Allowance{}, 0); l.Window.Known && left != c.want-c.now {
				t.Errorf("%s: %s left, want %s", c.name, left, c.want-c.now)
			}
		}
	}
}

func TestBeforeAResetIsObservedTheAllowanceLastsADayFromTheFirstCall(t *testing.T) {
	var l ledger
	if got := l.Left(start, Allowance{}, 0); got != day {
		t.Errorf("%s left before the first call, want a day", got)
	}
	l.Sent(start)
	for after, want := range map[time.Duration]time.Duration{
		0: day, time.Hour: 23 * time.Hour, day - 1: 1, day: day, 50 * time.Hour: day, -time.Hour: day,
	} {
		if got := l.Left(start.Add(after), Allowance{}, 0); got != want {
			t.Errorf("%s left %s after the first call, want %s", got, after, want)
		}
	}
}
