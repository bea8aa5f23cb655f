package poller

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// startLog is what has been logged of the start of an account, each line once.
type startLog struct {
	began            time.Time // when the account's polls began; zero: not yet
	polling, settled bool      // what is polled, and that each poll has had a result
	notPolled        bool      // that another replica leads that does not poll the account
}

// settleTime is how long intervals may be stretched without a word: at first, polls count that prove unsupported.
const settleTime = 20 * time.Second

// logAccount logs what is new about an account as a whole.
func (p *Poller) logAccount(a *account, s quota.State, now time.Time) {
	if p.follows() {
		return // the replica that leads logs this
	}
	p.logStart(a, s, now)
	p.logPause(a, s)
	if a.started.unsettled(now) <= 0 {
		p.logStretch(a, s)
	}
}

// unsettled is for how much longer intervals may be stretched without a word.
func (l startLog) unsettled(now time.Time) time.Duration {
	if l.settled || l.began.IsZero() {
		return 0
	}
	return l.began.Add(settleTime).Sub(now)
}

// logStart logs what an account polls once that is known, and when each poll has had its first result. The limit may
// take until then to be known, and may stay unknown.
func (p *Poller) logStart(a *account, s quota.State, now time.Time) {
	l, logger := &a.started, a.logger(p.config.Logger)
	if l.began.IsZero() {
		l.began = now
	}
	if l.settled || !a.discovered() {
		return
	}
	r := a.firstRound(l.began)
	known := s.Unlimited || s.LimitSource != "" && s.LimitSource != quota.LimitEstimated // an estimate still grows
	if !l.polling && (known || r.waiting == 0) {
		l.polling = true
		kinds, polls, calls := a.forecast()
		values := []any{"msg", "polling", "console", a.Console, "credentials", kinds, "organizations", len(a.polled), "polls", polls,
			"calls_per_day_needed", int64(math.Round(calls))}
		switch {
		case s.LimitSource != "":
			values = append(values, "calls_per_day_allowed", s.Budget, "account_limit", s.Limit, "limit_source", s.LimitSource)
		case s.Unlimited:
			values = append(values, "calls_per_day_allowed", "unlimited")
		default:
			values = append(values, "calls_per_day_allowed", "unknown")
		}
		level.Info(logger).Log(values...)
	}
	if r.waiting > 0 {
		return
	}
	l.settled = true
	values := []any{"msg", "first round complete", "succeeded", r.succeeded, "failed", r.failed, "unsupported", r.unsupported,
		"took", now.Sub(l.began).Round(time.Millisecond)}
	if r.cached > 0 {
		values = append(values, "from_cache", r.cached)
	}
	level.Info(logger).Log(values...)
}

// forecast is what is polled with which kinds of credentials, and how many calls a day that needs, as plan has it.
func (a *account) forecast() (kinds string, polls int, calls float64) {
	in := a.needs()
	var names []string
	for _, c := range a.Credentials {
		if kind := a.reach[c.Name].Kind; !slices.Contains(in.Kinds, kind) {
			in.Kinds, names = append(in.Kinds, kind), append(names, string(kind))
		}
	}
	all := schedule.Polls(in)
	for _, p := range all {
		if p.Missing == "" {
			polls++
		}
	}
	return strings.Join(names, ", "), polls, schedule.Demand(schedule.Loads(all), 24*time.Hour)
}

// round is how many polls of an account have had which result. Those from the cache count as the last result says.
type round struct{ polls, waiting, succeeded, failed, unsupported, cached int }

func (a *account) firstRound(began time.Time) (r round) {
	for _, j := range a.jobs {
		if j.superseded() || j.Changes {
			continue
		}
		r.polls++
		switch {
		case j.unsupported:
			r.unsupported++
		case j.err != nil:
			r.failed++
		case j.snapshot != nil:
			r.succeeded++
		default:
			r.waiting++
			continue
		}
		if j.lastAttempt.Before(began) {
			r.cached++
		}
	}
	return r
}
