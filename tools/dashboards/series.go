package main

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// series is what queries may use of a name: its labels, and the filters that the dashboard's variables set.
type series struct {
	labels  []string
	filters map[string]string // by label: the regular expression
	help    string
}

// catalogue returns the exporter's series, and those that Prometheus and client_golang add.
func catalogue() map[string]series {
	all := map[string]series{}
	for _, m := range collector.Catalogue() {
		s := ofMetric(m)
		all[m.Name] = s
		if m.Type == dto.MetricType_HISTOGRAM {
			all[m.Name+"_count"] = s
			s.labels = append(slices.Clip(s.labels), "le")
			all[m.Name+"_bucket"] = s
		}
	}
	job := series{labels: []string{"job", "instance"}, filters: map[string]string{"job": "$job"}}
	for _, name := range []string{"up", "scrape_samples_scraped", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"} {
		all[name] = job
	}
	job.labels = append(slices.Clip(job.labels), "version")
	all["runzero_exporter_build_info"] = job

	// What the alert rules have made; an alert has the labels of what it is about.
	alerts := series{
		labels:  strings.Fields("alertname alertstate severity job instance account_name org_name site_name explorer schedule integration discovery collector credential"),
		filters: map[string]string{"job": "$job|", "account_name": "$account_name|", "org_name": "$org_name|"},
	}
	all["ALERTS"], all["ALERTS_FOR_STATE"] = alerts, alerts
	for _, window := range []string{"", "_avg30m", "_avg6h", "_avg3d", "_avg28d"} {
		all["account:runzero_sites_overdue:ratio"+window] = series{
			labels: []string{"job", "account_name"}, filters: map[string]string{"job": "$job", "account_name": "$account_name"},
		}
	}
	recorded := all["runzero_discovery_assets"]
	recorded.labels = without(recorded.labels, []string{"instance"})
	all["type:runzero_discovery_assets:min"], all["type:runzero_discovery_responding:sum"] = recorded, recorded
	return all
}

func ofMetric(m collector.Metric) series {
	s := series{labels: slices.Concat(m.Labels, []string{"job", "instance"}), filters: map[string]string{"job": "$job"}, help: m.Help}
	// The configuration file, and where results are cached, are common to all accounts.
	common := []string{collector.Config, collector.Store, collector.Replica}
	if !slices.ContainsFunc(m.Collectors, func(of string) bool { return slices.Contains(common, of) }) {
		s.labels = append(s.labels, collector.AccountLabel)
		s.filters[collector.AccountLabel] = "$" + collector.AccountLabel
	}
	if m.Configured == "--collector.assets.labels" {
		s.labels = append(s.labels, collector.AssetLabels()...)
	}
	for _, label := range []string{"org_name", "site_name"} {
		switch {
		case !slices.Contains(s.labels, label), slices.Contains(m.Collectors, "api_keys"): // keys may belong to no organization
		case slices.Contains(m.Collectors, collector.Health):
			s.filters[label] = "$" + label + "|" // and polls of the whole account
		default:
			s.filters[label] = "$" + label
		}
	}
	return s
}
