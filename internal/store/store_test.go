package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestSnapshotIsLoadedAsItWasSaved(t *testing.T) {
	var values []*dto.Metric
	for i, v := range []float64{
		0, 1, -1, 0.1, 1e21, 123456789.123, math.Pi, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, 1.7e9 + 0.001,
	} {
		values = append(values, gauge(v, "n", fmt.Sprint(i)))
	}
	when := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.FixedZone("", 3600))
	for _, c := range []struct {
		what string
		save store.Snapshot
		want store.Snapshot // if it differs
	}{
		{what: "one of everything", save: small()},
		{what: "no families", save: store.Snapshot{Success: when.UTC()}},
		{what: "no sites", save: store.Snapshot{Sites: map[string]string{}}},
		{what: "values", save: store.Snapshot{Families: []*dto.MetricFamily{gauges("v", values...)}}},
		{what: "an order other than by name", save: store.Snapshot{Families: []*dto.MetricFamily{
			gauges("z", gauge(1, "b", "2", "a", "1"), gauge(2, "b", "1", "a", "1")), gauges("a", gauge(1)), gauges("m", gauge(1)),
		}}},
		{what: "a histogram without buckets", save: store.Snapshot{Families: []*dto.MetricFamily{
			family("h", dto.MetricType_HISTOGRAM, histogram(0, 0, nil), histogram(math.NaN(), 1<<53, []uint64{0, 1 << 53}, "a", "b")),
		}}},
		{
			what: "another zone",
			save: store.Snapshot{Success: when},
			want: store.Snapshot{Success: when.UTC()},
		},
		{
			what: "a family without series",
			save: store.Snapshot{Families: []*dto.MetricFamily{gauges("none"), gauges("one", gauge(1))}},
			want: store.Snapshot{Families: []*dto.MetricFamily{gauges("one", gauge(1))}},
		},
		{
			what: "a +Inf bucket",
			save: store.Snapshot{Families: []*dto.MetricFamily{family("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
				SampleCount: new(uint64(3)), Bucket: []*dto.Bucket{{UpperBound: new(1.0)}, {UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64(3))}},
			}})}},
			want: store.Snapshot{Families: []*dto.MetricFamily{family("h", dto.MetricType_HISTOGRAM, histogram(0, 3, []uint64{0}))}},
		},
		{
			what: "what the text format cannot express",
			save: store.Snapshot{Families: []*dto.MetricFamily{{
				Name: new("c"), Unit: new("seconds"), Type: dto.MetricType_COUNTER.Enum(),
				Metric: []*dto.Metric{{Counter: &dto.Counter{Value: new(1.0), Exemplar: &dto.Exemplar{Value: new(1.0)}}}},
			}}},
			want: store.Snapshot{Families: []*dto.MetricFamily{{
				Name: new("c"), Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{counter(1)},
			}}},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFolder(t)
			f.save(acme(), c.save)
			f.open()
			if c.want.Families == nil && c.want.Success.IsZero() {
				c.want = c.save
			}
			f.expect(acme(), c.want)
			if log := f.logged(); log != nil {
				t.Errorf("logged %q", log)
			}
		})
	}
}

func TestSaveReplacesTheLastSnapshot(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	e := small()
	e.Families = e.Families[:1]
	e.Success = e.Success.Add(time.Minute)
	f.save(acme(), e)
	f.expect(acme(), e)
	f.only()
}

