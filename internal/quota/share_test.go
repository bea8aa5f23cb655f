package quota

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestAllowanceIsTheLesserOfShareAndWhatTheAccountHasLeft(t *testing.T) {
	half := Share{Share: 0.5, Reserve: 0.1}
	for _, c := range []struct {
		what             string
		share            Share
		limit, remaining int64
		spent            int // own calls, all answered by these headers
		want             Allowance
	}{
		{"no headers at all", half, unknown, unknown, 1, Allowance{}},
		{"a limit of nothing is no limit", half, 0, unknown, 1, Allowance{}},
		{"only what remains is said", half, unknown, 40, 1, Allowance{}},
		{"the share", half, 100, 99, 1, Allowance{Known: true, Calls: 49}},
		{"only the limit is said", half, 100, unknown, 7, Allowance{Known: true, Calls: 43}},
		{"the share is spent", half, 100, 50, 50, Allowance{Known: true}},
		{"more than the share is spent", half, 100, 40, 60, Allowance{Known: true}},
		{"others leave less than our share", half, 100, 30, 1, Allowance{Known: true, Calls: 20, Reserve: true}},
		{"exactly as much as our share", half, 100, 59, 1, Allowance{Known: true, Calls: 49}},
		{"down to the reserve", half, 100, 10, 1, Allowance{Known: true, Reserve: true}},
		{"one above the reserve", half, 100, 11, 1, Allowance{Known: true, Calls: 1, Reserve: true}},
		{"below the reserve", half, 100, 3, 1, Allowance{Known: true, Reserve: true}},
		{"nothing left", half, 100, 0, 1, Allowance{Known: true, Reserve: true}},
		{"no reserve", Share{Share: 1}, 100, 1, 1, Allowance{Known: true, Calls: 1, Reserve: true}},
		{"a part of a call is kept for others", Share{Share: 1, Reserve: 0.015}, 100, 3, 1, Allowance{Known: true, Calls: 1, Reserve: true}},
		{"a part of a call is not ours", Share{Share: 0.019}, 100, 99, 1, Allowance{Known: true}},
		{"more left than there is says nothing", half, 100, 5000, 1, Allowance{Known: true, Calls: 49}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var l ledger
			for range c.spent {
				call(&l, start, c.limit, c.remaining)
			}
			if got := c.share.Allowance(&l, start.Add(time.Minute)); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestALimitThatChangesInTheMiddleOfTheDay(t *testing.T) {
	share := Share{Share: 0.5}
	for _, c := range []struct {
		what             string
		limit, remaining int64
		want             int64
	}{
		{"raised", 200, 189, 89},
		{"lowered", 40, 29, 9},
		{"lowered below what is spent", 10, 0, 0},
		{"raised, and what remains is not said", 200, unknown, 89},
		{"lowered, and what remains is not said", 40, unknown, 9},
		{"lowered below what is spent, and what remains is not said", 10, unknown, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			var l ledger
			for i := range int64(10) {
				call(&l, start, 100, 99-i)
			}
			call(&l, start.Add(time.Hour), c.limit, c.remaining)
			if !l.lastReset.IsZero() {
				t.Error("taken for the day's turn")
			}
			wantCalls(t, &l, share, start.Add(2*time.Hour), c.want)
			// What was used is one more at the next call, so that the day has not turned.
			call(&l, start.Add(2*time.Hour), c.limit, max(c.limit-12, 0))
			if !l.lastReset.IsZero() {
				t.Error("the next answer is taken for the day's turn")
			}
		})
	}
}

func TestCallsThatAreNotAnsweredDoNotEatTheReserve(t *testing.T) {
	share := Share{Share: 1, Reserve: 0.1}
	var l ledger
	call(&l, start, 100, 15)
	at := start.Add(time.Minute)
	l.Sent(at)
	wantCalls(t, &l, share, at, 4) // one on its way
	l.Sent(at)
	wantCalls(t, &l, share, at, 3)
	l.Responded(at.Add(time.Second), at, said(unknown, unknown))
	wantCalls(t, &l, share, at, 3) // nobody answered: it may have been charged
	l.Responded(at.Add(time.Second), at, said(unknown, unknown))
	for want := int64(2); want >= 0; want-- {
		call(&l, at, unknown, unknown)
		wantCalls(t, &l, share, at, want)
	}
	// They were not charged, as the next answer tells.
	call(&l, at.Add(time.Minute), 100, 14)
	wantCalls(t, &l, share, at.Add(time.Minute), 4)
}

func TestWhatWasSaidBeforeTheExpectedResetIsStale(t *testing.T) {
	share := Share{Share: 0.5, Reserve: 0.1}
	var l ledger
	call(&l, start, 100, 0)
	midnight := start.Add(12 * time.Hour)
	for _, c := range []struct {
		at   time.Time
		want bool
	}{{start.Add(time.Minute), false}, {midnight.Add(-time.Nanosecond), false}, {midnight, true}, {midnight.Add(40 * time.Hour), true}} {
		if a := share.Allowance(&l, c.at); a.Stale != c.want || a.Calls != 0 {
			t.Errorf("at %s: %+v, want stale %v", c.at, a, c.want)
		}
	}
	call(&l, midnight, 100, 99)
	if a := share.Allowance(&l, midnight.Add(time.Minute)); a.Stale || a.Calls == 0 {
		t.Errorf("after the answer: %+v", a)
	}
	// What is spent is not stale: it is known, whenever the day turns.
	for range 50 {
		call(&l, midnight.Add(time.Hour), 100, 49)
	}
	if a := share.Allowance(&l, midnight.Add(24*time.Hour)); a.Stale || a.Calls != 0 {
		t.Errorf("with the share spent: %+v", a)
	}
}

// TestTheLastCallOfTheShareAsksWhetherTheDayHasTurned spends all there is on a day whose
// first call was late: on the next one, nothing may wait for that to be a day ago.
func TestTheLastCallOfTheShareAsksWhetherTheDayHasTurned(t *testing.T) {
	share := Share{Share: 0.5, Reserve: 0.1}
	var l ledger
	turn := start.Add(20 * time.Minute)
	call(&l, start, 100, 60)
	call(&l, turn.Add(time.Minute), 100, 99)     // it turned in between, as is learned
	at, spent := turn.Add(9*time.Hour), int64(2) // the first may be of the new day
	for ; share.Allowance(&l, at).Calls > 0; spent++ {
		at = at.Add(10 * time.Minute)
		call(&l, at, 100, 100-spent)
	}
	if spent != 49 {
		t.Errorf("%d calls of a share of 50, want one to be kept", spent)
	}
	next := l.NextReset(at)
	wantCalls(t, &l, share, next.Add(-time.Hour), 0)
	if a := share.Allowance(&l, next); !a.Stale || a.Calls < 1 {
		t.Errorf("when the day is expected to turn: %+v, want a call", a)
	}
	call(&l, next, 100, 99)
	wantCalls(t, &l, share, next.Add(time.Minute), 47) // the one before it may be of the new day
}

func TestDemandIsCallsByTime(t *testing.T) {
	jobs := []Job{{Calls: 1, Interval: 15 * time.Minute}, {Calls: 3, Interval: time.Hour}, {Calls: 1}, {Calls: 1, Interval: -time.Hour}}
	if got := Demand(jobs, day); math.Abs(got-(96+72)) > 1e-9 {
		t.Errorf("%v, want 168: what has no interval asks nothing", got)
	}
	if got := Demand(jobs, 0); got != 0 {
		t.Errorf("%v in no time", got)
	}
	if got := Demand(nil, day); got != 0 {
		t.Errorf("%v of nothing", got)
	}
}

func TestStretch(t *testing.T) {
	jobs := []Job{{Calls: 1, Interval: 15 * time.Minute}} // 96 a day
	for _, c := range []struct {
		what string
		a    Allowance
		left time.Duration
		want float64
	}{
		{"unknown", Allowance{}, day, 1},
		{"fits", Allowance{Known: true, Calls: 96}, day, 1},
		{"does not fit", Allowance{Known: true, Calls: 48}, day, 2},
		{"fits into what is left of the day", Allowance{Known: true, Calls: 48}, day / 2, 1},
		{"nothing left", Allowance{Known: true}, day, math.Inf(1)},
		{"nothing left and no time left", Allowance{Known: true}, 0, 1},
		{"said before the day turned", Allowance{Known: true, Stale: true}, day, 1},
	} {
		if got := Stretch(jobs, c.a, c.left); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	if got := Stretch(nil, Allowance{Known: true}, day); got != 1 {
		t.Errorf("nothing to ask is stretched by %v", got)
	}
}

func TestStretchedJobsFitIntoTheAllowance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var jobs []Job
		for range 1 + r.IntN(20) {
			jobs = append(jobs, Job{Calls: float64(1 + r.IntN(5)), Interval: time.Duration(1+r.IntN(600)) * time.Minute})
		}
		a := Allowance{Known: true, Calls: int64(100 + r.IntN(3000))} // enough for intervals shorter than the longest
		left := time.Duration(1 + r.Int64N(int64(day)))
		stretch := Stretch(jobs, a, left)
		if stretch < 1 {
			t.Fatalf("a stretch of %v", stretch)
		}
		stretched := make([]Job, len(jobs))
		for i, j := range jobs {
			stretched[i] = Job{Calls: j.Calls, Interval: Due(start, j.Interval, stretch).Sub(start)}
		}
		calls := Demand(stretched, left)
		if calls > float64(a.Calls)*(1+1e-6) {
			t.Fatalf("stretched by %v, %v still ask for %v calls in %s, of %d", stretch, jobs, calls, left, a.Calls)
		}
		if stretch > 1 && calls < 0.999*float64(a.Calls) {
			t.Fatalf("stretched by %v, %v ask for only %v calls in %s, of %d", stretch, jobs, calls, left, a.Calls)
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

func TestTheShareInCallsIsRoundedDown(t *testing.T) {
	for limit, want := range map[int64]int64{100: 50, 101: 50, 1: 0, 1_000_000: 500_000} {
		if got := (Share{Share: 0.5}).Calls(limit); got != want {
			t.Errorf("half of %d is %d, want %d", limit, got, want)
		}
	}
}
