package schedule

import (
	"testing"
	"time"
)

// dueIn is a poll every 15 minutes that was last made so long ago.
func dueIn(calls, weight float64, ago time.Duration) Due {
	now := time.Unix(1_000_000, 0)
	return Due{Load: Load{Calls: calls, Interval: 15 * time.Minute, Weight: weight}, Last: now.Add(-ago), Next: now.Add(15*time.Minute - ago)}
}

func TestFloorOfCountsTheCallsThatAreLeft(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	retry := Due{Load: Load{Calls: 1, Interval: time.Hour}, Next: now.Add(time.Minute)}
	for _, c := range []struct {
		what  string
		dues  []Due
		calls int64
		left  time.Duration
		want  time.Duration
		ok    bool
	}{
		{"enough for each interval", []Due{dueIn(1, 1, 0)}, 12, 3 * time.Hour, 0, true},
		{"three calls for three hours: the quota resets when the fourth is due", []Due{dueIn(1, 1, 0)}, 3, 3 * time.Hour, 45 * time.Minute, true},
		{"two calls a poll", []Due{dueIn(2, 1, 0)}, 6, 3 * time.Hour, 45 * time.Minute, true},
		{"what is due after the reset takes nothing away", []Due{dueIn(1, 1, 0), dueIn(1, 8, 0)}, 3, 3 * time.Hour, 45 * time.Minute, true},
		{"what was polled long ago is due at once", []Due{dueIn(1, 1, 4*time.Hour)}, 2, 2 * time.Hour, time.Hour + time.Second, true},
		{"a retry is due whatever the floor is", []Due{retry, dueIn(1, 1, 0)}, 2, time.Hour, 30 * time.Minute, true},
		{"no call is left", []Due{dueIn(1, 1, 0)}, 0, time.Hour, 0, false},
		{"no call is needed", []Due{dueIn(1, 1, 0)}, 0, 10 * time.Minute, 0, true},
		{"more has to be polled than may be", []Due{retry, retry}, 1, time.Hour, 25 * time.Hour, true},
	} {
		got, ok := FloorOf(c.dues, now, Allowance{Limited: true, Calls: c.calls, Left: c.left})
		if off := got - c.want; ok != c.ok || off < -time.Second || off > 2*time.Second {
			t.Errorf("%s: %s, %t, want %s, %t", c.what, got, ok, c.want, c.ok)
		}
	}
	if floor, ok := FloorOf([]Due{dueIn(1, 1, 0)}, now, Allowance{}); floor != 0 || !ok {
		t.Errorf("%s, %t without a limit", floor, ok)
	}
}
