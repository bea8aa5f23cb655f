package collector

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// samples gathers what a poll found. Its methods take the value's name from the
// catalogue and its labels in the catalogue's order.
type samples struct {
	descs   map[string]*prometheus.Desc
	metrics []prometheus.Metric
	err     error
}

func (s *samples) gauge(name string, value float64, labels ...string) {
	metric, err := prometheus.NewConstMetric(s.desc(name), prometheus.GaugeValue, value, labels...)
	s.add(name, metric, err)
}

// count exports a number; one that nobody told is left out.
func (s *samples) count(name string, c runzero.Count, labels ...string) {
	if n, known := c.Get(); known {
		s.gauge(name, float64(n), labels...)
	}
}

// assets exports assets as the console counts them, in each of its states.
func (s *samples) assets(name string, all, recent, live runzero.Count, labels ...string) {
	for _, state := range []struct {
		name  string
		count runzero.Count
	}{{"all", all}, {"recent", recent}, {"live", live}} {
		s.count(name, state.count, slices.Concat(labels, []string{state.name})...)
	}
}

// instant exports a time; one that never was is left out.
func (s *samples) instant(name string, t time.Time, labels ...string) {
	if !t.IsZero() {
		s.gauge(name, float64(t.UnixMilli())/1000, labels...)
	}
}

// truth exports a yes or no that may not have been said; then it is left out.
func (s *samples) truth(name string, t runzero.Truth, labels ...string) {
	if t != runzero.Unsaid {
		s.flag(name, t == runzero.True, labels...)
	}
}

// flag exports a yes or no.
func (s *samples) flag(name string, yes bool, labels ...string) {
	value := 0.0
	if yes {
		value = 1
	}
	s.gauge(name, value, labels...)
}

// tally exports what was counted, by organization and the values of each dimension.
func (s *samples) tally(name, org string, t *tally, top int) {
	t.folded(top, func(values []string, n int64) {
		s.gauge(name, float64(n), slices.Concat([]string{org}, values)...)
	})
}

// folded exports how many values of a label of a collector are not kept by name.
func (s *samples) folded(org, collector, label string, values int) {
	s.gauge("runzero_collector_folded_values", float64(values), org, collector, label)
}

func (s *samples) histogram(name string, h *ages, labels ...string) {
	metric, err := prometheus.NewConstHistogram(s.desc(name), h.count, float64(h.sum), h.cumulated(), labels...)
	s.add(name, metric, err)
}

func (s *samples) desc(name string) *prometheus.Desc {
	desc, ok := s.descs[name]
	if !ok {
		return prometheus.NewInvalidDesc(fmt.Errorf("%s is not in the catalogue", name))
	}
	return desc
}

func (s *samples) add(name string, metric prometheus.Metric, err error) {
	switch {
	case err != nil:
		s.err = fmt.Errorf("%s: %w", name, err)
	case len(s.metrics) == seriesMost:
		s.err = errTooMany("series", seriesMost)
	default:
		s.metrics = append(s.metrics, metric)
	}
}

// families gathers the samples once, through client_golang's own strict registry: a
// series that is twice there or has a bad label is found now, and not by a scrape.
func (s *samples) families() ([]*dto.MetricFamily, error) {
	if s.err != nil {
		return nil, s.err
	}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(s); err != nil {
		return nil, err
	}
	return registry.Gather()
}

// Describe and Collect make samples a prometheus.Collector.
func (s *samples) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range s.descs {
		ch <- desc
	}
}

// Collect hands out the samples.
func (s *samples) Collect(ch chan<- prometheus.Metric) {
	for _, metric := range s.metrics {
		ch <- metric
	}
}
