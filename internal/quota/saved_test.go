package quota

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// lived is a ledger with all that one can hold.
func lived() ledger {
	var l ledger
	for h := range 5 {
		call(&l, start.Add(time.Duration(h)*time.Hour), 100, int64(60-h))
	}
	call(&l, start.Add(5*time.Hour), 100, 99)
	call(&l, start.Add(6*time.Hour), unknown, unknown)
	l.Sent(start.Add(6*time.Hour + 30*time.Second))
	return l
}

func throughJSON(t *testing.T, k Saved) Saved {
	t.Helper()
	data, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	var read Saved
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestALedgerSurvivesBeingWrittenDown(t *testing.T) {
	l := lived()
	now := start.Add(7 * time.Hour)
	read := throughJSON(t, l.saved())
	if !reflect.DeepEqual(read, l.saved()) {
		t.Errorf("read\n%+v, wrote\n%+v", read, l.saved())
	}
	again := read.ledger(now)
	if !reflect.DeepEqual(again.saved(), l.saved()) {
		t.Errorf("again\n%+v, before\n%+v", again.saved(), l.saved())
	}
	if again.window != l.window || !again.window.known {
		t.Errorf("learned %+v, before %+v", again.window, l.window)
	}
	share := Share{Share: 0.5, Reserve: 0.1}
	if a, b := share.allowance(&again, now), share.allowance(&l, now); a != b {
		t.Errorf("allowed %+v, before %+v", a, b)
	}
	if a, b := again.Left(now), l.Left(now); a != b {
		t.Errorf("%s left, before %s", a, b)
	}
}

func TestCallsOnTheirWayWhenItWasWrittenCountAgainstWhatRemains(t *testing.T) {
	var l ledger
	call(&l, start, 100, 12)
	l.Sent(start.Add(time.Minute))
	l.Sent(start.Add(time.Minute))
	again := l.saved().ledger(start.Add(time.Hour))
	wantCalls(t, &again, Share{Share: 1, Reserve: 0.1}, start.Add(time.Hour), 0)
}

func TestAnEmptyLedgerSurvivesToo(t *testing.T) {
	var l ledger
	if again := throughJSON(t, l.saved()).ledger(start); !reflect.DeepEqual(again, ledger{}) {
		t.Errorf("%+v", again)
	}
}

func TestTimesThatAreToComeAreNow(t *testing.T) {
	l := lived()
	now := start.AddDate(-1, 0, 0)
	k := l.saved()
	again := k.ledger(now)
	for what, at := range map[string]time.Time{"reported": again.reported, "requested": again.requested, "lastReset": again.lastReset, "Began": again.firstCall} {
		if at.After(now) {
			t.Errorf("%s is %s, after now", what, at)
		}
	}
	spent := l.Spent(start.Add(7 * time.Hour))
	if got := again.Spent(now); got != spent {
		t.Errorf("%d spent, want %d", got, spent)
	}
	// They are forgotten a day later, not a year.
	if got := again.Spent(now.Add(25 * time.Hour)); got != 0 {
		t.Errorf("%d spent a day later, want 0", got)
	}
}

func TestWhatCannotBeIsNotBelieved(t *testing.T) {
	for what, k := range map[string]Saved{
		"a reset before the day":  {ResetKnown: true, ResetFrom: -1, ResetWidth: time.Hour},
		"a reset after the day":   {ResetKnown: true, ResetFrom: day, ResetWidth: time.Hour},
		"a width below nothing":   {ResetKnown: true, ResetFrom: time.Hour, ResetWidth: -1},
		"a width of half the day": {ResetKnown: true, ResetFrom: time.Hour, ResetWidth: widestWindow + 1},
	} {
		if l := k.ledger(start); l.window.known {
			t.Errorf("%s: believed", what)
		}
	}
	l := Saved{Unaccounted: -3, Calls: []minute{{At: start, Calls: -5}, {At: start, Calls: 0}, {At: start, Calls: 2}}}.ledger(start)
	if got := l.Spent(start); got != 2 || l.unaccounted != 0 {
		t.Errorf("%d spent and %d untold, want 2 and 0", got, l.unaccounted)
	}
}
