package collector

import (
	"maps"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// PollState is the state of one collector's polls of one organization.
type PollState struct {
	Account      string // account_name; empty if the configuration names no accounts
	Collector    string
	Organization string        // org_name; empty for data that belongs to no organization
	Success      bool          // of the last poll
	Supported    bool          // false after ErrUnsupported
	Failures     int           // since the last success
	LastSuccess  time.Time     // zero: never
	LastAttempt  time.Time     // zero: never
	Duration     time.Duration // of the last attempt
	Interval     time.Duration // zero: polled only once
	Next         time.Time     // zero: not due again
}

// HealthFamilies builds the families about polls. There can be thousands of polls, so it
// builds them directly, without a registry.
type HealthFamilies struct{ help map[string]string }

// NewHealthFamilies reads the help texts from the catalogue.
func NewHealthFamilies() HealthFamilies { return HealthFamilies{helpTexts()} }

// Of returns the families of one state. They do not depend on the current time.
func (h HealthFamilies) Of(p PollState) []*dto.MetricFamily {
	labels := []*dto.LabelPair{labelPair("collector", p.Collector), labelPair("org_name", p.Organization)}
	if p.Account != "" {
		labels = slices.Insert(labels, 0, labelPair(AccountLabel, p.Account))
	}
	var families []*dto.MetricFamily
	gauge := func(name string, value float64) {
		families = append(families, &dto.MetricFamily{
			Name: &name, Help: new(h.help[name]), Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Label: labels, Gauge: &dto.Gauge{Value: &value}}},
		})
	}
	timestamp := func(name string, t time.Time) {
		if !t.IsZero() {
			gauge(name, unixSeconds(t))
		}
	}
	gauge("runzero_collector_consecutive_failures", float64(p.Failures))
	if !p.LastAttempt.IsZero() {
		gauge("runzero_collector_duration_seconds", p.Duration.Seconds())
	}
	if p.Interval > 0 {
		gauge("runzero_collector_interval_seconds", p.Interval.Seconds())
	}
	timestamp("runzero_collector_last_attempt_timestamp_seconds", p.LastAttempt)
	timestamp("runzero_collector_last_success_timestamp_seconds", p.LastSuccess)
	timestamp("runzero_collector_next_poll_timestamp_seconds", p.Next)
	gauge("runzero_collector_success", oneIf(p.Success))
	gauge("runzero_collector_supported", oneIf(p.Supported))
	return families
}

// PollReason is why a collector was polled.
type PollReason struct{ Collector, Reason string }

// The reasons for polls.
const (
	ReasonInterval = "interval" // it was due
	ReasonChange   = "change"   // something has changed, or what has is unclear
	ReasonRetry    = "retry"    // the last poll failed
	ReasonReload   = "reload"   // of the configuration, or a secret is new
	ReasonProbe    = "probe"    // to find out whether a failure is over, or calls are left again
)

// Reasons returns the family that counts an account's polls. A collector has a series of each reason.
func (h HealthFamilies) Reasons(account string, polls map[PollReason]int64) []*dto.MetricFamily {
	name := "runzero_collector_poll_reason_total"
	family := &dto.MetricFamily{Name: &name, Help: new(h.help[name]), Type: dto.MetricType_COUNTER.Enum()}
	collectors := map[string]bool{}
	for p := range polls {
		collectors[p.Collector] = true
	}
	for _, collector := range slices.Sorted(maps.Keys(collectors)) {
		for _, reason := range []string{ReasonInterval, ReasonChange, ReasonRetry, ReasonReload, ReasonProbe} {
			labels := []*dto.LabelPair{labelPair("collector", collector), labelPair("reason", reason)}
			if account != "" {
				labels = slices.Insert(labels, 0, labelPair(AccountLabel, account))
			}
			n := float64(polls[PollReason{collector, reason}])
			family.Metric = append(family.Metric, &dto.Metric{Label: labels, Counter: &dto.Counter{Value: &n}})
		}
	}
	return []*dto.MetricFamily{family}
}

func labelPair(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }
