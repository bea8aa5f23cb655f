package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestDemandIsCallsByTime(t *testing.T) {
	loads := []Load{{1, 15 * time.Minute}, {3, time.Hour}, {1, 0}, {1, -time.Hour}}
	for in, want := range map[time.Duration]float64{day: 96 + 72, 0: 0} {
		if got := Demand(loads, in); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v calls in %s, want %v", got, in, want)
		}
	}
}

func TestStretch(t *testing.T) {
	loads := []Load{{1, 15 * time.Minute}} // 96 calls a day
	for _, c := range []struct {
		what string
		a    Allowance
		want float64
	}{
		{"unlimited", Allowance{}, 1},
		{"fits", Allowance{true, 96, day}, 1},
		{"does not fit", Allowance{true, 48, day}, 2},
		{"fits into the rest of the day", Allowance{true, 48, day / 2}, 1},
		{"nothing left", Allowance{true, 0, day}, math.Inf(1)},
		{"nothing left and no time left", Allowance{true, 0, 0}, 1},
	} {
		if got := Stretch(loads, c.a); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	if got := Stretch(nil, Allowance{true, 0, day}); got != 1 {
		t.Errorf("without any load: %v, want 1", got)
	}
}

func TestStretchedLoadsFitIntoTheAllowance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var loads []Load
		for range 1 + r.IntN(20) {
			loads = append(loads, Load{float64(1 + r.IntN(5)), time.Duration(1+r.IntN(600)) * time.Minute})
		}
		a := Allowance{true, int64(100 + r.IntN(3000)), time.Duration(1 + r.Int64N(int64(day)))}
		stretch := Stretch(loads, a)
		stretched := make([]Load, len(loads))
		for i, l := range loads {
			stretched[i] = Load{l.Calls, Due(start, l.Interval, stretch).Sub(start)}
		}
		calls := Demand(stretched, a.Left)
		if stretch < 1 || calls > float64(a.Calls)*(1+1e-6) || stretch > 1 && calls < 0.999*float64(a.Calls) {
			t.Fatalf("stretched by %v, %v need %v calls of %+v", stretch, loads, calls, a)
		}
	}
}

func TestDue(t *testing.T) {
	const month = 30 * day
	for _, c := range []struct {
		interval time.Duration
		stretch  float64
		want     time.Duration
	}{
		{time.Hour, 1, time.Hour},
		{time.Hour, 2.5, 150 * time.Minute},
		{0, 100, 0},
		{time.Hour, 1e300, month},
		{time.Hour, math.Inf(1), month},
		{2 * month, 3, 2 * month},
		{math.MaxInt64, 1e9, math.MaxInt64},
	} {
		if got := Due(start, c.interval, c.stretch); !got.Equal(start.Add(c.want)) {
			t.Errorf("%s stretched by %v is due at %s, want %s later", c.interval, c.stretch, got, c.want)
		}
	}
}

func TestTheFirstRoundIsSpreadOnceAQuarterOfTheBudgetIsSpent(t *testing.T) {
	short := Allowance{true, 40, 20 * time.Hour}
	f := FirstRound{}
	for range 12 {
		if !f.MayStart(start, 10, 50, short) {
			t.Fatalf("poll %d of 12 must wait", f.Polls+1)
		}
		f.Started(start)
	}
	if f.MayStart(start.Add(29*time.Minute), 10, 50, short) || !f.MayStart(start.Add(30*time.Minute), 10, 50, short) {
		t.Error("the next is not 30 minutes later: 40 calls for 20 hours")
	}
	if !f.MayStart(start, 1, 50, short) {
		t.Error("it waits although nothing is stretched")
	}
}
