package schedule

import (
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestRetry(t *testing.T) {
	const interval, short = 15 * time.Minute, 3 * time.Hour
	for _, c := range []struct {
		what    string
		failure Failure
		want    time.Duration
	}{
		{"a console that cannot be reached costs no call", Failure{Cause: runzero.Unreachable, InARow: 1}, 5 * time.Second},
		{"and again", Failure{Cause: runzero.Unreachable, InARow: 3}, 20 * time.Second},
		{"in the long run", Failure{Cause: runzero.Unreachable, InARow: 10_000}, time.Minute},
		{"a secret that cannot be read", Failure{Cause: runzero.Unreadable, InARow: 2}, 10 * time.Second},
		{"no response", Failure{Cause: runzero.Unavailable, InARow: 1, Interval: interval}, 30 * time.Second},
		{"and again", Failure{Cause: runzero.Unavailable, InARow: 2, Interval: interval}, time.Minute},
		{"in the long run", Failure{Cause: runzero.Unavailable, InARow: 10_000, Interval: interval}, 15 * time.Minute},
		{"in the long run, when calls are short", Failure{Cause: runzero.Unavailable, InARow: 10_000, Interval: short}, short},
		{"in the long run, without data", Failure{Cause: runzero.Unavailable, InARow: 10_000, Interval: short, NoData: true}, 15 * time.Minute},
		{"a busy server", Failure{Cause: runzero.Unavailable, InARow: 1, RetryAfter: 10 * time.Minute, Interval: interval}, 10 * time.Minute},
		{"a rejected credential", Failure{Cause: runzero.Rejected, InARow: 1, Interval: interval}, time.Hour},
		{"every time", Failure{Cause: runzero.Rejected, InARow: 50, Interval: short}, time.Hour},
		{"without data", Failure{Cause: runzero.Rejected, InARow: 50, NoData: true}, 15 * time.Minute},
		{"too many requests: the quota decides", Failure{Cause: runzero.TooMany, InARow: 1, Interval: interval}, 0},
		{"too many requests, for this one alone", Failure{Cause: runzero.TooMany, InARow: 3, Interval: interval}, time.Minute},
		{"unusable data", Failure{Cause: runzero.Faulty, InARow: 1, Interval: interval}, 30 * time.Second},
		{"again", Failure{Cause: runzero.Faulty, InARow: 2, Interval: interval}, interval},
		{"and again", Failure{Cause: runzero.Faulty, InARow: 3, Interval: interval}, 2 * interval},
		{"in the long run", Failure{Cause: runzero.Faulty, InARow: 10_000, Interval: interval}, time.Hour},
		{"a long interval does not shrink", Failure{Cause: runzero.Faulty, InARow: 9, Interval: 6 * time.Hour}, 6 * time.Hour},
		{"without data", Failure{Cause: runzero.Faulty, InARow: 9, Interval: 6 * time.Hour, NoData: true}, 15 * time.Minute},
		{"not later than the interval", Failure{Cause: runzero.Faulty, InARow: 1, Interval: 10 * time.Second}, 10 * time.Second},
	} {
		if got := c.failure.Retry(); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestACrashLoopCostsFewerAndFewerCalls(t *testing.T) {
	for crashes, want := range map[int]time.Duration{
		1: 0, 2: 30 * time.Second, 3: time.Minute, 6: 8 * time.Minute, 7: 15 * time.Minute, 1000: 15 * time.Minute,
	} {
		if got := CutShort(crashes, time.Minute); got != want {
			t.Errorf("after %d crashes %s, want %s", crashes, got, want)
		}
	}
}
