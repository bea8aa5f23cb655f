package poller

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
)

// Status is the state of one poll, for people.
type Status struct {
	Account      string // empty when there is only one
	Organization string // empty for what belongs to no organization
	Collector    string
	State        string // waiting, polling, good, failing, unsupported, withdrawn
	LastSuccess  time.Time
	Next         time.Time // zero: not due again
	Interval     time.Duration
	Problem      string // what failed last, and what to do about it; empty when nothing did
}

// Status returns the state of all polls, by organization, the cheapest collectors first.
func (p *Poller) Status() []*Status { return p.published.Load().status }

func (p *Poller) statuses(now time.Time) []*Status {
	var all []*Status
	for _, a := range p.accounts {
		s := p.quotaState(a, now)
		for _, j := range a.jobs {
			if j.silent() {
				continue
			}
			if j.status == nil {
				j.status = p.status(j, s, now)
			}
			all = append(all, j.status)
		}
	}
	return all
}

func (p *Poller) status(j *job, s quota.State, now time.Time) *Status {
	status := &Status{
		Account:      j.account.Name,
		Organization: j.Organization.Name,
		Collector:    j.Name,
		State:        j.state(now, p.config.MaxAge),
		LastSuccess:  j.lastSuccess,
		Next:         j.next(s),
		Interval:     j.foreseenInterval(),
	}
	if j.err != nil {
		status.Problem = j.err.Error()
		if advice := p.config.Advise(j.err); advice != "" {
			status.Problem += ": " + advice
		}
	}
	return status
}

func (j *job) state(now time.Time, maxAge time.Duration) string {
	switch {
	case j.running != nil:
		return "polling"
	case j.unsupported:
		return "unsupported"
	case j.expired(now, maxAge):
		return "withdrawn"
	case j.err != nil:
		return "failing"
	case j.snapshot == nil:
		return "waiting"
	}
	return "good"
}
