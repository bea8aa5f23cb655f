package harness

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Values returns the samples of a family by the values of these labels, joined by "/". Those
// with equal values are added up.
func (w *World) Values(family string, labels ...string) map[string]float64 {
	w.t.Helper()
	return Values(w.gather(), family, labels...)
}

// Values does the same as World.Values, of families that a test has gathered.
func Values(families []*dto.MetricFamily, family string, labels ...string) map[string]float64 {
	values := map[string]float64{}
	for _, f := range families {
		if f.GetName() != family {
			continue
		}
		for _, m := range f.GetMetric() {
			values[labelValues(m, labels)] += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

func labelValues(m *dto.Metric, names []string) string {
	var values []string
	for _, name := range names {
		for _, label := range m.GetLabel() {
			if label.GetName() == name {
				values = append(values, label.GetValue())
			}
		}
	}
	return strings.Join(values, "/")
}

// Expect reports an error unless the samples of a family with these labels, given as names
// and values in turn, add up to want.
func (w *World) Expect(family string, want float64, labels ...string) {
	w.t.Helper()
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	got, ok := w.Values(family, names...)[strings.Join(values, "/")]
	if !ok || got != want {
		w.t.Errorf("%s of %v is %v (present: %v), want %v", family, labels, got, ok, want)
	}
}

// Text is the exposition, of the families with this prefix.
func (w *World) Text(prefix string) string {
	w.t.Helper()
	var text bytes.Buffer
	for _, f := range w.gather() {
		if !strings.HasPrefix(f.GetName(), prefix) {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			w.t.Fatal(err)
		}
	}
	return text.String()
}

// Snapshot is what the last successful polls of a collector export, as text.
func (w *World) Snapshot(name string) string {
	w.t.Helper()
	var text strings.Builder
	families := w.gather()
	for _, metric := range collector.Catalogue() {
		if metric.Live || !slices.Contains(metric.Collectors, name) {
			continue
		}
		for _, f := range families {
			if f.GetName() != metric.Name {
				continue
			}
			for _, m := range f.GetMetric() {
				if of := labelValues(m, []string{"collector"}); of == "" || of == name {
					fmt.Fprintln(&text, metric.Name, m)
				}
			}
		}
	}
	return text.String()
}

func (w *World) gather() []*dto.MetricFamily {
	w.t.Helper()
	families, err := w.Exporter.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	return families
}

// Requests counts the requests that the only console has received, by path.
func (w *World) Requests(path string) int {
	n := 0
	for _, call := range w.Console.Calls() {
		if call.Path == path {
			n++
		}
	}
	return n
}

// Log is a log that may be read while it is written.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything that was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Size is the memory that the log takes, in bytes.
func (l *Log) Size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Cap()
}

// Lines returns the lines that contain all of these texts.
func (l *Log) Lines(texts ...string) []string {
	var lines []string
	for line := range strings.Lines(l.String()) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}
