package collector

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Metric describes one metric family. The Catalogue is the only place where names, meanings and labels are written:
// descriptors, docs/metrics.md and the checks of dashboards and rules are derived from it.
type Metric struct {
	Name       string
	Help       string // meaning, without what HELP adds
	Type       dto.MetricType
	Labels     []string
	Configured string   // the flag, or key of the configuration file, that adds labels; empty if none does
	Collectors []string // the collectors that export the family, or Health, Quota, Store, Replica or Config
	Live       bool     // computed at each scrape; others are as old as their collector's last successful poll
	Stability  Stability
}

// Stability says how likely a family is to change.
type Stability string

const (
	// Stable families change only in a major version.
	Stable Stability = "stable"
	// Experimental families may change in any version: their collectors are off by default, or
	// they rely on undocumented behaviour of the API.
	Experimental Stability = "experimental"
)

// HELP returns the help text as exposed. For cached families it says so, because their
// values may be older than the scrape suggests.
func (m Metric) HELP() string {
	if m.Live {
		return m.Help
	}
	return m.Help + " Cached: updated by each successful poll of its collector, dropped when older than --cache.max-age."
}

// Values of Metric.Collectors that are not collectors.
const (
	Health  = "health"  // the polls themselves
	Quota   = "quota"   // the exporter's use of the API quota
	Store   = "store"   // writing to --cache.dir
	Replica = "replica" // who polls, of replicas that share --cache.url
	Config  = "config"  // loading the configuration
)

// AgeOf maps cached families of timestamps to the live families of their ages.
func AgeOf() map[string]string {
	return map[string]string{"runzero_scan_last_success_timestamp_seconds": "runzero_scan_age_seconds"}
}

// helpTexts returns the help texts of all families, as exposed, by name.
func helpTexts() map[string]string {
	help := map[string]string{}
	for _, m := range Catalogue() {
		help[m.Name] = m.HELP()
	}
	return help
}

func words(s string) []string { return strings.Fields(s) }

// descriptors are those of a collector's families by name.
type descriptors map[string]*prometheus.Desc

// newDescriptors adds the configured labels to the families that the configuration adds labels to.
func newDescriptors(collector string, configured ...string) descriptors {
	descs := descriptors{}
	for _, m := range Catalogue() {
		if !slices.Contains(m.Collectors, collector) {
			continue
		}
		labels := m.Labels
		if m.Configured != "" {
			labels = slices.Concat(labels, configured)
		}
		descs[m.Name] = prometheus.NewDesc(m.Name, m.HELP(), labels, nil)
	}
	return descs
}

// Describe implements prometheus.Collector.
func (d descriptors) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range d {
		ch <- desc
	}
}
