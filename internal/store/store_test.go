package store_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestAnAnswerComesBackAsItWas(t *testing.T) {
	var values []*dto.Metric
	for i, v := range []float64{
		0, 1, -1, 0.1, 1e21, 123456789.123, math.Pi, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, 1.7e9 + 0.001,
	} {
		values = append(values, gauge(v, "n", fmt.Sprint(i)))
	}
	when := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.FixedZone("", 3600))
	for _, c := range []struct {
		what string
		save store.Entry
		want store.Entry // where it differs
	}{
		{what: "one of everything", save: small()},
		{what: "nothing", save: store.Entry{Success: when.UTC()}},
		{what: "no sites", save: store.Entry{Sites: map[string]string{}}},
		{what: "values", save: store.Entry{Families: []*dto.MetricFamily{gauges("v", values...)}}},
		{what: "an order that is not of the names", save: store.Entry{Families: []*dto.MetricFamily{
			gauges("z", gauge(1, "b", "2", "a", "1"), gauge(2, "b", "1", "a", "1")), gauges("a", gauge(1)), gauges("m", gauge(1)),
		}}},
		{what: "a histogram without buckets", save: store.Entry{Families: []*dto.MetricFamily{
			family("h", dto.MetricType_HISTOGRAM, histogram(0, 0, nil), histogram(math.NaN(), 1<<53, []uint64{0, 1 << 53}, "a", "b")),
		}}},
		{
			what: "another zone",
			save: store.Entry{Success: when},
			want: store.Entry{Success: when.UTC()},
		},
		{
			what: "a family without series",
			save: store.Entry{Families: []*dto.MetricFamily{gauges("none"), gauges("one", gauge(1))}},
			want: store.Entry{Families: []*dto.MetricFamily{gauges("one", gauge(1))}},
		},
		{
			what: "a +Inf bucket",
			save: store.Entry{Families: []*dto.MetricFamily{family("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
				SampleCount: new(uint64(3)), Bucket: []*dto.Bucket{{UpperBound: new(1.0)}, {UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64(3))}},
			}})}},
			want: store.Entry{Families: []*dto.MetricFamily{family("h", dto.MetricType_HISTOGRAM, histogram(0, 3, []uint64{0}))}},
		},
		{
			what: "what a scrape in text does not show",
			save: store.Entry{Families: []*dto.MetricFamily{{
				Name: new("c"), Unit: new("seconds"), Type: dto.MetricType_COUNTER.Enum(),
				Metric: []*dto.Metric{{Counter: &dto.Counter{Value: new(1.0), Exemplar: &dto.Exemplar{Value: new(1.0)}}}},
			}}},
			want: store.Entry{Families: []*dto.MetricFamily{{
				Name: new("c"), Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{counter(1)},
			}}},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFolder(t)
			f.save(acme(), shape, c.save)
			f.open()
			if c.want.Families == nil && c.want.Success.IsZero() {
				c.want = c.save
			}
			f.expect(acme(), shape, c.want)
			if log := f.logged(); log != nil {
				t.Errorf("logged %q", log)
			}
		})
	}
}

func TestTheLastSaveCounts(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	e := small()
	e.Families = e.Families[:1]
	e.Success = e.Success.Add(time.Minute)
	f.save(acme(), shape, e)
	f.expect(acme(), shape, e)
	f.only()
}

func TestAFileCanBeReadByOthers(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
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
	if strings.Contains(text, shape) {
		t.Errorf("the shape itself is in\n%s", text)
	}
}

