package collector

import (
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Polls is how the polls of one collector for one organization are going.
type Polls struct {
	Collector    string
	Organization string // its org_name; empty for what belongs to no organization
	Success      bool   // of the last
	Supported    bool
	Failures     int           // since the last success
	LastSuccess  time.Time     // zero: never
	LastAttempt  time.Time     // zero: never
	Duration     time.Duration // of the last attempt
	Interval     time.Duration // zero: asked once only
	Next         time.Time     // zero: not due again
}

// Families returns the health families. They change with polls and not with time.
func (p Polls) Families() ([]*dto.MetricFamily, error) {
	labels := []string{p.Organization, p.Collector}
	out := samples{descs: Descs(Health)}
	out.flag("runzero_collector_success", p.Success, labels...)
	out.flag("runzero_collector_supported", p.Supported, labels...)
	out.gauge("runzero_collector_consecutive_failures", float64(p.Failures), labels...)
	out.instant("runzero_collector_last_success_timestamp_seconds", p.LastSuccess, labels...)
	out.instant("runzero_collector_last_attempt_timestamp_seconds", p.LastAttempt, labels...)
	if !p.LastAttempt.IsZero() {
		out.gauge("runzero_collector_duration_seconds", p.Duration.Seconds(), labels...)
	}
	if p.Interval > 0 {
		out.gauge("runzero_collector_interval_seconds", p.Interval.Seconds(), labels...)
	}
	out.instant("runzero_collector_next_poll_timestamp_seconds", p.Next, labels...)
	return out.families()
}
