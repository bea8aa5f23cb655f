package store_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// folder is a store in a folder of its own, and what it logs.
type folder struct {
	*store.Store
	t   testing.TB
	dir string

	mu  sync.Mutex
	log []string
}

func newFolder(t testing.TB) *folder {
	t.Helper()
	f := &folder{t: t, dir: filepath.Join(t.TempDir(), "cache")}
	f.open()
	return f
}

// open is a restart.
func (f *folder) open() {
	f.t.Helper()
	s, err := store.Open(f.dir, func(keyvals ...any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.log = append(f.log, fmt.Sprint(keyvals...))
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Store = s
}

func (f *folder) save(key store.Key, shape string, e store.Entry) {
	f.t.Helper()
	if err := f.Save(key, shape, e); err != nil {
		f.t.Fatal(err)
	}
}

// expect loads what must be there and like this.
func (f *folder) expect(key store.Key, shape string, want store.Entry) {
	f.t.Helper()
	got, ok := f.Load(key, shape)
	if !ok {
		f.t.Fatalf("%+v is not there: %v", key, f.log)
	}
	if g, w := show(got), show(want); g != w {
		f.t.Fatalf("%+v is\n%s\nwant\n%s", key, g, w)
	}
}

// names are the files in the folder that end like this.
func (f *folder) names(suffix string) []string {
	f.t.Helper()
	files, err := os.ReadDir(f.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file.Name(), suffix) {
			names = append(names, file.Name())
		}
	}
	return names
}

// only is the path of the one file in the folder.
func (f *folder) only() string {
	f.t.Helper()
	names := f.names("")
	if len(names) != 1 {
		f.t.Fatalf("the folder holds %q, want one file", names)
	}
	return filepath.Join(f.dir, names[0])
}

// logged takes what was logged since the last time.
func (f *folder) logged() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.log
	f.log = nil
	return log
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sealed is a file with this body and the checksum of it, as anyone could make it.
func sealed(body string) []byte {
	return fmt.Appendf(nil, "%s# sha256 %x\n", body, sha256.Sum256([]byte(body)))
}

// show writes an entry down, floats to the last bit.
func show(e store.Entry) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %v\n", e.Success.Format(time.RFC3339Nano), e.Sites == nil)
	for _, id := range slices.Sorted(maps.Keys(e.Sites)) {
		fmt.Fprintf(&out, "site %q %q\n", id, e.Sites[id])
	}
	for _, f := range e.Families {
		fmt.Fprintf(&out, "%q %q %s\n", f.GetName(), f.GetHelp(), f.GetType())
		for _, m := range f.Metric {
			for _, l := range m.Label {
				fmt.Fprintf(&out, " %q=%q", l.GetName(), l.GetValue())
			}
			fmt.Fprint(&out, m.TimestampMs != nil, m.Summary != nil, m.Untyped != nil)
			if m.Gauge != nil {
				fmt.Fprintf(&out, " gauge %x", math.Float64bits(m.Gauge.GetValue()))
			}
			if m.Counter != nil {
				fmt.Fprintf(&out, " counter %x", math.Float64bits(m.Counter.GetValue()))
			}
			if h := m.Histogram; h != nil {
				fmt.Fprintf(&out, " histogram %d %x", h.GetSampleCount(), math.Float64bits(h.GetSampleSum()))
				for _, b := range h.Bucket {
					fmt.Fprintf(&out, " %x:%d", math.Float64bits(b.GetUpperBound()), b.GetCumulativeCount())
				}
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func labels(pairs ...string) []*dto.LabelPair {
	var labels []*dto.LabelPair
	for pair := range slices.Chunk(pairs, 2) {
		labels = append(labels, &dto.LabelPair{Name: new(pair[0]), Value: new(pair[1])})
	}
	return labels
}

func gauge(value float64, pairs ...string) *dto.Metric {
	return &dto.Metric{Label: labels(pairs...), Gauge: &dto.Gauge{Value: new(value)}}
}

func counter(value float64, pairs ...string) *dto.Metric {
	return &dto.Metric{Label: labels(pairs...), Counter: &dto.Counter{Value: new(value)}}
}

// histogram has the buckets 1, 2, 3…, as collectors make them: without +Inf.
func histogram(sum float64, count uint64, buckets []uint64, pairs ...string) *dto.Metric {
	h := &dto.Histogram{SampleSum: new(sum), SampleCount: new(count)}
	for i, n := range buckets {
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: new(float64(i + 1)), CumulativeCount: new(n)})
	}
	return &dto.Metric{Label: labels(pairs...), Histogram: h}
}

func family(name string, of dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: new(name), Help: new("Help of " + name + "."), Type: new(of), Metric: metrics}
}

func gauges(name string, metrics ...*dto.Metric) *dto.MetricFamily {
	return family(name, dto.MetricType_GAUGE, metrics...)
}

const shape = "https://console.runzero.com top=100"

func acme() store.Key {
	return store.Key{Account: "default", Organization: "b1f3c1de-0000-4000-8000-000000000001", Collector: "assets"}
}

// small has one of everything.
func small() store.Entry {
	return store.Entry{
		Families: []*dto.MetricFamily{
			gauges("runzero_sites", gauge(2, "org_name", "Acme \"East\" \\ West\nNorth 🏭")),
			family("runzero_age_seconds", dto.MetricType_HISTOGRAM, histogram(7.5, 3, []uint64{1, 2}, "org_name", "Acme")),
			family("runzero_api_requests_total", dto.MetricType_COUNTER, counter(math.Inf(1))),
		},
		Sites:   map[string]string{"s1": "HQ \"old\"", "s2": "Werk\nSüd"},
		Success: time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.UTC),
	}
}
