package poller

import (
	"cmp"
	"errors"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// job is a poll with its state: one collector for one organization, or for a console or an account. The loop owns it.
type job struct {
	schedule.Poll
	account *account
	source  *job // the discovery that the result is derived from; nil for all others
	feed    *job // that polls what changes, of one that is polled daily otherwise; nil for all others
	trigger *job // the job of the same organization whose results make this one due; nil for all others

	running     *attempt // nil when no poll is under way
	lastAttempt time.Time
	base        time.Time     // what wait counts from; zero: never polled
	wait        time.Duration // until the next poll, as long as the interval is as configured
	retry       time.Time     // when it is polled again out of turn; zero: after wait
	waits       *fault        // whose end it waits for; nil: none
	freed       bool          // the fault that it waited for has ended, and it was not polled since
	released    runzero.Cause // of a fault that ended, without a success since: what fails for it now has its own reason
	cut         int           // polls in a row that a restart has cut short
	reason      string        // why it is polled out of turn; empty: it is not, or after a failure
	whole       time.Time     // when everything is polled again of a job with a feed, if that is once a day
	missed      string        // as collector.Changed.Missed, of the last changes
	unclear     bool          // what has changed is not known, of a job with a feed: it has to be polled
	processed   time.Time     // what trigger had found when it was last polled; see collector.Tasks
	meanGap     time.Duration // between the last polls of a job with a trigger
	cached      time.Time     // lastSuccess of the snapshot as it was last saved
	version     int64         // of the snapshot as it was loaded; 0: it is newer, or its version is not known
	stored      sum           // of its state as the store has it; zero: unknown
	loaded      loadedJob     // as it was loaded from a store that others use, too
	credential  string        // that was last used
	lastSuccess time.Time
	duration    time.Duration
	failures    int
	unsupported bool
	calls       int64 // requests of the last poll
	err         error
	outcomes    string // as Status.Outcomes
	drops       bool   // targets were left out when that was last logged
	snapshot    *collector.Snapshot
	live        int64               // assets that snapshot counts as live
	series      int                 // of snapshot
	previous    *collector.Snapshot // the snapshot that the organization's job had under another name or with other settings

	derivation derivation
	// What was last published of the job; nil is to be made again.
	part   *exposition.Part
	health *exposition.Part
	status *Status
}

type jobKey struct {
	name, organizationID string
	accountWide          bool
}

func (j *job) key() jobKey { return jobKey{j.Name, j.Organization.ID, j.AccountWide} }

// interval is the one in force: the longest time between two polls, or looks at what has changed, while nothing fails.
func (j *job) interval() time.Duration {
	switch {
	case j.followed():
		return j.feed.interval()
	case j.onChange():
		return j.longest()
	case j.feed != nil && j.feed.overflows():
		return max(j.inForce(j.Interval), overflowInterval)
	}
	return j.inForce(j.Interval)
}

// foreseen is when the job will be polled that is due: if the quota resets before, intervals are then short again.
func (j *job) foreseen(due time.Time) time.Time {
	a, load := j.account, schedule.Load{Interval: j.Interval, Weight: j.Weight}
	if j.onChange() {
		load = j.unchanged()
	}
	later := load.InForce(a.wholeDay) - load.InForce(a.floor)
	if a.resets.IsZero() || !due.After(a.resets) || later >= 0 {
		return due
	}
	if due = due.Add(later); due.Before(a.resets) {
		return a.resets
	}
	return due
}

// foreseenInterval is the interval in force, but for a reset of the quota before it has passed.
func (j *job) foreseenInterval() time.Duration {
	if j.followed() {
		return j.feed.foreseenInterval()
	}
	interval := j.interval()
	if !j.everPolled() {
		return interval
	}
	return j.foreseen(j.base.Add(interval)).Sub(j.base)
}

// unchanged is what polls cost while nothing changes, which can wait.
func (j *job) unchanged() schedule.Load {
	return schedule.Load{Interval: j.MaxInterval, Weight: schedule.UnchangedWeight * j.Weight}
}

// longest is the longest interval without changes that is in force.
func (j *job) longest() time.Duration { return j.unchanged().InForce(j.account.floor) }

// inForce is what the quota makes of an interval.
func (j *job) inForce(interval time.Duration) time.Duration {
	return schedule.Load{Interval: interval, Weight: j.Weight}.InForce(j.account.floor)
}

// due is when the job is to be polled. One that waits for the end of a fault may be the one that finds it out.
func (j *job) due() time.Time {
	switch f, own := j.faultOf(), j.ownDue(); {
	case f == nil:
		return own
	case j.waits != f && own.After(f.next):
		return own
	default:
		return f.next
	}
}

// ownDue is when the job is to be polled if nothing is wrong with its console and its credential.
func (j *job) ownDue() time.Time {
	switch {
	case !j.retry.IsZero():
		return j.retry
	case j.followed():
		return j.wholeDue()
	case j.onChange():
		return j.dueOnChange()
	case j.Changes && !j.everPolled():
		return j.firstChanges()
	case !j.everPolled():
		return time.Time{}
	case j.feed != nil:
		return j.base.Add(max(j.wait, j.interval()))
	}
	return j.base.Add(max(j.wait, j.inForce(j.Interval)))
}

// everPolled reports whether the job was polled at all, in this run or before.
func (j *job) everPolled() bool { return !j.base.IsZero() }

// settled reports whether the job has had a result: a snapshot or an error, which includes that it is unsupported. One
// that waits because others have failed has had theirs.
func (j *job) settled() bool {
	return j.snapshot != nil || j.err != nil || j.faultOf() != nil || j.Changes // which come after the rest
}

// silent reports whether there is nothing to report of the job.
func (j *job) silent() bool { return j.superseded() || j.Changes && j.snapshot == nil && j.err == nil }

// superseded reports whether the job is an account-wide form that is unsupported: its
// organizations are polled one by one, and there is nothing to report of the job itself.
func (j *job) superseded() bool { return j.AccountWide && j.unsupported }

// free reports whether the job makes no request, because no credential may.
func (j *job) free() bool { return j.unsupported && j.calls == 0 }

// reportsUsage reports whether the job's responses carry usage headers. Those of unauthenticated endpoints do not.
func (j *job) reportsUsage() bool {
	return j.Collector == nil || j.Collector.Scope != collector.PerConsole
}

// start records that a poll begins.
func (j *job) start(now time.Time) {
	j.lastAttempt = now
	if j.trigger != nil && j.everPolled() {
		j.meanGap = (7*cmp.Or(j.meanGap, j.MaxInterval) + now.Sub(j.base)) / 8
	}
	j.base, j.wait, j.retry, j.reason = now, j.Interval, time.Time{}, ""
	j.status = nil
	j.touch()
}

// finish records the result of a poll that began at began.
func (j *job) finish(began, now time.Time, snapshot collector.Snapshot, err error) {
	j.changed()
	j.freed = false
	j.duration = now.Sub(began)
	j.err = err
	j.unsupported = errors.Is(err, collector.ErrUnsupported)
	j.remember()
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
	j.version = 0
	j.snapshot, j.part, j.live = s, exposition.NewPart(j.account.Labels.Add(s.Families)), collector.LiveAssets(s.Families)
	j.series = 0
	for _, family := range s.Families {
		j.series += len(family.Metric)
	}
}

// expiry is when the snapshot becomes too old to be exposed; zero: never. While the quota lengthens the interval, a
// snapshot lasts for two of them: what is polled in time does not vanish in between.
func (j *job) expiry(maxAge time.Duration) time.Time {
	if j.snapshot == nil || maxAge <= 0 {
		return time.Time{}
	}
	if interval := j.foreseenInterval(); interval > j.Interval {
		maxAge = max(maxAge, 2*interval)
	}
	// One millisecond more, because a snapshot expires when it is older than the maximum.
	return j.lastSuccess.Add(maxAge + time.Millisecond)
}

// expired reports whether the snapshot is too old to be exposed.
func (j *job) expired(now time.Time, maxAge time.Duration) bool {
	end := j.expiry(maxAge)
	return !end.IsZero() && !now.Round(0).Before(end)
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
	j.wait = min(max(j.wait, interval), schedule.LongestWait(interval))
}

// makeDue makes a job due now.
func (j *job) makeDue() {
	j.base, j.wait, j.retry = time.Time{}, 0, time.Time{}
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
	j.health = exposition.NewPart(health.Of(collector.PollState{
		Account:      j.account.Name,
		Collector:    j.Name,
		Organization: j.Organization.Name,
		Success:      j.snapshot != nil && j.err == nil,
		Supported:    !j.unsupported,
		Failures:     j.failures,
		LastSuccess:  j.lastSuccess,
		LastAttempt:  j.lastAttempt,
		Duration:     j.duration,
		Interval:     j.foreseenInterval(),
		Next:         j.next(s),
	}))
}

// next is when the job will be polled, as things stand; zero: not again.
func (j *job) next(s quota.State) time.Time {
	if j.source != nil {
		return j.source.next(s)
	}
	due := j.due()
	switch {
	case due.IsZero():
		due = j.lastAttempt // if it was polled before, it is due since then
	case j.retry.IsZero() && j.faultOf() == nil:
		due = j.foreseen(due)
	}
	if j.followed() && j.feed.due().Before(due) {
		due = j.feed.foreseen(j.feed.due())
	}
	if due.Before(s.Resumes) {
		return s.Resumes
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
