package poller

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// savedFault is a fault as it is persisted.
type savedFault struct {
	Key         string
	Cause       runzero.Cause
	Began       time.Time
	Failures    int
	Tried, Next time.Time
	Polls       int
}

// restartRetry is how soon after the last try a restart looks into what an ordinary run would leave alone for longer. A
// crash loop must not cost more calls than that.
const restartRetry = 5 * time.Minute

func (a *account) savedFaults(now time.Time) []savedFault {
	var saved []savedFault
	for key, f := range a.faults {
		saved = append(saved, savedFault{
			Key: key, Cause: f.cause, Began: onClock(f.began, now), Failures: f.failures,
			Tried: onClock(f.tried, now), Next: onClock(f.next, now), Polls: f.polls,
		})
	}
	return saved
}

// keyOf is the key of a fault; nil for none.
func (a *account) keyOf(f *fault) *string {
	for key, known := range a.faults {
		if known == f {
			return &key
		}
	}
	return nil
}

// restoreFaults restores the faults of an earlier run. A restart is a reason to look into them, as long as that costs no
// call.
func (a *account) restoreFaults(saved []savedFault, now time.Time, how restoring) {
	for _, s := range saved {
		f := &fault{cause: s.Cause, began: earlier(s.Began, now), failures: s.Failures, tried: earlier(s.Tried, now), next: soon(s.Next, now), polls: s.Polls}
		switch {
		case how.mirror:
		case s.Cause == runzero.Unreachable || s.Cause == runzero.Unreadable:
			f.next, f.failures = now, 0
		case s.Cause == runzero.Rejected && how.restart:
			f.next = earlier(f.next, f.tried.Add(restartRetry))
		}
		a.faults[s.Key] = f
	}
}

// soon returns t, or now when t is so far in the future that the clock must have been ahead when t was saved.
func soon(t, now time.Time) time.Time {
	if t.Sub(now) > 2*schedule.UnsupportedInterval {
		return now
	}
	return t
}
