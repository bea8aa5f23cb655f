package poller

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
)

// loggedQuota is what was last logged about an account's quota.
type loggedQuota struct {
	reason  string
	stretch float64
}

const (
	// A stretch is logged again when it has changed by this factor.
	relogFactor = 1.5
	// Beyond this one it is a warning: the data is noticeably older than configured.
	warnStretch = 2
)

// logPause logs that polling has paused or resumed, once for each change.
func (p *Poller) logPause(a *account, s quota.State) {
	logger, reason := a.logger(p.config.Logger), s.Reason()
	switch reason {
	case a.logged.reason:
	case "":
		level.Info(logger).Log("msg", "polling resumed")
	default:
		level.Warn(logger).Log("msg", "polling paused; the last results are still served", "reason", reason, "why", s.Explain())
	}
	a.logged.reason = reason
}

// logStretch logs that intervals are stretched, once for each change.
func (p *Poller) logStretch(a *account, s quota.State) {
	if s.LimitSource == "" || s.Reason() != "" {
		return
	}
	logger := a.logger(p.config.Logger)
	values := []any{"msg", "intervals are stretched", "factor", fmt.Sprintf("%.1f", s.Stretch), "why", s.Explain()}
	switch change := s.Stretch / a.logged.stretch; {
	case s.Stretch > warnStretch && a.logged.stretch <= warnStretch:
		level.Warn(logger).Log(append(values, "do", "poll less often or less (plan shows what the intervals need), or raise --quota.share")...)
	case s.Stretch <= 1 && a.logged.stretch > 1:
		level.Info(logger).Log("msg", "intervals are as configured again")
	case s.Stretch > 1 && (change >= relogFactor || change <= 1/relogFactor || a.logged.stretch <= 1 && s.Stretch > 1.05):
		level.Info(logger).Log(values...)
	default:
		return
	}
	a.logged.stretch = s.Stretch
}

// logger names the job's account, collector and organization.
func (j *job) logger(logger log.Logger) log.Logger {
	logger = log.With(j.account.logger(logger), "collector", j.Name)
	if j.Organization.Name != "" {
		logger = log.With(logger, "org_name", j.Organization.Name)
	}
	return logger
}

// logResult logs what is new about a job: each failure with what to do, of those for one cause few, the first success
// after one, and once that something is unsupported.
func (p *Poller) logResult(j *job, before error, due time.Time) {
	logger, next := j.logger(p.config.Logger), due.UTC().Format(time.RFC3339)
	switch {
	case j.err == nil && before != nil:
		level.Info(logger).Log("msg", "polls succeed again")
	case j.err == nil:
		level.Debug(logger).Log("msg", "polled", "duration", j.duration, "next", next)
	case j.unsupported && (errors.Is(before, collector.ErrUnsupported) || j.unsupportedElsewhere()):
		level.Debug(logger).Log("msg", "still not supported", "err", j.err)
	case j.unsupported:
		level.Info(logger).Log("msg", "not supported; tried again once a day", "why", strings.TrimPrefix(j.err.Error(), collector.ErrUnsupported.Error()+": "))
	default:
		msg := "poll failed"
		if j.snapshot != nil {
			msg = "poll failed; the last good result is still served"
		}
		values := []any{"msg", msg, "err", j.err, "failures", j.failures, "next", next}
		if advice := p.advise(j.err); advice != "" {
			values = append(values, "do", advice)
		}
		if fault := (*panicError)(nil); errors.As(j.err, &fault) {
			values = append(values, "stack", string(fault.stack))
		}
		if j.waits != nil && !j.waits.news() {
			level.Debug(logger).Log(values...)
			return
		}
		level.Error(logger).Log(values...)
	}
}

// unsupportedElsewhere reports whether the same is unsupported for another organization, which has been logged.
func (j *job) unsupportedElsewhere() bool {
	return slices.ContainsFunc(j.account.jobs, func(other *job) bool {
		return other != j && other.unsupported && other.Name == j.Name
	})
}
