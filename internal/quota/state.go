package quota

import (
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// State is the state of a Quota at an instant.
type State struct {
	collector.QuotaState // what is exported; Demand and Stretch are as last set by SetPace
	Share                Share
	Remaining            runzero.Count // calls that all tools of the account have left, as last reported
	Allowance            Allowance
	Left                 time.Duration // for how long the allowance must last
	// Probing means that no calls are left, and that one request is admitted all the same to find out whether the quota
	// has reset.
	Probing bool
	// Resumes is when, as things stand, the next request may be admitted; zero while requests are admitted, and while
	// a request in flight is about to show whether more are.
	Resumes time.Time
	// Succeeded means that an authenticated request has succeeded. Before that, no limit may mean that it is not known
	// yet.
	Succeeded bool
	// Unlimited means that the configuration says that there is no limit.
	Unlimited bool
}

// State returns the state at now.
func (q *Quota) State(now time.Time) State {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	reason := q.spentReason(now)
	limit, source := q.ledger.limit()
	configured, isConfigured := q.share.Limit.Get()
	s := State{
		Share: q.share, Remaining: q.ledger.Remaining,
		Allowance: q.share.allowance(&q.ledger, now), Succeeded: q.succeeded, Resumes: q.resumes(now, reason),
		Unlimited: source == "" && isConfigured && configured == 0,
		QuotaState: collector.QuotaState{
			Limit: limit, LimitSource: source, Budget: q.share.Calls(limit),
			Spent: q.ledger.Spent(now), Demand: q.demand, Stretch: q.stretch, Reset: q.ledger.NextReset(now),
			Paused: map[string]bool{
				PausedQuota: reason == PausedQuota, PausedReserve: reason == PausedReserve,
				PausedRateLimit: q.gate.closed(now), PausedAuth: len(q.refused) > 0,
			},
		},
	}
	s.Probing = reason != "" && !q.gate.closed(now) && q.probeDue(now)
	s.Left = q.ledger.Left(now, s.Allowance, s.Budget)
	s.Exhaustion, _ = q.ledger.Exhaustion(now)
	return s
}

// resumes returns when the gate, and the ledger if reason is not empty, admit the next request. The caller holds the
// lock.
func (q *Quota) resumes(now time.Time, reason string) time.Time {
	var at time.Time
	if q.gate.closed(now) {
		if !now.Before(q.gate.until) {
			return time.Time{} // a request is trying
		}
		at = q.gate.until
	}
	if reason == "" || q.probeDue(now) {
		return at
	}
	l := &q.ledger
	next := l.NextReset(now)
	if q.share.allowance(l, now).Stale {
		next = earliest(next, q.nextProbe())
	}
	if len(l.Calls) > 0 { // from then on these calls no longer count
		next = earliest(next, l.Calls[0].At.Add(day+time.Minute))
	}
	return latest(at, next)
}

// Metrics returns the exported part of the state as of now.
func (q *Quota) Metrics() collector.QuotaState { return q.State(q.gate.now()).QuotaState }

// Stopped reports whether no request is admitted at all.
func (s State) Stopped() bool { return s.Reason() != "" && !s.Probing }

// Reason returns why polling is paused, the longest-lasting reason first, or "" if polling goes on. It stands while
// a probe is admitted. A refused credential is no such reason: the polls that use it report it.
func (s State) Reason() string {
	for _, reason := range []string{PausedQuota, PausedReserve, PausedRateLimit} {
		if s.Paused[reason] {
			return reason
		}
	}
	return ""
}

// Explain describes the state in a sentence without its full stop, for logs and the status page.
func (s State) Explain() string {
	switch reason := s.Reason(); {
	case reason == PausedQuota && s.LimitSource != "" && s.Limit == 0:
		return "the console reports that the account may make no API calls: check its licence; " + s.resuming()
	case reason == PausedQuota && s.Allowance.Reserve:
		return "the account's API calls for today are used up; " + s.resuming()
	case reason == PausedQuota:
		return fmt.Sprintf("this exporter has made %d API calls today and may make %d (--quota.share); %s", s.Spent, s.Budget, s.resuming())
	case reason == PausedReserve:
		return "the account's API calls for today are down to the reserve for other tools (--quota.reserve); " + s.resuming()
	case reason == PausedRateLimit:
		return "the console has received too many requests from this address"
	case s.Unlimited:
		return "the account has no daily limit (--quota.limit=0): intervals are as configured"
	case s.LimitSource == "" && !s.Succeeded:
		return "the daily limit is not known yet, because no request has succeeded so far"
	case s.LimitSource == "":
		return "the console reports no daily limit, and none is configured (--quota.limit): intervals are as configured"
	case s.Stretch > 1:
		return fmt.Sprintf("the configured intervals need %.0f API calls a day; of %s this exporter may make %d, has made %d today and may make %d more until %s: intervals are up to %.1f times as long",
			s.Demand, s.limit(), s.Budget, s.Spent, s.Allowance.Calls, s.Reset.UTC().Format(clock), s.Stretch)
	}
	return fmt.Sprintf("of %s this exporter may make %d and has made %d today: intervals are as configured", s.limit(), s.Budget, s.Spent)
}

// limit names the account's calls a day, and where their number comes from.
func (s State) limit() string {
	switch s.LimitSource {
	case LimitConfigured:
		return fmt.Sprintf("the account's %d API calls a day (--quota.limit)", s.Limit)
	case LimitEstimated:
		return fmt.Sprintf("the account's %d API calls a day (estimated from its live assets: the console reports no limit, and --quota.limit is not set)", s.Limit)
	}
	return fmt.Sprintf("the account's %d API calls a day", s.Limit)
}

const clock = "15:04 MST"

// resuming says when polling resumes, or may resume.
func (s State) resuming() string {
	if s.Resumes.IsZero() || s.Resumes.Equal(s.Reset) {
		return "the quota is expected to reset at " + s.Reset.UTC().Format(clock)
	}
	return "the next request is at " + s.Resumes.UTC().Format(clock)
}
