package quota

import (
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

func TestExplainsTheStateInASentence(t *testing.T) {
	reset := time.Date(2026, 3, 10, 15, 4, 0, 0, time.UTC)
	state := func(reason string, a Allowance, s collector.QuotaState) State {
		s.Reset, s.Paused = reset, map[string]bool{reason: true, PausedAuth: true}
		if s.LimitSource == "" {
			s.LimitSource = LimitHeader
		}
		return State{QuotaState: s, Allowance: a, Succeeded: true}
	}
	for _, c := range []struct {
		state State
		want  string
	}{
		{State{}, "the daily limit is not known yet, because no request has succeeded so far"},
		{State{Succeeded: true}, "the console reports no daily limit, and none is configured (--quota.limit): intervals are as configured"},
		{State{Unlimited: true}, "the account has no daily limit (--quota.limit=0): intervals are as configured"},
		{state("", Allowance{}, collector.QuotaState{Limit: 100, Budget: 50, Spent: 7, Stretch: 1}),
			"of the account's 100 API calls a day this exporter may make 50 and has made 7 today: intervals are as configured"},
		{state("", Allowance{Calls: 43}, collector.QuotaState{Limit: 100, Budget: 50, Spent: 7, Demand: 312, Stretch: 6.24}),
			"the configured intervals need 312 API calls a day; of the account's 100 API calls a day this exporter may make 50, has made 7 today and may make 43 more until 15:04 UTC: intervals are up to 6.2 times as long"},
		{state(PausedQuota, Allowance{}, collector.QuotaState{Limit: 100, Budget: 50, Spent: 50}),
			"this exporter has made 50 API calls today and may make 50 (--quota.share); the quota is expected to reset at 15:04 UTC"},
		{state(PausedQuota, Allowance{Reserve: true}, collector.QuotaState{Limit: 100}),
			"the account's API calls for today are used up; the quota is expected to reset at 15:04 UTC"},
		{state("", Allowance{}, collector.QuotaState{Limit: 800, LimitSource: LimitConfigured, Budget: 400, Spent: 7, Stretch: 1}),
			"of the account's 800 API calls a day (--quota.limit) this exporter may make 400 and has made 7 today: intervals are as configured"},
		{state("", Allowance{}, collector.QuotaState{Limit: 800, LimitSource: LimitEstimated, Budget: 400, Spent: 7, Stretch: 1}),
			"of the account's 800 API calls a day (estimated from its live assets: the console reports no limit, and --quota.limit is not set) this exporter may make 400 and has made 7 today: intervals are as configured"},
		{State{Resumes: reset.Add(-time.Hour), QuotaState: collector.QuotaState{LimitSource: LimitHeader, Reset: reset, Paused: map[string]bool{PausedQuota: true}}},
			"the console reports that the account may make no API calls: check its licence; the next request is at 14:04 UTC"},
		{state(PausedReserve, Allowance{Reserve: true}, collector.QuotaState{Limit: 100}),
			"the account's API calls for today are down to the reserve for other tools (--quota.reserve); the quota is expected to reset at 15:04 UTC"},
		{state(PausedRateLimit, Allowance{}, collector.QuotaState{Limit: 100}),
			"the console has received too many requests from this address"},
	} {
		if got := c.state.Explain(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestReportsTheLongestLastingReason(t *testing.T) {
	for want, paused := range map[string][]string{
		"": {PausedAuth}, PausedRateLimit: {PausedRateLimit, PausedAuth},
		PausedReserve: {PausedReserve, PausedRateLimit}, PausedQuota: {PausedQuota, PausedReserve, PausedRateLimit},
	} {
		s := State{QuotaState: collector.QuotaState{Paused: map[string]bool{}}}
		for _, reason := range paused {
			s.Paused[reason] = true
		}
		if got := s.Reason(); got != want || s.Stopped() != (want != "") {
			t.Errorf("paused for %v: reason %q, stopped %v", paused, got, s.Stopped())
		}
	}
}

func TestTheStateHasWhatTheCallerNeeds(t *testing.T) {
	q, now := simulated(Share{Share: 0.5, Reserve: 0.1})
	call(&q.ledger, *now, 100, 99)
	q.SetPace(312, 6.5)
	s := q.State(*now)
	if s.Limit != 100 || s.Budget != 50 || s.Spent != 1 || s.Demand != 312 || s.Stretch != 6.5 || s.Left != day || !s.Exhaustion.IsZero() {
		t.Errorf("%+v", s)
	}
	if !s.Reset.Equal(start.Add(12*time.Hour)) || s.Allowance != (Allowance{Known: true, Calls: 49}) || len(s.Paused) != 4 {
		t.Errorf("%+v", s)
	}
}
