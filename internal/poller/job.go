package poller

import (
	"errors"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// job is a poll with its state: one collector for one organization, or for a console or an account. The loop owns it.
type job struct {
	schedule.Poll
	account *account
	source  *job // the discovery that the result is derived from; nil for all others

	running     *attempt // nil when no poll is under way
	done        bool     // not due again
	lastAttempt time.Time
	base        time.Time     // what wait counts from; zero: never polled
	wait        time.Duration // until the next poll, when nothing is stretched
	lastSuccess time.Time
	duration    time.Duration
	failures    int
	unsupported bool
	calls       int64 // requests of the last poll
	err         error
	snapshot    *collector.Snapshot
	previous    *collector.Snapshot // the snapshot that the organization's job had under another name or with other settings

	// What was last published of the job; nil is to be made again.
	part   *exposition.Part
	health []*dto.MetricFamily
	status *Status
}

type jobKey struct {
	name, organizationID string
	accountWide          bool
}

func (j *job) key() jobKey { return jobKey{j.Name, j.Organization.ID, j.AccountWide} }

// due is when the job is to be polled. While intervals are stretched, a failure is not
// retried sooner than a success would be repeated: there is no call to spare.
func (j *job) due(stretch float64) time.Time {
	if j.err == nil {
		return schedule.Due(j.base, j.wait, stretch)
	}
	due := j.base.Add(j.wait)
	if stretched := schedule.Due(j.base, j.Interval, stretch); stretch > 1 && due.Before(stretched) {
		return stretched
	}
	return due
}

// everPolled reports whether the job was polled at all, in this run or before.
func (j *job) everPolled() bool { return !j.base.IsZero() }

// settled reports whether the job has had a result: a snapshot or an error, which includes that it is unsupported.
func (j *job) settled() bool { return j.snapshot != nil || j.err != nil }

// superseded reports whether the job is an account-wide form that is unsupported: its
// organizations are polled one by one, and there is nothing to report of the job itself.
func (j *job) superseded() bool { return j.AccountWide && j.unsupported }

// reportsUsage reports whether the job's responses carry usage headers. Those of unauthenticated endpoints do not.
func (j *job) reportsUsage() bool {
	return j.Collector == nil || j.Collector.Scope != collector.PerConsole
}

// changed has the job's families and status made again.
func (j *job) changed() { j.health, j.status = nil, nil }

// start records that a poll begins.
func (j *job) start(now time.Time) {
	j.lastAttempt = now
	j.base, j.wait = now, j.Interval
	j.status = nil
}

// finish records the result of a poll that began at began.
func (j *job) finish(began, now time.Time, snapshot collector.Snapshot, err error) {
	j.changed()
	j.duration = now.Sub(began)
	j.err = err
	j.unsupported = errors.Is(err, collector.ErrUnsupported)
	if err != nil {
		j.failures++
		return
	}
	j.failures = 0
	// Wall time: while a machine sleeps its monotonic clock stands still, and snapshots age all the same.
	j.lastSuccess = began.Round(0)
	snapshot.Families = collector.WithAccount(snapshot.Families, j.account.Name)
	j.setSnapshot(&snapshot)
	j.previous = nil
}

func (j *job) setSnapshot(s *collector.Snapshot) {
	j.snapshot, j.part = s, exposition.NewPart(s.Families)
}

// expired reports whether the snapshot is too old to be exposed.
func (j *job) expired(now time.Time, maxAge time.Duration) bool {
	return j.snapshot != nil && maxAge > 0 && now.Round(0).Sub(j.lastSuccess) > maxAge
}

// reschedule changes the interval of a job, counted from its last poll.
func (j *job) reschedule(interval time.Duration) {
	if j.Interval == interval {
		return
	}
	j.Interval = interval
	j.changed()
	if !j.everPolled() || j.err != nil || j.source != nil {
		return
	}
	j.done = interval == 0
	j.wait = min(max(j.wait, interval), schedule.LongestWait(interval))
}

// makeDue makes a job due now.
func (j *job) makeDue() {
	j.done = false
	j.base, j.wait = time.Time{}, 0
	j.changed()
}

// abandon cancels the running poll of a job that no longer exists.
func (j *job) abandon() {
	if j.running != nil {
		j.running.cancel()
	}
}

// describe makes the families that report on the job's polls.
func (j *job) describe(health collector.HealthFamilies, s quota.State) {
	j.health = health.Of(collector.PollState{
		Account:      j.account.Name,
		Collector:    j.Name,
		Organization: j.Organization.Name,
		Success:      j.snapshot != nil && j.err == nil,
		Supported:    !j.unsupported,
		Failures:     j.failures,
		LastSuccess:  j.lastSuccess,
		LastAttempt:  j.lastAttempt,
		Duration:     j.duration,
		Interval:     time.Duration(float64(j.Interval) * s.Stretch),
		Next:         j.next(s),
	})
}

// next is when the job will be polled, as things stand; zero: not again.
func (j *job) next(s quota.State) time.Time {
	switch {
	case j.source != nil:
		return j.source.next(s)
	case j.done:
		return time.Time{}
	}
	due := j.due(s.Stretch)
	if (s.Paused[quota.PausedQuota] || s.Paused[quota.PausedReserve]) && due.Before(s.Reset) {
		return s.Reset
	}
	return due
}

// title names the job in messages.
func (j *job) title() string {
	title := j.Name
	if j.Organization.Name != "" {
		title += " of " + j.Organization.Name
	}
	if j.account.Name != "" {
		title += " of account " + j.account.Name
	}
	return title
}