func TestSnapshotIsPrometheusTextFormat(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	text := string(read(t, f.only()))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil || len(families) != 3 {
		t.Errorf("%d families, %v, of\n%s", len(families), err, text)
	}
	for _, line := range []string{
		"# runzero_exporter snapshot 1", `# account "default"`, `# organization "b1f3c1de-0000-4000-8000-000000000001"`, `# collector "assets"`,
		"# success 2026-03-04T05:06:07.891234567Z", "# sites 2", `# site "s2" "Werk\nSüd"`, `runzero_age_seconds_bucket{org_name="Acme",le="+Inf"} 3`,
	} {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	if strings.Contains(text, fingerprint) {
		t.Errorf("the fingerprint is written in clear:\n%s", text)
	}
}

func TestInvalidSnapshotIsNotSaved(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	before := read(t, f.only())
	one := func(metric *dto.Metric, of dto.MetricType) []*dto.MetricFamily {
		return []*dto.MetricFamily{family("x", of, metric)}
	}
	buckets := func(buckets ...*dto.Bucket) []*dto.MetricFamily {
		return one(&dto.Metric{Histogram: &dto.Histogram{SampleCount: new(uint64(2)), Bucket: buckets}}, dto.MetricType_HISTOGRAM)
	}
	for what, families := range map[string][]*dto.MetricFamily{
		"no name":                      {gauges("", gauge(1))},
		"name with a dot":              {gauges("a.b", gauge(1))},
		"family twice":                 {gauges("a", gauge(1)), gauges("a", gauge(1))},
		"name of a histogram's series": {gauges("h_count", gauge(1)), family("h", dto.MetricType_HISTOGRAM, histogram(0, 0, nil))},
		"help in Latin 1":              {{Name: new("x"), Help: new("caf\xe9"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{gauge(1)}}},
		"timestamp":                    one(&dto.Metric{Gauge: &dto.Gauge{}, TimestampMs: new(int64(1))}, dto.MetricType_GAUGE),
		"summary":                      one(&dto.Metric{Summary: &dto.Summary{}}, dto.MetricType_SUMMARY),
		"untyped":                      one(&dto.Metric{Untyped: &dto.Untyped{}}, dto.MetricType_UNTYPED),
		"gauge histogram":              one(histogram(0, 0, nil), dto.MetricType_GAUGE_HISTOGRAM),
		"other payload than its type":  one(gauge(1), dto.MetricType_COUNTER),
		"missing histogram":            one(&dto.Metric{}, dto.MetricType_HISTOGRAM),
		"native histogram":             one(&dto.Metric{Histogram: &dto.Histogram{Schema: new(int32(3))}}, dto.MetricType_HISTOGRAM),
		"float count":                  one(&dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: new(1.5)}}, dto.MetricType_HISTOGRAM),
		"count beyond 2^53":            one(histogram(0, 1<<53+1, nil), dto.MetricType_HISTOGRAM),
		"buckets out of order":         buckets(&dto.Bucket{UpperBound: new(2.0)}, &dto.Bucket{UpperBound: new(1.0)}),
		"NaN bound":                    buckets(&dto.Bucket{UpperBound: new(math.NaN())}),
		"bucket beyond count":          buckets(&dto.Bucket{UpperBound: new(1.0), CumulativeCount: new(uint64(3))}),
		"+Inf bucket other than count": buckets(&dto.Bucket{UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64(1))}),
		"histogram twice":              {family("h", dto.MetricType_HISTOGRAM, histogram(0, 0, nil, "a", "1", "b", "2"), histogram(0, 0, nil, "b", "2", "a", "1"))},
		"label with dashes":            one(gauge(1, "a-b", "c"), dto.MetricType_GAUGE),
		"label __name__":               one(gauge(1, "__name__", "c"), dto.MetricType_GAUGE),
		"label le":                     one(histogram(0, 0, nil, "le", "c"), dto.MetricType_HISTOGRAM),
		"label twice":                  one(gauge(1, "a", "b", "a", "c"), dto.MetricType_GAUGE),
		"value in Latin 1":             one(gauge(1, "a", "caf\xe9"), dto.MetricType_GAUGE),
	} {
		f.Save(acme(), fingerprint, store.Snapshot{Families: families})
		f.write()
		if log := f.logged(); f.Healthy() || len(log) != 1 || !strings.Contains(log[0], "assets") {
			t.Errorf("%s: healthy: %v, logged %q, want an error that names the collector", what, f.Healthy(), log)
		}
		f.open()
	}
	f.Save(acme(), fingerprint, store.Snapshot{Success: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)})
	f.write()
	if f.Healthy() {
		t.Error("saved a time that cannot be written")
	}
	if !bytes.Equal(read(t, f.only()), before) {
		t.Error("the last snapshot was changed")
	}
}

