package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// liveCollector is a prometheus.Collector of the exporter's current state.
type liveCollector struct {
	descriptors
	collect func(*samples)
}

// Collect implements prometheus.Collector.
func (l liveCollector) Collect(ch chan<- prometheus.Metric) {
	out := samples{descriptors: l.descriptors}
	l.collect(&out)
	out.Collect(ch)
}

// QuotaState describes an account's quota at one moment.
type QuotaState struct {
	Limit int64 // calls a day of the account
	// LimitSource is where Limit comes from: header, configured or estimated. If it is empty there is no limit, and so
	// no budget, reset or exhaustion.
	LimitSource string
	Budget      int64           // calls a day that this exporter may spend
	Spent       int64           // own calls since the quota was last reset
	Demand      float64         // calls a day that the configured intervals need
	Stretch     float64         // largest ratio of an interval in force to the configured one; 1 when they fit the budget
	Reset       time.Time       // when the quota is expected to reset
	Exhaustion  time.Time       // when the quota is expected to run out; zero: not before the reset
	Paused      map[string]bool // for each reason, whether it pauses polling
}

// NewQuota returns the families of an account's quota. They call state at each scrape.
func NewQuota(state func() QuotaState) prometheus.Collector {
	return liveCollector{newDescriptors(Quota), func(out *samples) {
		s := state()
		for reason, paused := range s.Paused {
			out.boolean("runzero_api_paused", paused, reason)
		}
		out.gauge("runzero_exporter_demand_calls", s.Demand)
		out.gauge("runzero_exporter_spent_calls", float64(s.Spent))
		out.gauge("runzero_exporter_interval_stretch_ratio", s.Stretch)
		if s.LimitSource != "" {
			out.gauge("runzero_exporter_quota_limit_calls", float64(s.Limit), s.LimitSource)
			out.gauge("runzero_exporter_budget_calls", float64(s.Budget))
			out.timestamp("runzero_api_usage_reset_timestamp_seconds", s.Reset)
			out.timestamp("runzero_api_usage_exhaustion_timestamp_seconds", s.Exhaustion)
		}
	}}
}

// NewStore returns the family of the store. It calls healthy at each scrape: whether the last write succeeded.
func NewStore(healthy func() bool) prometheus.Collector {
	return liveCollector{newDescriptors(Store), func(out *samples) {
		out.boolean("runzero_exporter_store_success", healthy())
	}}
}

// ReplicaState is the state of one of several exporters that share --cache.url.
type ReplicaState struct {
	Leads   bool      // it alone polls
	StoreUp bool      // the last access to the store succeeded
	Synced  time.Time // when it last had everything that is in the store; zero: never
}

// NewReplica returns the families of a replica. They call state at each scrape.
func NewReplica(state func() ReplicaState) prometheus.Collector {
	return liveCollector{newDescriptors(Replica), func(out *samples) {
		s := state()
		out.boolean("runzero_exporter_leader", s.Leads)
		out.boolean("runzero_exporter_store_up", s.StoreUp)
		out.timestamp("runzero_exporter_store_synced_timestamp_seconds", s.Synced)
	}}
}

// NewConfigReload returns the families of the configuration. They call loaded at each scrape:
// whether the last attempt to load it succeeded, and when one last did, zero for never.
func NewConfigReload(loaded func() (ok bool, last time.Time)) prometheus.Collector {
	return liveCollector{newDescriptors(Config), func(out *samples) {
		ok, last := loaded()
		out.boolean("runzero_exporter_config_last_reload_successful", ok)
		out.timestamp("runzero_exporter_config_last_reload_success_timestamp_seconds", last)
	}}
}
