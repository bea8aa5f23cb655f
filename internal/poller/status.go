package poller

import (
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// AccountStatus is the state of one account, for people and programs that look after the exporter.
type AccountStatus struct {
	Name        string // empty when there is only one
	Console     string // host and port
	Quota       quota.State
	Credentials []CredentialStatus
	Polls       []*Status // by organization, the cheapest collectors first

	quota *quota.Quota
}

// What is known of a credential.
const (
	CredentialUntried    = "untried" // or it has failed for no reason of its own so far
	CredentialWorks      = "works"
	CredentialRejected   = "rejected"
	CredentialUnreadable = "unreadable"
)

// CredentialStatus is the state of one credential. It holds nothing of the secret.
type CredentialStatus struct {
	Name   string
	Kind   runzero.Kind // empty while it is unknown
	State  string       // one of the constants above
	Advice string       // what to do about it; empty when there is nothing to do
}

// What a poll's State may be.
const (
	StateWaiting     = "waiting" // no result yet
	StateGood        = "good"
	StateFailing     = "failing"     // the last poll failed; what was served before it still is
	StateWithdrawn   = "withdrawn"   // its data is too old to be served, because polls fail or are paused
	StateUnsupported = "unsupported" // by the credential, the licence or the console
)

// Status is the state of one poll.
type Status struct {
	Organization string // empty for what belongs to no organization
	Collector    string
	State        string // one of the constants above
	Running      bool   // it is being polled now
	Held         bool   // it has not failed, and waits all the same for the end of what others fail for
	LastSuccess  time.Time
	Next         time.Time     // zero: not again
	Interval     time.Duration // in force
	Duration     time.Duration // of the last poll
	Failures     int           // in a row
	// Outcomes are those of the last polls, at most 20, the newest last: + for each that succeeded, - for each that failed.
	Outcomes string
	Series   int           // in the last good result
	Cause    runzero.Cause // of the last failure; empty when it belongs to this poll alone, or nothing failed
	// Credential is the one that Cause concerns, if it concerns one.
	Credential string
	Error      string // why the last poll failed, or why it is unsupported; empty when neither is the case
	Advice     string // what to do about it; empty when Error says so, or when there is nothing to do
}

// Status returns the state of each account.
func (p *Poller) Status() []AccountStatus {
	all := slices.Clone(p.published.Load().status)
	for i := range all {
		all[i].Quota = all[i].quota.State(p.config.Now())
		all[i].Polls = slices.DeleteFunc(slices.Clone(all[i].Polls), func(s *Status) bool { return s == nil })
	}
	return all
}

func (p *Poller) statuses(now time.Time) []AccountStatus {
	var all []AccountStatus
	for _, a := range p.accounts {
		s := p.quotaState(a, now)
		if stale := a.takeStale(showing); len(stale) > 0 {
			a.shown = slices.Clone(a.shown) // what was published stays as it is
			for _, j := range stale {
				if j.status == nil {
					j.status = p.status(j, s, now)
				}
				if a.shown[j.derivation.at] = j.status; j.silent() {
					a.shown[j.derivation.at] = nil
				}
			}
		}
		all = append(all, AccountStatus{Name: a.Name, Console: a.Console, quota: a.Quota, Credentials: p.credentials(a), Polls: a.shown})
	}
	return all
}

func (p *Poller) credentials(a *account) []CredentialStatus {
	var all []CredentialStatus
	for _, c := range a.Credentials {
		reach, known := a.reach[c.Name]
		status := CredentialStatus{Name: c.Name, Kind: reach.Kind, State: CredentialUntried}
		f := a.faults[c.Name]
		switch {
		case f != nil && f.cause == runzero.Rejected:
			status.State = CredentialRejected
		case f != nil && f.cause == runzero.Unreadable:
			status.State = CredentialUnreadable
		case known:
			status.State = CredentialWorks
		}
		if at := slices.IndexFunc(a.jobs, func(j *job) bool { return f != nil && j.waits == f && j.err != nil }); at >= 0 {
			status.Advice = p.advise(a.jobs[at].err)
		}
		all = append(all, status)
	}
	return all
}

func (p *Poller) status(j *job, s quota.State, now time.Time) *Status {
	status := &Status{
		Organization: j.Organization.Name,
		Collector:    j.Name,
		State:        j.state(now, p.config.MaxAge),
		Running:      j.running != nil,
		Held:         j.err == nil && j.faultOf() != nil,
		LastSuccess:  j.lastSuccess,
		Next:         j.next(s),
		Interval:     j.foreseenInterval(),
		Duration:     j.duration,
		Failures:     j.failures,
		Outcomes:     j.outcomes,
		Series:       j.series,
	}
	if j.err == nil {
		return status
	}
	status.Error, status.Advice = j.err.Error(), p.advise(j.err)
	switch cause := causeOf(j.err); cause {
	case runzero.Rejected, runzero.Unreadable:
		status.Cause, status.Credential = cause, j.credential
	case runzero.Unreachable, runzero.Unavailable, runzero.TooMany:
		status.Cause = cause
	}
	return status
}

func (j *job) state(now time.Time, maxAge time.Duration) string {
	switch {
	case j.unsupported:
		return StateUnsupported
	case j.expired(now, maxAge):
		return StateWithdrawn
	case j.err != nil:
		return StateFailing
	case !j.hasData():
		return StateWaiting
	}
	return StateGood
}

// outcomesKept is how many results of polls are remembered.
const outcomesKept = 20

// remember adds the result of a poll to those that are shown. That something is unsupported is neither.
func (j *job) remember() {
	mark := "+"
	switch {
	case j.unsupported:
		return
	case j.err != nil:
		mark = "-"
	}
	j.outcomes += mark
	j.outcomes = j.outcomes[max(len(j.outcomes)-outcomesKept, 0):]
}
