package poller

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Metrics returns what tells of the account's quota.
func (a *Account) Metrics() prometheus.Collector {
	return collector.NewQuota(func() collector.QuotaState {
		s := a.Standing(time.Now())
		state := collector.QuotaState{
			Limit: s.Limit, Budget: s.Budget, Spent: s.Spent, Demand: s.Demand, Stretch: s.Stretch,
			Reset: s.Reset, Exhaustion: s.Exhausted, Paused: map[string]bool{},
		}
		for _, reason := range []Reason{Quota, Reserve, RateLimit, Auth} {
			state.Paused[string(reason)] = s.Paused[reason]
		}
		return state
	})
}

// StoreMetrics returns what tells whether answers can be kept.
func (p *Poller) StoreMetrics() prometheus.Collector { return collector.NewStore(p.Kept) }
