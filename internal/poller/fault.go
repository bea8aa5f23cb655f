package poller

import (
	"errors"
	"time"

	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// fault is what several polls of an account fail for: its console, or one of its credentials. One poll at a time, the
// cheapest, finds out when it is over. Then all that wait for that are due.
type fault struct {
	cause    runzero.Cause
	began    time.Time
	failures int       // in a row of the polls that find out
	tried    time.Time // when the last of them failed
	next     time.Time // when the next may find out
	polls    int       // how many have failed for it
	logged   int       // failures when it was last logged as an error
}

// news reports whether one more failure for the fault is worth a line in the log: the first is, and then each time that
// their number has doubled. What fails for the same cause meanwhile says nothing new.
func (f *fault) news() bool {
	if f.polls > 1 && f.failures < 2*f.logged {
		return false
	}
	f.logged = f.failures
	return true
}

// A fault is confirmed once two polls have failed for it and none has succeeded since. Then those that have not failed
// wait, too: they would only spend a call each.
const confirmed = 2

// console is the key of the console's fault. Those of credentials have their names, which are never empty.
const console = ""

// faultOf is the fault whose end a job waits for; nil when there is none.
func (j *job) faultOf() *fault {
	if f := j.account.faults[console]; f != nil && (j.waits == f || f.polls >= confirmed && (j.authenticated() || f.cause == runzero.Unreachable)) {
		return f
	}
	if j.waits != nil {
		return j.waits
	}
	if f := j.account.faults[j.credential]; f != nil && j.credential != "" && f.polls >= confirmed {
		return f
	}
	return nil
}

// turn orders jobs that may find out whether a fault is over. Those that have not failed for it come first, so that a
// collector that fails for a reason of its own does not hold up the others.
func (j *job) turn() int {
	if j.waits != nil {
		return 1
	}
	return 0
}

// authenticated reports whether the job's requests carry a credential.
func (j *job) authenticated() bool {
	return j.Collector == nil || j.Collector.Scope != collector.PerConsole
}

// answered reports whether the API itself answered a request that had this result.
func answered(cause runzero.Cause) bool {
	return cause != runzero.Unreachable && cause != runzero.Unavailable && cause != runzero.Unreadable
}

// hasData reports whether the job has anything to show. Discovery has, as soon as there is something to poll.
func (j *job) hasData() bool {
	return j.snapshot != nil || j.Name == schedule.Discovery && len(j.account.polled) > 0
}

// works reports whether the job has data. What has worked before is a failure when it no longer does, whatever the API
// says. An account-wide form is replaced by polls of each organization, which keep its data.
func (j *job) works(now time.Time, maxAge time.Duration) bool {
	return j.snapshot != nil && !j.expired(now, maxAge) && !j.AccountWide
}

// lost is the error of something that is unsupported by now.
func lost(err error) error {
	if response, ok := errors.AsType[*runzero.Error](err); ok {
		return response
	}
	return errors.New(err.Error())
}

// learn ends the faults that the results of a poll, by credential, show to be over.
func (p *Poller) learn(attempt *attempt, now time.Time) {
	j := attempt.job
	j.waits = nil
	for _, c := range attempt.credentials {
		err, tried := attempt.results[c.Name]
		if !tried {
			continue
		}
		cause := causeOf(err)
		if f := j.account.faults[console]; f != nil && answered(cause) && (j.authenticated() || f.cause == runzero.Unreachable) {
			p.end(j, console, now)
		}
		if j.authenticated() && (cause == runzero.NoCause || cause == runzero.Faulty) {
			p.end(j, c.Name, now)
		}
	}
	if j.err == nil {
		j.released = runzero.NoCause
	}
}

// causeOf is runzero.CauseOf, but for what is unsupported, which is an answer like any other.
func causeOf(err error) runzero.Cause {
	if errors.Is(err, collector.ErrUnsupported) {
		return runzero.NoCause
	}
	if earlier, ok := errors.AsType[earlierError](err); ok {
		return earlier.cause
	}
	return runzero.CauseOf(err)
}

// end ends a fault: everything that waits for that is due.
func (p *Poller) end(found *job, key string, now time.Time) {
	a := found.account
	f := a.faults[key]
	if f == nil {
		return
	}
	delete(a.faults, key)
	waiting := 0
	for _, j := range a.jobs {
		if j.waits == f {
			j.waits, j.retry, j.freed = nil, now, true
			j.released = f.cause
			waiting++
		}
	}
	a.changed()
	if f.polls >= confirmed {
		level.Info(a.logger(p.config.Logger)).Log("msg", "polling goes on: "+ended(f.cause), "after", now.Sub(f.began).Round(time.Second), "polls", waiting)
	}
}

// ended says that a fault is over.
func ended(cause runzero.Cause) string {
	switch cause {
	case runzero.Unreachable:
		return "the console can be reached again"
	case runzero.Unreadable:
		return "the secret can be read again"
	case runzero.Rejected:
		return "the console accepts the credential again"
	}
	return "the console responds again"
}

// changed has the families and the status of all jobs made again: when they are due depends on faults.
func (a *account) changed() {
	for _, j := range a.jobs {
		j.changed()
	}
}

// retryLater decides when a failed job is tried again: with others that fail for the same cause, or by itself.
func (p *Poller) retryLater(attempt *attempt, now time.Time) {
	j := attempt.job
	failure := schedule.Failure{Cause: runzero.CauseOf(j.err), InARow: j.failures, Interval: max(j.Interval, j.account.floor), NoData: !j.hasData()}
	if response, ok := errors.AsType[*runzero.Error](j.err); ok {
		failure.RetryAfter = response.RetryAfter
	}
	key, shared := console, j.authenticated()
	switch failure.Cause {
	case runzero.Unreachable:
		shared = true
	case runzero.Unavailable:
	case runzero.Unreadable, runzero.Rejected:
		key = attempt.used
	default:
		shared = false
	}
	if j.overflows() {
		j.retry = now.Add(overflowInterval + schedule.Spread(overflowInterval, p.config.Random()))
		return
	}
	if !shared || j.released == failure.Cause {
		wait := failure.Retry()
		j.retry = now.Add(wait + schedule.Spread(wait, p.config.Random()))
		return
	}
	p.join(attempt, key, failure, now)
}

// join has a job wait for the end of a fault.
func (p *Poller) join(attempt *attempt, key string, failure schedule.Failure, now time.Time) {
	j := attempt.job
	a := j.account
	f := a.faults[key]
	if f == nil {
		f = &fault{began: now}
		a.faults[key] = f
	}
	if f.cause != failure.Cause {
		f.cause, f.failures, f.logged = failure.Cause, 0, 0
	}
	j.waits = f
	f.polls++
	defer a.changed()
	if f.failures > 0 && attempt.probe != f {
		return // it was under way when another one failed
	}
	f.failures++
	f.tried = now
	// How rarely this poll is made is no reason to find out late: only the quota is.
	failure.InARow, failure.Interval = f.failures, a.floor
	for _, other := range a.jobs {
		failure.NoData = failure.NoData || other.waits == f && !other.hasData()
	}
	wait := failure.Retry()
	f.next = now.Add(wait + schedule.Spread(wait, p.config.Random()))
}

// tryNowAgain is how soon everything may be tried out of turn again: reloads can come in a storm.
const tryNowAgain = 30 * time.Second

// tryNow has every fault of the account looked into now, and everything that is unsupported or failed tried again.
func (a *account) tryNow(now time.Time) {
	if now.Sub(a.forced) < tryNowAgain {
		return
	}
	a.forced = now
	for _, f := range a.faults {
		f.next, f.failures, f.logged = now, 0, 0
	}
	for _, j := range a.jobs {
		// What no credential may request is not tried in vain.
		if j.err != nil && j.waits == nil && !j.free() {
			j.retry, j.reason = now, collector.ReasonReload
		}
	}
	a.changed()
	clear(a.insufficient)
}

// forget drops what is known of a credential that is another one by now, or gone.
func (a *account) forget(credential string) {
	f := a.faults[credential]
	for _, j := range a.jobs {
		if f != nil && j.waits == f {
			j.waits = nil
		}
	}
	a.changed()
	delete(a.faults, credential)
	delete(a.sums, credential)
}
