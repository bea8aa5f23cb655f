package quota

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"
)

func throughJSON(t *testing.T, s Saved) Saved {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var read Saved
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// usedQuota makes a quota that has seen a reset, has a call in flight and an hour-old probe.
func usedQuota(now func() time.Time) *Quota {
	q := New(Share{Share: 0.5, Reserve: 0.1}, NewUnlimitedGate(now))
	l := &q.ledger
	for h := range 5 {
		call(l, start.Add(time.Duration(h)*time.Hour), 100, int64(60-h))
	}
	call(l, start.Add(5*time.Hour), 100, 99)
	call(l, start.Add(6*time.Hour), unknown, unknown)
	l.Sent(start.Add(6*time.Hour + 30*time.Second))
	q.probed, q.succeeded = start.Add(6*time.Hour), true
	return q
}

func TestAQuotaSurvivesARestart(t *testing.T) {
	now := start.Add(7 * time.Hour)
	clock := func() time.Time { return now }
	before := usedQuota(clock)
	before.refused["north"] = true
	before.gate.until, before.gate.backoff = now.Add(time.Minute), time.Minute
	saved := throughJSON(t, before.Save(0))
	after := New(Share{Share: 0.5, Reserve: 0.1}, NewUnlimitedGate(clock))
	after.Restore(saved, now)
	if got := after.Save(0); !reflect.DeepEqual(got, saved) {
		t.Errorf("saved again\n%+v, want\n%+v", got, saved)
	}
	was, is := before.State(now), after.State(now)
	was.Exhaustion = time.Time{} // the forecast starts again
	if !reflect.DeepEqual(is, was) {
		t.Errorf("state\n%+v, want\n%+v", is, was)
	}
	if spent := saved.Spent(now); spent != was.Spent {
		t.Errorf("the saved quota has spent %d, want %d", spent, was.Spent)
	}
}

func TestCallsInFlightAtARestartReduceWhatRemains(t *testing.T) {
	var l ledger
	call(&l, start, 100, 12)
	l.Sent(start.Add(time.Minute))
	l.Sent(start.Add(time.Minute))
	restarted := l.saved(start.Add(time.Hour), 0).ledger(start.Add(time.Hour))
	wantCalls(t, &restarted, Share{Share: 1, Reserve: 0.1}, start.Add(time.Hour), 0)
}

func TestSavedTimesInTheFutureBecomeNow(t *testing.T) {
	now := start.AddDate(-1, 0, 0) // the clock was a year ahead
	q := New(Share{Share: 0.5}, NewUnlimitedGate(func() time.Time { return now }))
	before := usedQuota(func() time.Time { return now }).Save(0)
	q.Restore(before, now)
	for name, at := range map[string]time.Time{
		"reported": q.ledger.Reported, "requested": q.ledger.Requested, "lastReset": q.ledger.LastReset,
		"firstCall": q.ledger.FirstCall, "probed": q.probed,
	} {
		if at.After(now) {
			t.Errorf("%s is %s, after now", name, at)
		}
	}
	if got, want := q.State(now).Spent, before.Spent(start.Add(7*time.Hour)); got != want {
		t.Errorf("%d spent, want %d", got, want)
	}
	if got := q.State(now.Add(25 * time.Hour)).Spent; got != 0 {
		t.Errorf("%d spent a day later, want 0", got)
	}
}

func TestImpossibleSavedValuesAreDropped(t *testing.T) {
	for name, s := range map[string]Saved{
		"a reset before midnight":  {record: record{Window: resetWindow{true, -1, time.Hour}}},
		"a reset after the day":    {record: record{Window: resetWindow{true, day, time.Hour}}},
		"a negative width":         {record: record{Window: resetWindow{true, time.Hour, -1}}},
		"a width of over 12 hours": {record: record{Window: resetWindow{true, time.Hour, widestWindow + 1}}},
	} {
		if l := s.ledger(start); l.Window.Known {
			t.Errorf("%s: not dropped", name)
		}
	}
	l := Saved{record: record{Unaccounted: -3, Calls: []minute{{At: start, Calls: -5}, {At: start, Calls: 0}, {At: start, Calls: 2}}}}.ledger(start)
	if got := l.Spent(start); got != 2 || l.Unaccounted != 0 {
		t.Errorf("%d spent and %d unaccounted, want 2 and 0", got, l.Unaccounted)
	}
}

func TestMinutesAreReadInBothForms(t *testing.T) {
	t.Parallel()
	want := minutes{{At: start.Truncate(time.Millisecond).UTC(), Calls: 3}, {At: start.Add(time.Minute).Truncate(time.Millisecond).UTC(), Calls: 1}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := json.Marshal([]minute(want))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range [][]byte{text, objects} {
		var got minutes
		if err := json.Unmarshal(form, &got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", form, got, err)
		}
	}
	if bad := json.Unmarshal([]byte(`[["x",1]]`), new(minutes)); bad == nil {
		t.Error("a text is taken for a time")
	}
}