func TestWhatWouldNotComeBackIsNotSaved(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	before := read(t, f.only())
	one := func(metric *dto.Metric, of dto.MetricType) []*dto.MetricFamily {
		return []*dto.MetricFamily{family("x", of, metric)}
	}
	buckets := func(buckets ...*dto.Bucket) []*dto.MetricFamily {
		return one(&dto.Metric{Histogram: &dto.Histogram{SampleCount: new(uint64(2)), Bucket: buckets}}, dto.MetricType_HISTOGRAM)
	}
	for what, families := range map[string][]*dto.MetricFamily{
		"no name":             {gauges("", gauge(1))},
		"a name with a dot":   {gauges("a.b", gauge(1))},
		"one name twice":      {gauges("a", gauge(1)), gauges("a", gauge(1))},
		"a part's name":       {gauges("h_count", gauge(1)), family("h", dto.MetricType_HISTOGRAM, histogram(0, 0, nil))},
		"help in Latin 1":     {{Name: new("x"), Help: new("caf\xe9"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{gauge(1)}}},
		"a timestamp":         one(&dto.Metric{Gauge: &dto.Gauge{}, TimestampMs: new(int64(1))}, dto.MetricType_GAUGE),
		"a summary":           one(&dto.Metric{Summary: &dto.Summary{}}, dto.MetricType_SUMMARY),
		"untyped":             one(&dto.Metric{Untyped: &dto.Untyped{}}, dto.MetricType_UNTYPED),
		"a gauge histogram":   one(histogram(0, 0, nil), dto.MetricType_GAUGE_HISTOGRAM),
		"another type":        one(gauge(1), dto.MetricType_COUNTER),
		"no histogram":        one(&dto.Metric{}, dto.MetricType_HISTOGRAM),
		"a native one":        one(&dto.Metric{Histogram: &dto.Histogram{Schema: new(int32(3))}}, dto.MetricType_HISTOGRAM),
		"a count of floats":   one(&dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: new(1.5)}}, dto.MetricType_HISTOGRAM),
		"too large a count":   one(histogram(0, 1<<53+1, nil), dto.MetricType_HISTOGRAM),
		"buckets in disarray": buckets(&dto.Bucket{UpperBound: new(2.0)}, &dto.Bucket{UpperBound: new(1.0)}),
		"a bound of NaN":      buckets(&dto.Bucket{UpperBound: new(math.NaN())}),
		"a bucket too full":   buckets(&dto.Bucket{UpperBound: new(1.0), CumulativeCount: new(uint64(3))}),
		"another +Inf":        buckets(&dto.Bucket{UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64(1))}),
		"one histogram twice": {family("h", dto.MetricType_HISTOGRAM, histogram(0, 0, nil, "a", "1", "b", "2"), histogram(0, 0, nil, "b", "2", "a", "1"))},
		"a label of dashes":   one(gauge(1, "a-b", "c"), dto.MetricType_GAUGE),
		"the name's label":    one(gauge(1, "__name__", "c"), dto.MetricType_GAUGE),
		"the bound's label":   one(histogram(0, 0, nil, "le", "c"), dto.MetricType_HISTOGRAM),
		"a label twice":       one(gauge(1, "a", "b", "a", "c"), dto.MetricType_GAUGE),
		"a value in Latin 1":  one(gauge(1, "a", "caf\xe9"), dto.MetricType_GAUGE),
	} {
		if err := f.Save(acme(), shape, store.Entry{Families: families}); err == nil || !strings.Contains(err.Error(), `"assets"`) {
			t.Errorf("%s: %v, want an error that names the collector", what, err)
		}
	}
	if err := f.Save(acme(), shape, store.Entry{Success: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a time that cannot be written is saved")
	}
	if !bytes.Equal(read(t, f.only()), before) {
		t.Error("a failed Save changed what was kept")
	}
}

func TestTheStateComesBackAsItWas(t *testing.T) {
	f := newFolder(t)
	if data, ok := f.LoadState("default", shape); ok {
		t.Errorf("%q before anything was saved", data)
	}
	for _, data := range []string{"", "\n", "{}", "{\"spent\": 12}\n\n", "# sha256 \n# account \"x\"\n", "\x00\xff\r\n", strings.Repeat("x", 1<<20)} {
		if err := f.SaveState("default", shape, []byte(data)); err != nil {
			t.Fatal(err)
		}
		f.open()
		if got, ok := f.LoadState("default", shape); !ok || string(got) != data {
			t.Errorf("%q came back as %q (there: %v)", data, got, ok)
		}
	}
	if _, ok := f.LoadState("another", shape); ok {
		t.Error("one account has the other's state")
	}
	if _, ok := f.LoadState("default", "another"); ok || len(f.logged()) != 1 {
		t.Error("a state of another shape is loaded, or nothing is said")
	}
}

