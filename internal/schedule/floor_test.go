package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestDemandIsCallsByTime(t *testing.T) {
	loads := []Load{{1, 15 * time.Minute, 1}, {3, time.Hour, 8}, {1, 0, 1}, {1, -time.Hour, 1}}
	for in, want := range map[time.Duration]float64{day: 96 + 72, 0: 0} {
		if got := Demand(loads, in); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v calls in %s, want %v", got, in, want)
		}
	}
}

func TestFloor(t *testing.T) {
	quarter := Load{1, 15 * time.Minute, 1} // 96 calls a day
	for _, c := range []struct {
		what  string
		loads []Load
		a     Allowance
		want  time.Duration
	}{
		{"unlimited", []Load{quarter}, Allowance{}, 0},
		{"fits", []Load{quarter}, Allowance{true, 96, day}, 0},
		{"does not fit", []Load{quarter}, Allowance{true, 48, day}, 30 * time.Minute},
		{"fits into the rest of the day", []Load{quarter}, Allowance{true, 48, day / 2}, 0},
		{"a weight of 2", []Load{{1, 15 * time.Minute, 2}}, Allowance{true, 48, day}, 15 * time.Minute},
		{"no weight is 1", []Load{{1, 15 * time.Minute, 0}}, Allowance{true, 48, day}, 30 * time.Minute},
		{"what is rare anyway is not slowed", []Load{{1, 6 * time.Hour, 4}, quarter}, Allowance{true, 28, day}, time.Hour},
		{"until its turn comes", []Load{{1, 6 * time.Hour, 4}, quarter}, Allowance{true, 10, day}, 3 * time.Hour},
		{"one call for centuries", []Load{{1e6, time.Second, 1}}, Allowance{true, 1, day}, longestInterval},
		{"no time left", []Load{quarter}, Allowance{true, 0, 0}, 0},
		{"nothing to poll", nil, Allowance{true, 0, day}, 0},
		{"polled once", []Load{{1, 0, 1}}, Allowance{true, 0, day}, 0},
	} {
		if got, ok := Floor(c.loads, c.a); !ok || got != c.want {
			t.Errorf("%s: %v, %v, want %v", c.what, got, ok, c.want)
		}
	}
	if _, ok := Floor([]Load{quarter}, Allowance{true, 0, day}); ok {
		t.Error("there is a floor although no call is left")
	}
}

func TestTheIntervalInForce(t *testing.T) {
	for _, c := range []struct {
		load  Load
		floor time.Duration
		want  time.Duration
	}{
		{Load{1, time.Hour, 1}, 0, time.Hour},
		{Load{1, time.Hour, 1}, 2 * time.Hour, 2 * time.Hour},
		{Load{1, time.Hour, 8}, 30 * time.Minute, 4 * time.Hour},
		{Load{1, 6 * time.Hour, 4}, time.Hour, 6 * time.Hour},
		{Load{1, 0, 1}, time.Hour, 0},
		{Load{1, time.Hour, 1000}, math.MaxInt64, longestInterval},
		{Load{1, 2 * longestInterval, 8}, longestInterval, 2 * longestInterval},
		{Load{1, math.MaxInt64, 8}, longestInterval, math.MaxInt64},
	} {
		if got := c.load.InForce(c.floor); got != c.want {
			t.Errorf("%+v with a floor of %s: %s, want %s", c.load, c.floor, got, c.want)
		}
	}
}

// Whatever the loads, the intervals in force use the allowance exactly, those of what is slowed have the proportions
// of the weights, and merging equal loads changes nothing.
func TestIntervalsInForceFitIntoTheAllowance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var loads []Load
		for range 1 + r.IntN(20) {
			loads = append(loads, Load{float64(1 + r.IntN(5)), time.Duration(1+r.IntN(600)) * time.Minute, float64(1 + r.IntN(8))})
		}
		a := Allowance{true, int64(100 + r.IntN(3000)), time.Duration(1 + r.Int64N(int64(day)))}
		floor, ok := Floor(loads, a)
		if merged, _ := Floor(Merge(loads), a); !ok || max(merged-floor, floor-merged) > time.Microsecond {
			t.Fatalf("%s, %s when merged", floor, merged)
		}
		inForce := make([]Load, len(loads))
		for i, l := range loads {
			inForce[i] = l
			inForce[i].Interval = l.InForce(floor)
		}
		calls := Demand(inForce, a.Left)
		if calls > float64(a.Calls)*(1+1e-6) || floor > 0 && calls < 0.999*float64(a.Calls) {
			t.Fatalf("with a floor of %s, %v need %v calls of %+v", floor, loads, calls, a)
		}
		if ratio := Ratio(loads, floor); ratio < 1 || (ratio > 1) != (Demand(inForce, day) < Demand(loads, day)) {
			t.Fatalf("with a floor of %s, the largest ratio is %v", floor, ratio)
		}
	}
}

