package quota

import (
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// State is the state of a Quota at an instant.
type State struct {
	collector.QuotaState // what is exported; Demand and Stretch are as last set by SetPace
	Allowance            Allowance
	Left                 time.Duration // for how long the allowance must last
	// Resumes is when, as things stand, the next request may be admitted; zero while requests are admitted, and while
	// a request in flight is about to show whether more are.
	Resumes time.Time
	// Succeeded means that an authenticated request has succeeded. Before that, a Limit of
	// 0 means that the limit is not known yet.
	Succeeded bool
}

// State returns the state at now.
func (q *Quota) State(now time.Time) State {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	reason := q.spentReason(now)
	s := State{
		Allowance: q.share.allowance(&q.ledger, now), Left: q.ledger.Left(now), Succeeded: q.succeeded,
		QuotaState: collector.QuotaState{
			Spent: q.ledger.Spent(now), Demand: q.demand, Stretch: q.stretch, Reset: q.ledger.NextReset(now),
			Paused: map[string]bool{
				PausedQuota: reason == PausedQuota, PausedReserve: reason == PausedReserve,
				PausedRateLimit: q.gate.closed(now), PausedAuth: len(q.refused) > 0,
			},
		},
	}
	if limit, known := q.ledger.Limit.Get(); known {
		s.Limit, s.Budget = limit, q.share.Calls(limit)
	}
	s.Exhaustion, _ = q.ledger.Exhaustion(now)
	s.Resumes = q.resumes(now, reason)
	return s
}

// resumes returns when the gate, and the ledger if reason is not empty, admit the next request. The caller holds the
// lock.
func (q *Quota) resumes(now time.Time, reason string) time.Time {
	var at time.Time
	if q.gate.closed(now) {
		if q.gate.trying && !now.Before(q.gate.until) {
			return time.Time{}
		}
		at = q.gate.until
	}
	if reason == "" {
		return at
	}
	var next time.Time
	earlier := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	earlier(q.ledger.NextReset(now)) // the next request may show that the quota has reset
	if q.share.allowance(&q.ledger, now).Stale {
		earlier(q.probed.Add(probeEvery))
	}
	if len(q.ledger.Calls) > 0 {
		earlier(q.ledger.Calls[0].At.Add(day + time.Minute)) // from then on they do not count
	}
	if next.After(at) {
		return next
	}
	return at
}

// Metrics returns the exported part of the state as of now.
func (q *Quota) Metrics() collector.QuotaState { return q.State(q.gate.now()).QuotaState }

// Stopped reports whether no request is admitted at all.
func (s State) Stopped() bool { return s.Reason() != "" }

// Reason returns why no request is admitted, the longest-lasting reason first, or "" if polling goes on. A refused
// credential is no such reason: the polls that use it report it.
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
	reset := fmt.Sprintf("the quota is expected to reset at %s", s.Reset.UTC().Format("15:04 MST"))
	switch s.Reason() {
	case PausedQuota:
		if s.Allowance.Reserve {
			return "the account's API calls for today are used up; " + reset
		}
		return fmt.Sprintf("this exporter has made %d API calls today and may make %d (--quota.share); %s", s.Spent, s.Budget, reset)
	case PausedReserve:
		return "the account's API calls for today are down to the reserve for other tools (--quota.reserve); " + reset
	case PausedRateLimit:
		return "the console has received too many requests from this address"
	}
	switch {
	case s.Limit == 0 && !s.Succeeded:
		return "the daily limit is not known yet, because no request has succeeded so far"
	case s.Limit == 0:
		return "the console reports no daily limit: intervals are as configured"
	case s.Stretch > 1:
		return fmt.Sprintf("the configured intervals need %.0f API calls a day; of the account's %d this exporter may make %d, has made %d today and may make %d more until %s: intervals are up to %.1f times as long",
			s.Demand, s.Limit, s.Budget, s.Spent, s.Allowance.Calls, s.Reset.UTC().Format("15:04 MST"), s.Stretch)
	}
	return fmt.Sprintf("of the account's %d API calls a day this exporter may make %d and has made %d today: intervals are as configured", s.Limit, s.Budget, s.Spent)
}
