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
	"github.com/runzero-exporter/runzero_exporter/internal/budget"
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
	never       bool // not due again
	attempt     time.Time
	base        time.Time     // what wait counts from; zero: never asked
	wait        time.Duration // until it is due again, where nothing is stretched
	success     time.Time
	duration    time.Duration
	failures    int
	unsupported bool
	calls       int64 // requests of the last poll
	unkept      bool  // what it found could not be written
	err         error
	snapshot    *collector.Snapshot
	previous    *collector.Snapshot // what the organization's job found under another name
	health      []*dto.MetricFamily // nil: to be made anew
}

// due is when the job is to be polled. A failure is not tried again sooner than a
// success would be where intervals are stretched: there is no call to spare.
func (j *job) due(stretch float64) time.Time {
	switch {
	case stretch <= 1:
		return j.base.Add(j.wait)
	case j.err == nil:
		return budget.Due(j.base, j.wait, stretch)
	}
	due, stretched := j.base.Add(j.wait), budget.Due(j.base, j.interval, stretch)
	if due.Before(stretched) {
		return stretched
	}
	return due
}

// asked tells whether the job was ever polled.
func (j *job) asked() bool { return !j.base.IsZero() }

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

// start notes that a poll begins.
func (j *job) start(now time.Time) {
	j.running = true
	j.attempt = now
	j.base, j.wait = now, j.interval
}

// finish notes what a poll that began at began came to.
func (j *job) finish(began, now time.Time, snapshot collector.Snapshot, err error) {
	j.running = false
	j.health = nil
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
func (j *job) describe(health collector.HealthFamilies, s Standing) {
	j.health = health.Of(collector.Polls{
		Collector:    j.collector,
		Organization: j.organization.Name,
		Success:      j.snapshot != nil && j.err == nil,
		Supported:    !j.unsupported,
		Failures:     j.failures,
		LastSuccess:  j.success,
		LastAttempt:  j.attempt,
		Duration:     j.duration,
		Interval:     time.Duration(float64(j.interval) * s.Stretch),
		Next:         j.next(s),
	})
}

// next is when the job will be polled, as things stand; zero: not again.
func (j *job) next(s Standing) time.Time {
	if j.never {
		return time.Time{}
	}
	due := j.due(s.Stretch)
	if (s.Paused[Quota] || s.Paused[Reserve]) && due.Before(s.Reset) {
		return s.Reset
	}
	return due
}