// The smallest licence, one organization and its export token, half of the calls: each weight 1 poll takes 1 part of
// 50 calls, sites a quarter of that, the console an eighth. Discovery takes one call a day.
func TestTheSmallestLicence(t *testing.T) {
	var collectors []Collector
	for _, spec := range collector.Specs() {
		if spec.Name == "console" || spec.Name == "sites" || spec.Name == "tasks" || spec.Name == "assets" {
			interval := 15 * time.Minute
			if spec.Interval != 0 {
				interval = spec.Interval
			}
			collectors = append(collectors, Collector{Spec: spec, Interval: interval, Weight: DefaultWeight(spec)})
		}
	}
	polls := Polls(Account{Kinds: []runzero.Kind{runzero.ExportToken}, Collectors: collectors, Organizations: organizations(false, "A")})
	floor, _ := Floor(Loads(polls), Allowance{true, 50, day})
	if want := day * 19 / 8 / 49; max(floor-want, want-floor) > time.Second { // 1 + 1 + 1/4 + 1/8 polls each 70 minutes
		t.Errorf("a floor of %s, want %s", floor, want)
	}
	for _, p := range polls {
		want := map[string]time.Duration{
			"discovery": day, "tasks": 69*time.Minute + 48*time.Second, "assets": 69*time.Minute + 48*time.Second,
			"sites": 4*time.Hour + 39*time.Minute + 11*time.Second, "console": 9*time.Hour + 18*time.Minute + 22*time.Second,
		}[p.Name]
		if got := p.Load().InForce(floor); max(got-want, want-got) > time.Second {
			t.Errorf("%s every %s, want %s", p.Name, got, want)
		}
	}
}

func TestFirstPollsAreSpreadOnceAQuarterOfTheBudgetIsSpent(t *testing.T) {
	short := Allowance{true, 40, 20 * time.Hour} // one call each half hour
	for _, c := range []struct {
		what   string
		since  time.Duration
		floor  time.Duration
		spent  int64
		budget int64
		want   bool
	}{
		{"less than a quarter", 0, time.Hour, 11, 50, true},
		{"a quarter", 0, time.Hour, 12, 50, false},
		{"a quarter, too early", 29 * time.Minute, time.Hour, 12, 50, false},
		{"a quarter, in time", 30 * time.Minute, time.Hour, 12, 50, true},
		{"a small budget has at least 8", 0, time.Hour, 7, 10, true},
		{"everything fits", 0, 0, 50, 50, true},
	} {
		if got := MayStartFirst(start.Add(c.since), start, c.floor, c.spent, c.budget, short); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestAhead(t *testing.T) {
	for _, c := range []struct {
		left time.Duration
		want int64
	}{{day, 30}, {12 * time.Hour, -20}, {18 * time.Hour, 5}, {0, -70}, {25 * time.Hour, 30}} {
		if got := Ahead(30, 100, c.left); got != c.want {
			t.Errorf("with %s left %d, want %d", c.left, got, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	for interval, most := range map[time.Duration]time.Duration{
		10 * time.Second: time.Second, 15 * time.Minute: time.Minute, day: time.Minute, 0: 0, math.MaxInt64: 0,
	} {
		if got := Spread(interval, 1); got != most || LongestWait(interval) != interval+most {
			t.Errorf("of %s: %s, want %s", interval, got, most)
		}
		if got := Spread(interval, 0); got != 0 {
			t.Errorf("of %s: at least %s", interval, got)
		}
	}
}
