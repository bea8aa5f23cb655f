package poller

import (
	"errors"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// job is one collector for one organization, or for a console.
type job struct {
	target       *target
	collector    string
	organization collector.Organization
	scope        collector.Scope
	wide         bool // asks for all organizations of the account at once
	collect      collectFunc
	found        foundFunc // instead of collect: it is fed with what its feeder finds
	feeder       *job
	needs        runzero.Kind
	shape        string
	interval     time.Duration // 0: once it has succeeded, never again
	place        int           // among the jobs of the organization: the cheapest is first

	running     *attempt // nil: none is under way
	never       bool     // not due again
	attempt     time.Time
	base        time.Time     // what wait counts from; zero: never asked
	wait        time.Duration // until it is due again, where nothing is stretched
	success     time.Time
	duration    time.Duration
	failures    int
	unsupported bool
	calls       int64 // requests of the last poll
	err         error
	snapshot    *collector.Snapshot
	said        *part               // of the snapshot, or of the last
	previous    *collector.Snapshot // what the organization's job found under another name
	health      []*dto.MetricFamily // nil: to be made anew
}

type foundFunc func([]runzero.Organization, map[string]string) (collector.Snapshot, error)

// due is when the job is to be polled. A failure is not tried again sooner than a
// success would be where intervals are stretched: there is no call to spare.
func (j *job) due(stretch float64) time.Time {
	switch {
	case stretch <= 1:
		return j.base.Add(j.wait)
	case j.err == nil:
		return quota.Due(j.base, j.wait, stretch)
	}
	due, stretched := j.base.Add(j.wait), quota.Due(j.base, j.interval, stretch)
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

// tells tells whether the job's answers say how the quota stands. What is asked without a
// credential does not.
func (j *job) tells() bool { return j.scope != collector.PerConsole }

// start notes that a poll begins.
func (j *job) start(now time.Time) {
	j.attempt = now
	j.base, j.wait = now, j.interval
}

// finish notes what a poll that began at began came to.
func (j *job) finish(began, now time.Time, snapshot collector.Snapshot, err error) {
	j.health = nil
	j.duration = now.Sub(began)
	j.err = err
	j.unsupported = errors.Is(err, collector.ErrUnsupported)
	if j.wide && j.unsupported {
		j.snapshot = nil // the organizations are asked one by one from now on
	}
	if err != nil {
		j.failures++
		return
	}
	j.failures = 0
	// Wall time: while a machine sleeps, its monotonic clock stands still and answers
	// grow old all the same.
	j.success = began.Round(0)
	j.snapshot, j.previous = &snapshot, nil
}

// part is what the snapshot says.
func (j *job) part() *part {
	if j.said == nil || j.said.of != j.snapshot {
		j.said = newPart(j.snapshot)
	}
	return j.said
}

// expired tells whether what the job last found is too old to be served.
func (j *job) expired(now time.Time, maxAge time.Duration) bool {
	return j.snapshot != nil && maxAge > 0 && now.Round(0).Sub(j.success) > maxAge
}

// describe makes the families that tell of the job. Of one that asks for a whole
// account where that cannot be asked, there is nothing to tell: the organizations are
// asked one by one.
func (j *job) describe(health collector.HealthFamilies, s Standing) {
	if j.wide && j.unsupported {
		j.health = []*dto.MetricFamily{}
		return
	}
	j.health = health.Of(collector.PollState{
		Account:      j.target.Name,
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
	switch {
	case j.feeder != nil:
		return j.feeder.next(s)
	case j.never:
		return time.Time{}
	}
	due := j.due(s.Stretch)
	if (s.Paused[Quota] || s.Paused[Reserve]) && due.Before(s.Reset) {
		return s.Reset
	}
	return due
}
