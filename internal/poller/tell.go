package poller

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// told is what was last said of an account in the log.
type told struct {
	reason  Reason
	stretch float64 // 0: nothing yet
}

// A stretch is said again when it has changed by this factor.
const stretchTold = 1.5

// tell says in the log when asking has stopped or goes on, and when intervals are
// stretched: once a change, not once a poll.
func (p *Poller) tell(t *target, s Standing) {
	logger := t.logger(p.config.Logger)
	reason := s.reason()
	if reason != t.told.reason {
		t.told.reason = reason
		if reason == "" {
			level.Info(logger).Log("msg", "asking goes on")
		} else {
			level.Warn(logger).Log("msg", "asking has stopped; the last answers are served on", "reason", reason, "why", s.Explain())
		}
	}
	if s.Limit == 0 || reason != "" {
		return
	}
	if t.told.stretch == 0 {
		t.told.stretch = 1
	}
	switch change := s.Stretch / t.told.stretch; {
	case s.Stretch <= 1 && t.told.stretch > 1:
		level.Info(logger).Log("msg", "intervals are as configured again")
	case s.Stretch > 1 && (change >= stretchTold || change <= 1/stretchTold || t.told.stretch <= 1 && s.Stretch > 1.05):
		level.Info(logger).Log("msg", "intervals are stretched", "factor", fmt.Sprintf("%.1f", s.Stretch), "why", s.Explain())
	default:
		return
	}
	t.told.stretch = s.Stretch
}

// logger says whose it is that is told of, where there are several accounts.
func (t *target) logger(logger log.Logger) log.Logger {
	if t.Name == "" {
		return logger
	}
	return log.With(logger, "account_name", t.Name)
}

// reason is the one that is told where there are several. A refused credential is
// told by the polls that it fails.
func (s Standing) reason() Reason {
	for _, reason := range []Reason{Quota, Reserve, RateLimit} {
		if s.Paused[reason] {
			return reason
		}
	}
	return ""
}

// Explain says in a sentence how the quota stands.
func (s Standing) Explain() string {
	switch s.reason() {
	case Quota:
		if s.Allowance.Reserve {
			return fmt.Sprintf("the account's API calls of today are used up; the day is expected to turn at %s", clock(s.Reset))
		}
		return fmt.Sprintf("this exporter has spent %d of the %d API calls a day that --quota.share leaves it; the day is expected to turn at %s", s.Spent, s.Budget, clock(s.Reset))
	case Reserve:
		return fmt.Sprintf("the account's API calls of today are down to what --quota.reserve keeps for others; the day is expected to turn at %s", clock(s.Reset))
	case RateLimit:
		return "the console has had too many requests from this address"
	}
	switch {
	case s.Limit == 0:
		return "the console tells no daily limit: intervals are as configured"
	case s.Stretch > 1:
		return fmt.Sprintf("the intervals as configured ask for %.0f API calls a day; of the account's %d a day this exporter may spend %d, has spent %d, and may make %d more until %s: intervals are %.1f times as long",
			s.Demand, s.Limit, s.Budget, s.Spent, s.Allowance.Calls, clock(s.Reset), s.Stretch)
	}
	return fmt.Sprintf("of the account's %d API calls a day this exporter may spend %d and has spent %d: intervals are as configured", s.Limit, s.Budget, s.Spent)
}

// Quota says how the quota of each account stands, for people.
func (p *Poller) Quota() []string {
	var all []string
	now := time.Now()
	seen := map[*Account]bool{}
	for _, t := range p.targets {
		if seen[t.Account] {
			continue
		}
		seen[t.Account] = true
		s := t.Account.Standing(now)
		text := s.Explain()
		if s.Stopped() {
			text = "asking has stopped and the last answers are served on: " + text
		}
		if t.Name != "" {
			text = t.Name + ": " + text
		}
		all = append(all, strings.ToUpper(text[:1])+text[1:]+".")
	}
	return all
}

func clock(t time.Time) string { return t.UTC().Format("15:04 MST") }
