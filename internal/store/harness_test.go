package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// named is an account of the tests' console.
func named(name string) store.Account { return store.Account{Name: name, Fingerprint: fingerprint} }

// whole is the key of an account's own state.
func whole(account string) store.Key { return store.Key{Account: named(account)} }

// folder is a store in a folder of its own, and its log.
type folder struct {
	*store.Folder
	t   testing.TB
	dir string
	log logged
}

// logged is a log that is written and read at the same time.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

func newFolder(t testing.TB) *folder {
	t.Helper()
	f := &folder{t: t, dir: filepath.Join(t.TempDir(), "cache")}
	f.open()
	return f
}

// open restarts the exporter.
func (f *folder) open() {
	f.t.Helper()
	if f.Folder != nil {
		if err := f.Close(); err != nil {
			f.t.Fatal(err)
		}
	}
	s, err := store.Open(f.dir, store.Options{Logger: log.NewLogfmtLogger(&f.log)})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Folder = s
}

// write runs the writer until it has nothing left to do.
func (f *folder) write() {
	ended, end := context.WithCancel(context.Background())
	end()
	_ = f.Run(ended)
}

func (f *folder) save(key store.Key, snapshot store.Snapshot) {
	f.t.Helper()
	f.Save(key, fingerprint, snapshot)
	f.write()
	if !f.Healthy() {
		f.t.Fatal(f.log.String())
	}
}

func (f *folder) saveState(account string, state any) {
	f.t.Helper()
	f.SaveState(whole(account), state)
	f.write()
	if !f.Healthy() {
		f.t.Fatal(f.log.String())
	}
}

// load also lets the writer set aside what is unusable.
func (f *folder) load(key store.Key) (store.Snapshot, bool) {
	defer f.write()
	return f.LoadSnapshot(key, fingerprint)
}

func (f *folder) loadState(account string) (state any, found bool) {
	defer f.write()
	found = f.stateOf(whole(account), &state)
	return state, found
}

func (f *folder) stateOf(key store.Key, state any) bool { return f.States(key.Account)(key, state) }

func (f *folder) expect(key store.Key, want store.Snapshot) {
	f.t.Helper()
	got, ok := f.load(key)
	if !ok {
		f.t.Fatalf("%+v not found: %s", key, f.log.String())
	}
	if g, w := show(got), show(want); g != w {
		f.t.Fatalf("%+v is\n%s\nwant\n%s", key, g, w)
	}
}

// names lists the files of all accounts that end in suffix, with their folder.
func (f *folder) names(suffix string) []string {
	f.t.Helper()
	var names []string
	err := filepath.WalkDir(f.dir, func(path string, entry fs.DirEntry, err error) error {
		name, outside := filepath.Rel(f.dir, path)
		if account, _ := filepath.Split(name); strings.HasSuffix(name, suffix) && name != "lock" && (account != "" || !entry.IsDir()) {
			names = append(names, name)
		}
		return errors.Join(err, outside)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return names
}

// only returns the path of the only file in the folder.
func (f *folder) only() string {
	f.t.Helper()
	names := f.names("")
	if len(names) != 1 {
		f.t.Fatalf("the folder holds %q, want one file", names)
	}
	return filepath.Join(f.dir, names[0])
}

// logged returns the lines that were logged since the last call.
func (f *folder) logged() []string {
	var lines []string
	for line := range strings.Lines(f.log.String()) {
		lines = append(lines, line)
	}
	f.log.Reset()
	return lines
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

// sealed appends a valid checksum to a body, as anyone could.
func sealed(body string) []byte {
	return fmt.Appendf(nil, "%s# sha256 %x\n", body, sha256.Sum256([]byte(body)))
}

// show prints a snapshot as a scrape would show it.
func show(snapshot store.Snapshot) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %#v\n", snapshot.Success.Format(time.RFC3339Nano), snapshot.Sites)
	for _, family := range snapshot.Families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			panic(err)
		}
	}
	return text.String()
}

// labels are sorted, as a registry gathers them.
func labels(pairs ...string) []*dto.LabelPair {
	var labels []*dto.LabelPair
	for pair := range slices.Chunk(pairs, 2) {
		labels = append(labels, &dto.LabelPair{Name: new(pair[0]), Value: new(pair[1])})
	}
	slices.SortFunc(labels, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	return labels
}

func gauge(value float64, pairs ...string) *dto.Metric {
	return &dto.Metric{Label: labels(pairs...), Gauge: &dto.Gauge{Value: new(value)}}
}

func counter(value float64, pairs ...string) *dto.Metric {
	return &dto.Metric{Label: labels(pairs...), Counter: &dto.Counter{Value: new(value)}}
}

// histogram has the buckets 1, 2, 3…, without +Inf as collectors make them.
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

const fingerprint = "https://console.runzero.com top=100"

func acme() store.Key {
	return store.Key{Account: named("default"), Organization: "b1f3c1de-0000-4000-8000-000000000001", Collector: "assets"}
}

// small returns a snapshot with one of everything.
func small() store.Snapshot {
	return store.Snapshot{
		Families: []*dto.MetricFamily{
			gauges("runzero_sites", gauge(2, "org_name", "Acme \"East\" \\ West\nNorth 🏭")),
			family("runzero_age_seconds", dto.MetricType_HISTOGRAM, histogram(7.5, 3, []uint64{1, 2}, "org_name", "Acme")),
			family("runzero_api_requests_total", dto.MetricType_COUNTER, counter(math.Inf(1))),
		},
		Sites:   map[string]string{"s1": "HQ \"old\"", "s2": "Werk\nSüd"},
		Missing: map[string]time.Time{"s2": time.Unix(3, 0).UTC()},
		Listed:  map[string]int64{"/export/org/sites.json": 2},
		Success: time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.UTC),
	}
}

// numbered returns a snapshot in which everything is n, so that a mixture of two shows.
func numbered(n int) store.Snapshot {
	var metrics []*dto.Metric
	for i := range 500 {
		metrics = append(metrics, gauge(float64(n), "n", fmt.Sprint(i)))
	}
	return store.Snapshot{
		Families: []*dto.MetricFamily{gauges("a", metrics...), gauges("z", gauge(float64(n)))},
		Sites:    map[string]string{"n": fmt.Sprint(n)},
		Success:  time.Unix(int64(n), 0).UTC(),
	}
}

// number returns the n of a numbered snapshot, or -1 when it is not exactly that.
func number(snapshot store.Snapshot) int {
	if n := int(snapshot.Success.Unix()); show(snapshot) == show(numbered(n)) {
		return n
	}
	return -1
}
