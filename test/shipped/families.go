package shipped

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// series is what is known of the time series of one name.
type series struct {
	// family is the metric family in the catalogue; empty for what is not in it.
	family string
	labels set
	// follow are the labels whose values follow from those of the others.
	follow set
	// counter tells what must be asked for its rate from what is a value by itself.
	counter bool
	// own is whether each exporter tells of itself: then those of replicas add up. All
	// else runZero says, to each replica the same.
	own bool
}

// Families are the series that dashboards and rules may name, by name.
type Families map[string]series

// target lists the labels that Prometheus adds when it scrapes.
func target() []string { return []string{"job", "instance"} }

// Exported returns all series of the exporter's catalogue, and those of Prometheus, of
// the Go runtime and of the process that there is reason to look at.
func Exported() Families {
	f := Families{}
	for _, m := range collector.Catalogue() {
		f.addFamily(m)
	}
	for name, labels := range map[string]string{
		"up":                            "",
		"scrape_samples_scraped":        "",
		"process_start_time_seconds":    "",
		"process_resident_memory_bytes": "",
		"process_cpu_seconds_total":     "",
		"runzero_exporter_build_info":   "version revision branch goversion goos goarch tags",
	} {
		f[name] = series{
			labels:  words(labels).with(target()...),
			follow:  words(labels),
			counter: strings.HasSuffix(name, "_total"),
			own:     true,
		}
	}
	return f
}

func (f Families) addFamily(m collector.Metric) {
	labels := setOf(m.Labels...).with(target()...)
	// The file and the folder are those of all accounts.
	if !slices.Contains(m.Collectors, collector.Config) && !slices.Contains(m.Collectors, collector.Store) {
		labels = labels.with(collector.AccountLabel)
	}
	if m.Configured == "--collector.assets.labels" {
		labels = labels.with(collector.AssetLabels()...)
	}
	s := series{
		family:  m.Name,
		labels:  labels,
		follow:  following()[m.Name],
		counter: m.Type == dto.MetricType_COUNTER,
		own:     slices.Contains(calls(), m.Name),
	}
	if m.Type == dto.MetricType_HISTOGRAM {
		// The histogram of a poll is made anew with each: its buckets are no counters.
		s.counter = m.Live
		f[m.Name+"_count"], f[m.Name+"_sum"] = s, s
		bucket := s
		bucket.labels = labels.with("le")
		f[m.Name+"_bucket"] = bucket
	}
	f[m.Name] = s
}

// following are the labels of families that tell of things what is written on them, and
// have one series of each thing.
func following() map[string]set {
	return map[string]set{
		"runzero_console_info":       words("version"),
		"runzero_explorer_info":      words("explorer_id site_name version os arch"),
		"runzero_license_info":       words("license_type"),
		"runzero_organization_info":  words("organization_id project"),
		"runzero_scan_schedule_info": words("schedule_id frequency"),
		"runzero_site_info":          words("site_id"),
	}
}

// calls lists the families that count the calls of one exporter.
func calls() []string {
	return []string{
		"runzero_api_requests_total",
		"runzero_api_request_duration_seconds",
		"runzero_api_response_bytes_total",
		"runzero_exporter_budget_calls",
		"runzero_exporter_demand_calls",
		"runzero_exporter_spent_calls",
	}
}
