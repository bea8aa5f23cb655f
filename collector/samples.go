package collector

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// samples are the samples of one poll or scrape. Label values are in the order of the catalogue.
type samples struct {
	descriptors
	metrics []prometheus.Metric
	err     error
}

// newSamples makes the samples of a collector. configured are the labels that the
// configuration adds to the families that have such.
func newSamples(collector string, configured ...string) *samples {
	return &samples{descriptors: newDescriptors(collector, configured...)}
}

func (s *samples) gauge(name string, value float64, labels ...string) {
	metric, err := prometheus.NewConstMetric(s.desc(name), prometheus.GaugeValue, value, labels...)
	s.add(name, metric, err)
}

// count exports a number, if it is known.
func (s *samples) count(name string, c runzero.Count, labels ...string) {
	if n, known := c.Get(); known {
		s.gauge(name, float64(n), labels...)
	}
}

// assets exports assets as counted by the console, in each state.
func (s *samples) assets(name string, all, recent, live runzero.Count, labels ...string) {
	s.count(name, all, slices.Concat(labels, []string{"all"})...)
	s.count(name, recent, slices.Concat(labels, []string{"recent"})...)
	s.count(name, live, slices.Concat(labels, []string{"live"})...)
}

// timestamp exports a time, unless it is zero.
func (s *samples) timestamp(name string, t time.Time, labels ...string) {
	if !t.IsZero() {
		s.gauge(name, unixSeconds(t), labels...)
	}
}

// truth exports a boolean, if the API reported it.
func (s *samples) truth(name string, t runzero.Truth, labels ...string) {
	if t != runzero.Unknown {
		s.boolean(name, t == runzero.True, labels...)
	}
}

func (s *samples) boolean(name string, value bool, labels ...string) {
	s.gauge(name, oneIf(value), labels...)
}

// tally exports counts by organization and the tally's labels. The values of site_name are
// ids, which sites maps to names.
func (s *samples) tally(name string, poll Poll, t *tally, sites SiteNames) {
	t.folded(poll.Settings.AssetTop, func(values []string, n int64) {
		labels := append([]string{poll.Organization.Name}, values...)
		for i, d := range t.dimensions {
			if d.label == siteLabel {
				labels[i+1] = sites[values[i]]
			}
		}
		s.gauge(name, float64(n), labels...)
	})
}

// folded exports how many values of each open-ended label are counted as other.
func (s *samples) folded(poll Poll, collector string, dimensions ...*dimension) {
	for _, d := range dimensions {
		if d.open {
			s.gauge("runzero_collector_folded_values", float64(d.foldedValues(poll.Settings.AssetTop)), poll.Organization.Name, collector, d.label)
		}
	}
}

func (s *samples) histogram(name string, h *histogram, labels ...string) {
	metric, err := prometheus.NewConstHistogram(s.desc(name), h.count, float64(h.sum), h.cumulative(), labels...)
	s.add(name, metric, err)
}

func (s *samples) desc(name string) *prometheus.Desc {
	desc, ok := s.descriptors[name]
	if !ok {
		return prometheus.NewInvalidDesc(fmt.Errorf("%s is not in the catalogue", name))
	}
	return desc
}

func (s *samples) add(name string, metric prometheus.Metric, err error) {
	switch {
	case s.err != nil: // the first counts
	case err != nil:
		s.err = fmt.Errorf("%s: %w", name, err)
	case len(s.metrics) == maxSeries:
		s.err = errTooMany("series", maxSeries)
	default:
		s.metrics = append(s.metrics, metric)
	}
}

// snapshot gathers the samples through a pedantic registry: a duplicate series or an invalid
// label fails this poll instead of every scrape.
func (s *samples) snapshot(sites SiteNames) (Snapshot, error) {
	if s.err != nil {
		return Snapshot{}, s.err
	}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(s); err != nil {
		return Snapshot{}, err
	}
	families, err := registry.Gather()
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Families: families, Sites: sites}, nil
}

// Collect implements prometheus.Collector.
func (s *samples) Collect(ch chan<- prometheus.Metric) {
	for _, metric := range s.metrics {
		ch <- metric
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// timestampOf is the inverse of unixSeconds. It rounds, because a value that is read back at
// each poll would otherwise drift into the past.
func timestampOf(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1000))) }

// eachSample calls f for each sample of a gauge family.
func eachSample(families []*dto.MetricFamily, name string, f func(value float64, labels map[string]string)) {
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := make(map[string]string, len(metric.GetLabel()))
			for _, pair := range metric.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			f(metric.GetGauge().GetValue(), labels)
		}
	}
}
