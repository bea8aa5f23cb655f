package quota

import (
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
			if got := c.share.allowance(&l, start.Add(time.Minute)); got != c.want {
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
		if a := share.allowance(&l, c.at); a.Stale != c.want || a.Calls != 0 {
			t.Errorf("at %s: %+v, want stale %v", c.at, a, c.want)
		}
	}
	call(&l, midnight, 100, 99)
	if a := share.allowance(&l, midnight.Add(time.Minute)); a.Stale || a.Calls == 0 {
		t.Errorf("after the answer: %+v", a)
	}
	// What is spent is not stale: it is known, whenever the day turns.
	for range 50 {
		call(&l, midnight.Add(time.Hour), 100, 49)
	}
	if a := share.allowance(&l, midnight.Add(24*time.Hour)); a.Stale || a.Calls != 0 {
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
	for ; share.allowance(&l, at).Calls > 0; spent++ {
		at = at.Add(10 * time.Minute)
		call(&l, at, 100, 100-spent)
	}
	if spent != 49 {
		t.Errorf("%d calls of a share of 50, want one to be kept", spent)
	}
	next := l.NextReset(at)
	wantCalls(t, &l, share, next.Add(-time.Hour), 0)
	if a := share.allowance(&l, next); !a.Stale || a.Calls < 1 {
		t.Errorf("when the day is expected to turn: %+v, want a call", a)
	}
	call(&l, next, 100, 99)
	wantCalls(t, &l, share, next.Add(time.Minute), 47) // the one before it may be of the new day
}

func TestTheShareInCallsIsRoundedDown(t *testing.T) {
	for limit, want := range map[int64]int64{100: 50, 101: 50, 1: 0, 1_000_000: 500_000} {
		if got := (Share{Share: 0.5}).Calls(limit); got != want {
			t.Errorf("half of %d is %d, want %d", limit, got, want)
		}
	}
}
