package poller

import (
	"errors"
	"slices"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// Status is how one job stands, for people.
type Status struct {
	Account      string // empty where there is only one
	Organization string // empty for what belongs to no organization
	Collector    string
	State        string // waiting, polling, good, failing, unsupported, withdrawn
	LastSuccess  time.Time
	Next         time.Time // zero: not due again
	Interval     time.Duration
	Problem      string // what went wrong last, and what to do; empty when nothing did
}

// Status returns how the jobs stand, by organization, the cheapest collectors first.
func (p *Poller) Status() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	standings := p.standings(now)
	var all []Status
	for _, j := range p.jobs {
		if j.wide && j.unsupported {
			continue // the organizations are asked one by one
		}
		s := Status{
			Account:      j.target.Name,
			Organization: j.organization.Name,
			Collector:    j.collector,
			LastSuccess:  j.success,
			Interval:     time.Duration(float64(j.interval) * standings[j.target.Account].Stretch),
			State:        j.state(now, p.config.MaxAge),
		}
		s.Next = j.next(standings[j.target.Account])
		if j.err != nil {
			s.Problem = j.err.Error()
			if advice := p.advise(j.err); advice != "" {
				s.Problem += ": " + advice
			}
		}
		all = append(all, s)
	}
	return all
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

// title names a job in messages.
func (j *job) title() string {
	title := j.collector
	if j.organization.Name != "" {
		title += " of " + j.organization.Name
	}
	if j.target.Name != "" {
		title += " of account " + j.target.Name
	}
	return title
}

// unsupportedElsewhere tells whether the same is not supported for another
// organization: that was said already.
func (p *Poller) unsupportedElsewhere(j *job) bool {
	return slices.ContainsFunc(p.jobs, func(other *job) bool {
		return other != j && other.unsupported && other.target == j.target && other.collector == j.collector
	})
}

func (p *Poller) advise(err error) string {
	if p.config.Advise == nil {
		return ""
	}
	return p.config.Advise(err)
}

// report logs what is new about a job: each failure in a line with what to do, the
// first success after it, and that something is not supported once.
func (p *Poller) report(j *job, before error, due time.Time) {
	logger := log.With(j.target.logger(p.config.Logger), "collector", j.collector)
	if j.organization.Name != "" {
		logger = log.With(logger, "org_name", j.organization.Name)
	}
	switch {
	case j.err == nil && before != nil:
		level.Info(logger).Log("msg", "polls succeed again")
	case j.err == nil:
		level.Debug(logger).Log("msg", "polled", "duration", j.duration, "next", due.UTC().Format(time.RFC3339))
	case j.unsupported && (before != nil || p.unsupportedElsewhere(j)):
		level.Debug(logger).Log("msg", "still not supported", "err", j.err)
	case j.unsupported:
		level.Info(logger).Log("msg", "not supported; asked again once a day", "err", j.err)
	default:
		msg := "poll failed"
		if j.snapshot != nil {
			msg = "poll failed; the last good answer stays"
		}
		values := []any{"msg", msg, "err", j.err, "failures", j.failures, "next", due.UTC().Format(time.RFC3339)}
		if advice := p.advise(j.err); advice != "" {
			values = append(values, "do", advice)
		}
		if fault := (*panicError)(nil); errors.As(j.err, &fault) {
			values = append(values, "stack", string(fault.stack))
		}
		level.Error(logger).Log(values...)
	}
}
