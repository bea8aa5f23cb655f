package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// QuotaState describes an account's quota at one moment.
type QuotaState struct {
	Limit      int64           // calls a day; 0: the console reports none, and there is no budget, reset or exhaustion
	Budget     int64           // calls a day that this exporter may spend
	Spent      int64           // own calls since the quota was last reset
	Demand     float64         // calls a day that the configured intervals need
	Stretch    float64         // factor applied to the configured intervals; 1 when they fit the budget
	Reset      time.Time       // when the quota is expected to reset
	Exhaustion time.Time       // when the quota is expected to run out; zero: not before the reset
	Paused     map[string]bool // for each reason, whether it pauses polling
}

// NewQuota makes the families of a quota, live: state is asked at each scrape.
func NewQuota(state func() QuotaState) prometheus.Collector {
	return live{descs: Descs(Quota), collect: func(out *samples) {
		s := state()
		for reason, paused := range s.Paused {
			out.flag("runzero_api_paused", paused, reason)
		}
		out.gauge("runzero_exporter_demand_calls", s.Demand)
		out.gauge("runzero_exporter_spent_calls", float64(s.Spent))
		out.gauge("runzero_exporter_interval_stretch_ratio", s.Stretch)
		if s.Limit > 0 {
			out.gauge("runzero_exporter_budget_calls", float64(s.Budget))
			out.instant("runzero_api_usage_reset_timestamp_seconds", s.Reset)
			out.instant("runzero_api_usage_exhaustion_timestamp_seconds", s.Exhaustion)
		}
	}}
}

// NewStore makes the family of the store, live: whether it could be written last.
func NewStore(kept func() bool) prometheus.Collector {
	return live{descs: Descs(Store), collect: func(out *samples) {
		out.flag("runzero_exporter_store_success", kept())
	}}
}

// live is a prometheus.Collector of what is known now.
type live struct {
	descs   map[string]*prometheus.Desc
	collect func(*samples)
}

// Describe implements prometheus.Collector.
func (l live) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range l.descs {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (l live) Collect(ch chan<- prometheus.Metric) {
	out := samples{descs: l.descs}
	l.collect(&out)
	out.Collect(ch)
}
