package collector

import (
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// PollState is how the polls of one collector for one organization are going.
type PollState struct {
	Account      string // its account_name; empty where there is only one
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

// HealthFamilies makes the health families of polls. An account has thousands of
// polls, whose intervals change together, so it makes them without a registry's help:
// names, help texts and labels are its own.
type HealthFamilies struct {
	help map[string]string
}

// NewHealthFamilies reads the catalogue.
func NewHealthFamilies() HealthFamilies {
	h := HealthFamilies{help: map[string]string{}}
	for _, m := range Catalogue() {
		if slices.Contains(m.Collectors, Health) {
			h.help[m.Name] = m.HELP()
		}
	}
	return h
}

// Of returns the families of one. They change with polls and not with time.
func (h HealthFamilies) Of(p PollState) []*dto.MetricFamily {
	labels := []*dto.LabelPair{pair("collector", p.Collector), pair("org_name", p.Organization)}
	if p.Account != "" {
		labels = slices.Insert(labels, 0, pair(AccountLabel, p.Account))
	}
	var families []*dto.MetricFamily
	gauge := func(name string, value float64) {
		help := h.help[name]
		families = append(families, &dto.MetricFamily{
			Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Label: labels, Gauge: &dto.Gauge{Value: &value}}},
		})
	}
	flag := func(name string, yes bool) {
		if yes {
			gauge(name, 1)
		} else {
			gauge(name, 0)
		}
	}
	instant := func(name string, t time.Time) {
		if !t.IsZero() {
			gauge(name, float64(t.UnixMilli())/1000)
		}
	}
	gauge("runzero_collector_consecutive_failures", float64(p.Failures))
	if !p.LastAttempt.IsZero() {
		gauge("runzero_collector_duration_seconds", p.Duration.Seconds())
	}
	if p.Interval > 0 {
		gauge("runzero_collector_interval_seconds", p.Interval.Seconds())
	}
	instant("runzero_collector_last_attempt_timestamp_seconds", p.LastAttempt)
	instant("runzero_collector_last_success_timestamp_seconds", p.LastSuccess)
	instant("runzero_collector_next_poll_timestamp_seconds", p.Next)
	flag("runzero_collector_success", p.Success)
	flag("runzero_collector_supported", p.Supported)
	return families
}

func pair(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }
