package quota

import (
	"testing"
	"time"
)

func TestSharesAreRoundedInFavourOfOthers(t *testing.T) {
	for _, c := range []struct {
		share          Share
		limit          int64
		calls, reserve int64
	}{
		{Share{Share: 0.5, Reserve: 0.1}, 100, 50, 10},
		{Share{Share: 0.5, Reserve: 0.1}, 101, 50, 11},
		{Share{Share: 0.5, Reserve: 0.1}, 1, 0, 1},
		{Share{Share: 0.5, Reserve: 0}, 1_000_000, 500_000, 0},
		{Share{Share: 0.29, Reserve: 0.07}, 100, 29, 7}, // 0.29*100 < 29 and 0.07*100 > 7 in floating point
		{Share{Share: 1, Reserve: 0.1}, 0, 0, 0},
	} {
		if calls, reserve := c.share.Calls(c.limit), c.share.ReserveCalls(c.limit); calls != c.calls || reserve != c.reserve {
			t.Errorf("%+v of %d: %d calls and a reserve of %d, want %d and %d", c.share, c.limit, calls, reserve, c.calls, c.reserve)
		}
	}
}

func TestTheAllowanceIsTheLesserOfShareAndRemainingCalls(t *testing.T) {
	half := Share{Share: 0.5, Reserve: 0.1}
	for _, c := range []struct {
		name             string
		share            Share
		limit, remaining int64
		spent            int // own calls, all with these headers
		want             Allowance
	}{
		{"no headers", half, unknown, unknown, 1, Allowance{}},
		{"only the remaining calls", half, unknown, 40, 1, Allowance{}},
		{"only the limit", half, 100, unknown, 7, Allowance{Known: true, Calls: 43}},
		{"share", half, 100, 99, 1, Allowance{Known: true, Calls: 49}},
		{"share spent", half, 100, 50, 50, Allowance{Known: true}},
		{"others leave less than the share", half, 100, 30, 1, Allowance{Known: true, Calls: 20, Reserve: true}},
		{"one above the reserve", half, 100, 11, 1, Allowance{Known: true, Calls: 1, Reserve: true}},
		{"at the reserve", half, 100, 10, 1, Allowance{Known: true, Reserve: true}},
		{"nothing left", half, 100, 0, 1, Allowance{Known: true, Reserve: true}},
		{"more remaining than the limit is ignored", half, 100, 5000, 1, Allowance{Known: true, Calls: 49}},
	} {
		t.Run(c.name, func(t *testing.T) {
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

func TestTheLimitMayChangeDuringTheDay(t *testing.T) {
	share := Share{Share: 0.5}
	for _, c := range []struct {
		name             string
		limit, remaining int64
		want             int64
	}{
		{"raised", 200, 189, 89},
		{"lowered", 40, 29, 9},
		{"lowered below what is spent", 10, 0, 0},
		{"lowered, only the limit reported", 40, unknown, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l ledger
			for i := range int64(10) {
				call(&l, start, 100, 99-i)
			}
			call(&l, start.Add(time.Hour), c.limit, c.remaining)
			wantCalls(t, &l, share, start.Add(2*time.Hour), c.want)
			call(&l, start.Add(2*time.Hour), c.limit, max(c.limit-12, 0))
			if !l.LastReset.IsZero() {
				t.Error("the change was taken for a reset")
			}
		})
	}
}

func TestCallsWithoutUsageHeadersDoNotEatIntoTheReserve(t *testing.T) {
	share := Share{Share: 1, Reserve: 0.1}
	var l ledger
	call(&l, start, 100, 15)
	at := start.Add(time.Minute)
	l.Sent(at)
	wantCalls(t, &l, share, at, 4) // one in flight
	l.Sent(at)
	wantCalls(t, &l, share, at, 3)
	l.Responded(at.Add(time.Second), at, "token", usage(unknown, unknown))
	l.Responded(at.Add(time.Second), at, "token", usage(unknown, unknown))
	wantCalls(t, &l, share, at, 3) // they failed, but may have been charged
	for want := int64(2); want >= 0; want-- {
		call(&l, at, unknown, unknown)
		wantCalls(t, &l, share, at, want)
	}
	call(&l, at.Add(time.Minute), 100, 14) // none of them was charged after all
	wantCalls(t, &l, share, at.Add(time.Minute), 4)
}

func TestWhatWasReportedBeforeTheExpectedResetIsStale(t *testing.T) {
	share := Share{Share: 0.5, Reserve: 0.1}
	var l ledger
	call(&l, start, 100, 0)
	reset := start.Add(12 * time.Hour)
	for _, c := range []struct {
		at   time.Time
		want bool
	}{{start.Add(time.Minute), false}, {reset.Add(-1), false}, {reset, true}, {reset.Add(40 * time.Hour), true}} {
		if a := share.allowance(&l, c.at); a.Stale != c.want || a.Calls != 0 {
			t.Errorf("at %s: %+v, want stale %v", c.at, a, c.want)
		}
	}
	call(&l, reset, 100, 99)
	if a := share.allowance(&l, reset.Add(time.Minute)); a.Stale || a.Calls == 0 {
		t.Errorf("after a new report: %+v", a)
	}
	// A spent share is known without the console.
	for range 50 {
		call(&l, reset.Add(time.Hour), 100, 49)
	}
	if a := share.allowance(&l, reset.Add(24*time.Hour)); a.Stale || a.Calls != 0 {
		t.Errorf("with the share spent: %+v", a)
	}
}

// On a day whose first call was late, the share must not be spent until that call is 24
// hours old: nothing could be requested after the next reset.
func TestTheLastCallOfTheShareIsHeldBackUntilTheReset(t *testing.T) {
	share := Share{Share: 0.5, Reserve: 0.1}
	var l ledger
	reset := start.Add(20 * time.Minute)
	call(&l, start, 100, 60)
	call(&l, reset.Add(time.Minute), 100, 99)
	at, spent := reset.Add(9*time.Hour), int64(2)
	for ; share.allowance(&l, at).Calls > 0; spent++ {
		at = at.Add(10 * time.Minute)
		call(&l, at, 100, 100-spent)
	}
	if spent != 49 {
		t.Errorf("%d calls of a share of 50, want one to be held back", spent)
	}
	next := l.NextReset(at)
	wantCalls(t, &l, share, next.Add(-time.Hour), 0)
	if a := share.allowance(&l, next); !a.Stale || a.Calls < 1 {
		t.Errorf("at the expected reset: %+v, want a call", a)
	}
	call(&l, next, 100, 99)
	wantCalls(t, &l, share, next.Add(time.Minute), 47) // the call before may belong to the new day
}
