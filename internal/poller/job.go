package poller

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// job is one collector for one organization, or for a console.
type job struct {
	target       *target
	collector    string
	organization collector.Organization
	collect      func(context.Context, collector.Poll) (collector.Snapshot, error)
	interval     time.Duration // 0: once it has succeeded, never again
	place        int           // among the jobs of the organization: the cheapest is first

	running     bool
	due         time.Time
	never       bool // not due again
	attempt     time.Time
	success     time.Time
	duration    time.Duration
	failures    int
	unsupported bool
	rounds      int
	err         error
	snapshot    *collector.Snapshot
	previous    *collector.Snapshot // what the organization's job found under another name
	health      []*dto.MetricFamily // nil: to be made anew
}

// answered tells whether the job has all it will get: an answer, or the certainty
// that there is none.
func (j *job) answered() bool { return j.snapshot != nil || j.unsupported }

// run makes one poll. A panic is the failure of this poll and nothing else.
func (j *job) run(ctx context.Context, poll collector.Poll) (snapshot collector.Snapshot, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = newPanicError(r)
		}
	}()
	return j.collect(ctx, poll)
}

// panicError is a bug in a collector. It holds no value that a record may have put
// there, only what the runtime says, and where.
type panicError struct {
	what  string
	stack []byte
}

func newPanicError(r any) *panicError {
	what := fmt.Sprintf("%T", r)
	if fault, ok := r.(runtime.Error); ok {
		what = fault.Error()
	}
	return &panicError{what: what, stack: debug.Stack()}
}

func (e *panicError) Error() string {
	return "the collector panicked, which is a bug of this exporter: " + e.what
}

// finish notes what a poll that began at began came to.
func (j *job) finish(began, now time.Time, snapshot collector.Snapshot, err error) {
	j.running = false
	j.health = nil
	j.rounds++
	j.attempt = began
	j.duration = now.Sub(began)
	j.err = err
	j.unsupported = errors.Is(err, collector.ErrUnsupported)
	if err != nil {
		j.failures++
		return
	}
	j.failures = 0
	// Wall time: while a machine sleeps, its monotonic clock stands still and answers
	// grow old all the same.
	j.success = began.Round(0)
	j.snapshot = &snapshot
}

// expired tells whether what the job last found is too old to be served.
func (j *job) expired(now time.Time, maxAge time.Duration) bool {
	return j.snapshot != nil && maxAge > 0 && now.Round(0).Sub(j.success) > maxAge
}

// describe makes the families that tell of the job.
func (j *job) describe() error {
	polls := collector.Polls{
		Collector:    j.collector,
		Organization: j.organization.Name,
		Success:      j.rounds > 0 && j.err == nil,
		Supported:    !j.unsupported,
		Failures:     j.failures,
		LastSuccess:  j.success,
		LastAttempt:  j.attempt,
		Duration:     j.duration,
		Interval:     j.interval,
	}
	if !j.never {
		polls.Next = j.due
	}
	families, err := polls.Families()
	j.health = families
	return err
}