func TestOpen(t *testing.T) {
	never := func(...any) { t.Error("logged") }
	root := t.TempDir()
	write(t, filepath.Join(root, "file"), nil)
	for what, dir := range map[string]string{"a file": filepath.Join(root, "file"), "below a file": filepath.Join(root, "file", "cache"), "no name": ""} {
		_, err := store.Open(dir, never)
		if err == nil || !strings.Contains(err.Error(), "--cache.dir") || !strings.Contains(err.Error(), fmt.Sprintf("%q", dir)) ||
			!strings.Contains(err.Error(), "name one that") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	dir := filepath.Join(root, "a", "b")
	if _, err := store.Open(dir, never); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("a fresh folder holds %v, %v", files, err)
	}
}

func TestNobodyElseCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	f := newFolder(t)
	f.save(acme(), shape, small())
	if err := f.SaveState("default", shape, nil); err != nil {
		t.Fatal(err)
	}
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

func TestLeftOversOfAKilledProcessAreRemoved(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	theirs := []string{"runzero_exporter-notes.tmp", "other-123.tmp", "runzero_exporter-123.tmp.old"}
	for _, name := range append([]string{"runzero_exporter-123.tmp", "runzero_exporter-4294967295.tmp"}, theirs...) {
		write(t, filepath.Join(f.dir, name), []byte("# runzero_exporter snapshot 1\n"))
	}
	f.open()
	if n := len(f.names("")); n != 1+len(theirs) {
		t.Errorf("the folder holds %q", f.names(""))
	}
	f.expect(acme(), shape, small())
}

func TestAFolderThatVanishesAndComesBack(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	if err := os.RemoveAll(f.dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(acme(), shape, small()); err == nil {
		t.Error("saved into nothing")
	}
	if err := f.SaveState("default", shape, nil); err == nil {
		t.Error("saved a state into nothing")
	}
	if err := f.Forget(func(store.Key) bool { return false }); err == nil {
		t.Error("forgot in nothing")
	}
	if _, ok := f.Load(acme(), shape); ok || f.logged() != nil {
		t.Error("loaded from nothing, or said that nothing is there")
	}
	if err := os.Mkdir(f.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f.save(acme(), shape, small())
	f.expect(acme(), shape, small())
}

func TestConcurrentUse(t *testing.T) {
	f := newFolder(t)
	other := acme()
	other.Collector = "tasks"
	var all sync.WaitGroup
	for _, key := range []store.Key{acme(), acme(), other} {
		f.save(key, shape, numbered(0))
		all.Go(func() {
			for n := range 30 {
				if err := f.Save(key, shape, numbered(n)); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 60 {
				e, ok := f.Load(key, shape)
				if n := number(e); !ok || n < 0 {
					t.Error("not there, or not whole")
				}
			}
		})
	}
	all.Go(func() {
		for range 30 {
			if err := f.Forget(func(store.Key) bool { return true }); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	if names := f.names(""); len(names) != 2 || f.logged() != nil {
		t.Errorf("the folder holds %q", names)
	}
}

// numbered is an entry that tells whether it is whole: all of it says n.
func numbered(n int) store.Entry {
	var metrics []*dto.Metric
	for i := range 500 {
		metrics = append(metrics, gauge(float64(n), "n", fmt.Sprint(i)))
	}
	return store.Entry{
		Families: []*dto.MetricFamily{gauges("a", metrics...), gauges("z", gauge(float64(n)))},
		Sites:    map[string]string{"n": fmt.Sprint(n)},
		Success:  time.Unix(int64(n), 0).UTC(),
	}
}

// number is what made the entry, or -1.
func number(e store.Entry) int {
	if n := int(e.Success.Unix()); show(e) == show(numbered(n)) {
		return n
	}
	return -1
}
