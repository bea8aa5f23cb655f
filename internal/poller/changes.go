package poller

import (
	"errors"
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// overflowInterval is how often changes are polled, and instead of them everything, while there are more of them than
// the console lists. Searches are for whole hours: what filled one list fills all others of that hour.
const overflowInterval = 35 * time.Minute

// overflows reports whether there were too many changes to list.
func (j *job) overflows() bool { return errors.Is(j.err, collector.ErrIncomplete) }

// followable reports whether changes can be added to what the job has.
func (j *job) followable() bool {
	return j.snapshot != nil && j.snapshot.Tasks != nil && !j.snapshot.Tasks.Incomplete
}

// followed reports whether polling changes is enough for the job: then everything is polled only once a day. A single
// failure is no reason to poll everything, because changes are polled again soon, nor is one that concerns all polls.
func (j *job) followed() bool {
	f := j.feed
	if f == nil || !j.followable() || j.unclear {
		return false
	}
	return f.err == nil || f.excused() || f.failures == 1 && !f.unsupported && !f.overflows()
}

// excused reports whether the last poll failed for something that concerns all polls, and that may be over by now.
func (j *job) excused() bool { return j.waits != nil || j.freed }

// followers are the jobs whose changes a feed finds out, or is to find out when it is supported again.
func (j *job) followers() []*job {
	var all []*job
	for _, other := range j.account.index.alike[jobKey{name: j.Name}] {
		if other.feed == j || j.unsupported && j.account.accountWide(other.Organization.ID) {
			all = append(all, other)
		}
	}
	return all
}

// firstChanges is when changes are first polled: one interval after the first poll of what has them.
func (j *job) firstChanges() time.Time {
	first := j.derivation.oldest
	if first.IsZero() {
		first = j.account.lastFirst // nothing to follow yet
	}
	return first.Add(j.inForce(j.Interval))
}

// oldestFollowed is when the oldest data was polled of what changes can be added to; zero: there is none.
func (j *job) oldestFollowed() (oldest time.Time) {
	for _, other := range j.followers() {
		if other.followable() && (oldest.IsZero() || other.lastSuccess.Before(oldest)) {
			oldest = other.lastSuccess
		}
	}
	return oldest
}

// toFollow are the organizations whose changes are looked for at now.
func (j *job) toFollow(now time.Time) []collector.Followed {
	var all []collector.Followed
	for _, other := range j.followers() {
		if other.followable() && !other.unclear && other.running == nil && !other.outOfReach(now) {
			all = append(all, collector.Followed{
				Organization: other.Organization, Snapshot: other.snapshot, Sites: other.sites(), Current: other.lastSuccess,
			})
		}
	}
	return all
}

// outOfReach reports whether changes since the job's data may be older than those that are looked for.
func (j *job) outOfReach(now time.Time) bool {
	return j.lastSuccess.After(now) || now.Sub(j.lastSuccess) > collector.LongestWindow-time.Hour
}

// finishChanges applies what a poll of changes has found, or what a poll of everything says about them.
func (p *Poller) finishChanges(attempt *attempt) {
	j, now := attempt.job, attempt.poll.Now
	switch {
	case j.Changes && j.err == nil:
		if attempt.followed == nil && attempt.poll.Previous == nil {
			j.unproven() // nothing was requested
		}
		for _, f := range attempt.followed {
			p.applyChange(j, f, attempt)
		}
		for _, other := range j.followers() {
			if other.followable() && other.running == nil && other.outOfReach(now) {
				other.doubt(now)
			}
		}
	case j.Changes:
		if j.unsupported {
			j.unproven()
		}
		if !errors.Is(attempt.poll.LastError, collector.ErrUnsupported) { // else they have been polled all the time
			j.pollFollowers(now)
		}
	case j.err == nil && j.snapshot.Tasks != nil && j.account.accountWide(j.Organization.ID):
		j.unclear, j.missed = false, ""
		j.scheduleWhole(now, p.config.Random())
		if attempt.snapshot.Overlooked && j.feed != nil && j.feed.err == nil {
			p.distrust(j.feed, now)
		}
	}
	if j.err == nil {
		j.processed = attempt.processed
	}
}

// pollFollowers has the jobs polled by themselves now that are not followed any more. Those that have just been
// are due in time anyway. After an overflow none is: it may be that much has changed since. None is followed before,
// either: how far the next search looks back must not depend on what was polled long ago.
func (j *job) pollFollowers(now time.Time) {
	for _, other := range j.followers() {
		justPolled := !j.unsupported && !j.overflows() && now.Sub(other.base) < other.Interval
		if !other.followable() || other.followed() || justPolled {
			continue
		}
		other.unclear = other.unclear || j.overflows()
		other.touch()
		if other.running == nil && other.retry.IsZero() {
			other.retry, other.reason = now, collector.ReasonChange
			other.changed()
		}
	}
}

// unproven has the next poll of changes prove that the console applies the search.
func (j *job) unproven() {
	j.snapshot, j.part, j.lastSuccess = nil, nil, time.Time{}
	j.changed()
}

// applyChange applies what has changed in an organization.
func (p *Poller) applyChange(feed *job, f collector.Followed, attempt *attempt) {
	j := feed.account.job(jobKey{name: feed.Name, organizationID: f.Organization.ID})
	if j == nil || j.snapshot != f.Snapshot || j.Organization != f.Organization || j.running != nil {
		return // it was polled meanwhile
	}
	c, reached := attempt.changed[f.Organization.ID]
	if !reached || c.Unclear {
		j.doubt(attempt.poll.Now)
		j.missed = c.Missed
		return
	}
	j.changed()
	j.lastSuccess, j.lastAttempt, j.base = attempt.poll.Now.Round(0), attempt.poll.Now, attempt.poll.Now
	if c.Snapshot != f.Snapshot {
		c.Snapshot.Families = collector.WithAccount(c.Snapshot.Families, j.account.Name)
		j.setSnapshot(c.Snapshot)
		p.save(j)
	}
}

// doubt has a job polled now, because its changes are unclear or were not found.
func (j *job) doubt(now time.Time) {
	j.unclear = true
	j.retry, j.reason = now, collector.ReasonChange
	j.changed()
}

// distrust gives changes up for a day, because they have not shown something.
func (p *Poller) distrust(feed *job, now time.Time) {
	feed.err = fmt.Errorf("%w: the console's search for tasks that have changed has not shown one that has", collector.ErrUnsupported)
	feed.unproven()
	feed.unsupported = true
	feed.failures++
	feed.retry = now.Add(schedule.UnsupportedInterval)
	feed.changed()
	feed.account.reconcile()
	feed.pollFollowers(now)
	p.logResult(feed, nil, feed.retry)
}

// scheduleWhole sets when everything is polled again, after it was polled at began: organizations that began together
// are spread over the day, and each keeps its time of day. While it is less than once a day, the quota spreads them.
func (j *job) scheduleWhole(began time.Time, random float64) {
	if j.inForce(j.wholeInterval()) > schedule.WholeInterval {
		j.whole = began.Add(schedule.WholeInterval)
		return
	}
	earliest := began.Add(j.rest())
	if j.whole.IsZero() || j.whole.After(earliest.Add(schedule.WholeInterval)) {
		j.whole = began.Add(time.Duration((1 - random) * float64(schedule.WholeInterval)))
	}
	for !j.whole.After(earliest) {
		j.whole = j.whole.Add(schedule.WholeInterval)
	}
}

// wholeDue is when everything is polled again with the intervals that are in force.
func (j *job) wholeDue() time.Time {
	return j.whole.Add(j.inForce(j.wholeInterval()) - schedule.WholeInterval)
}

// wholeInterval is how often everything is polled while the quota suffices.
func (j *job) wholeInterval() time.Duration { return max(j.Interval, schedule.WholeInterval) }

// rest is for how long everything was polled recently enough, whatever the time of day is: nothing is polled more often
// than configured. An interval of a day must not make it every other day.
func (j *job) rest() time.Duration { return min(j.Interval, schedule.WholeInterval/2) }

// onChange reports whether the job is polled when something has changed: it is known when that is the case.
func (j *job) onChange() bool {
	t := j.trigger
	return t != nil && t.snapshot != nil && t.snapshot.Tasks != nil && !t.unsupported && (t.err == nil || t.excused())
}

// hasChanged reports whether something has changed since the last poll of a job that is polled on change.
func (j *job) hasChanged() bool { return j.trigger.snapshot.Tasks.Processed.After(j.processed) }

// dueOnChange is when a job is due that is polled on change: if nothing has changed, right after the next poll of its
// trigger, which might show a moment later that something has.
func (j *job) dueOnChange() time.Time {
	if j.hasChanged() {
		return j.base.Add(max(j.wait, j.inForce(j.Interval)))
	}
	interval, t := j.longest(), j.trigger
	due := j.base.Add(interval)
	if !t.lastAttempt.Before(due) {
		return due
	}
	next := t.due()
	if t.followed() {
		next = earlier(next, t.feed.due())
	}
	return earlier(later(due, next.Add(time.Second)), due.Add(interval/lateShare))
}

// awaitsOther reports whether another job comes first, because it may make the poll of this one needless, or show that
// something has changed.
func (j *job) awaitsOther(now time.Time) bool {
	switch {
	case !j.everPolled():
		return false
	case j.feed != nil:
		return j.feed.err != nil && j.followable() && j.feed.comes(now.Add(schedule.Spread(j.Interval, 1)))
	case !j.onChange() || j.hasChanged():
		return false
	}
	return j.trigger.comes(now) || j.trigger.followed() && j.trigger.feed.comes(now)
}

// comes reports whether the job is being polled, or due by then.
func (j *job) comes(by time.Time) bool { return j.running != nil || !j.due().After(by) }

// lateShare is which part of its interval a poll may come late.
const lateShare = 10

// comesInARush reports whether the job is one of many that are due at once: never polled, or without changes all of a
// sudden.
func (j *job) comesInARush() bool {
	return !j.everPolled() || j.feed != nil && j.reason == collector.ReasonChange
}

// countReason counts a poll that is about to start. fault is the one that it finds out the end of.
func (j *job) countReason(fault *fault, s quota.State) {
	reason := j.reason
	switch {
	case fault != nil || s.Probing:
		reason = collector.ReasonProbe
	case reason != "":
	case !j.retry.IsZero():
		reason = collector.ReasonRetry
	case j.onChange() && j.everPolled() && j.hasChanged():
		reason = collector.ReasonChange
	default:
		reason = collector.ReasonInterval
	}
	j.account.reasons[collector.PollReason{Collector: j.Name, Reason: reason}]++
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