func TestStateIsLoadedAsItWasSaved(t *testing.T) {
	type state struct {
		Spent int
		Jobs  []string
		Due   time.Time
	}
	f := newFolder(t)
	var none, got state
	if f.Load("default", fingerprint, &none) {
		t.Error("found before anything was saved")
	}
	want := state{12, []string{"", "# sha256 \n# account", "\u2028"}, time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)}
	f.saveState("default", want)
	f.open()
	if !f.Load("default", fingerprint, &got) || !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %+v, want %+v", got, want)
	}
	if f.Load("another", fingerprint, &none) {
		t.Error("found the state of another account")
	}
}

func TestOpenFolderThatCannotBeWritten(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "file"), nil)
	for what, dir := range map[string]string{"file": filepath.Join(root, "file"), "below a file": filepath.Join(root, "file", "cache"), "no name": ""} {
		_, err := store.Open(dir, log.NewNopLogger())
		if err == nil || !strings.Contains(err.Error(), "--cache.dir") || !strings.Contains(err.Error(), fmt.Sprintf("%q", dir)) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOpenCreatesTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if _, err := store.Open(dir, log.NewNopLogger()); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("a new folder holds %v, %v", files, err)
	}
}

func TestReadOnlyStoreChangesNothing(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	f.saveState("default", 12)
	f.saveState("torn", 12)
	write(t, filepath.Join(f.dir, "runzero_exporter-123.tmp"), nil) // of the exporter that runs
	for _, name := range f.names(".prom") {
		if strings.Contains(name, "torn") {
			write(t, filepath.Join(f.dir, name), []byte("torn"))
		}
	}
	before := f.names("")

	var err error
	if f.Store, err = store.OpenReadOnly(f.dir, log.NewLogfmtLogger(&f.log)); err != nil {
		t.Fatal(err)
	}
	f.expect(acme(), small())
	if _, found := f.loadState("torn"); found || !strings.Contains(strings.Join(f.logged(), ""), "ignored") {
		t.Error("a torn state was loaded, or nothing was logged")
	}
	f.saveState("default", 13)
	f.save(store.Key{}, small())
	f.Prune(func(store.Key) bool { return false })
	f.write()
	if state, _ := f.loadState("default"); state != 12.0 || !slices.Equal(f.names(""), before) {
		t.Errorf("the state is %v, and the folder holds %q, want %q", state, f.names(""), before)
	}
}

func TestReadOnlyStoreNeedsTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := store.OpenReadOnly(dir, log.NewNopLogger()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--cache.dir") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("created the folder")
	}
}

func TestOnlyTheOwnerCanRead(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	f.saveState("default", nil)
	paths := map[string]os.FileMode{f.dir: 0o700}
	for _, name := range f.names("") {
		paths[filepath.Join(f.dir, name)] = 0o600
	}
	for path, want := range paths {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", filepath.Base(path), info.Mode(), err, want)
		}
	}
	if len(paths) != 3 {
		t.Errorf("%d paths", len(paths))
	}
}

func TestTemporaryFilesOfAKilledProcessAreRemoved(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	others := []string{"runzero_exporter-notes.tmp", "other-123.tmp", "runzero_exporter-123.tmp.old"}
	for _, name := range append([]string{"runzero_exporter-123.tmp", "runzero_exporter-4294967295.tmp"}, others...) {
		write(t, filepath.Join(f.dir, name), []byte("# runzero_exporter snapshot 1\n"))
	}
	f.open()
	if n := len(f.names("")); n != 1+len(others) {
		t.Errorf("the folder holds %q", f.names(""))
	}
	f.expect(acme(), small())
}
