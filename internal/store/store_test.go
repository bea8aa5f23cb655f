package store_test

import (
	"bytes"
	"errors"
	"fmt"
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

func TestSnapshotIsLoadedAsAScrapeWouldShowIt(t *testing.T) {
	when := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.FixedZone("", 3600))
	exemplar := counter(1)
	exemplar.Counter.Exemplar = &dto.Exemplar{Value: new(1.0)}
	f := newFolder(t)
	f.save(acme(), store.Snapshot{Success: when, Families: []*dto.MetricFamily{gauges("empty"), family("c", dto.MetricType_COUNTER, exemplar)}})
	f.open()
	f.expect(acme(), store.Snapshot{Success: when.UTC(), Families: []*dto.MetricFamily{family("c", dto.MetricType_COUNTER, counter(1))}})
	if log := f.logged(); log != nil {
		t.Errorf("logged %q", log)
	}
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
	for _, part := range []string{
		"# runzero_exporter snapshot 1\n# {\"Account\":\"default\",\"Organization\":\"b1f3c1de-0000-4000-8000-000000000001\",\"Collector\":\"assets\",",
		`"Success":"2026-03-04T05:06:07.891234567Z","Sites":{"s1":"HQ \"old\"","s2":"Werk\nSüd"},"Missing":{"s2":"1970-01-01T00:00:03Z"},"Listed":{"/export/org/sites.json":2}}`,
		"\nrunzero_age_seconds_bucket{org_name=\"Acme\",le=\"+Inf\"} 3\n",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}
	if strings.Contains(text, fingerprint) {
		t.Errorf("the fingerprint is written in clear:\n%s", text)
	}
}

func TestSnapshotThatTheTextFormatWouldChangeIsNotSaved(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	before := read(t, f.only())
	one := func(of dto.MetricType, metric *dto.Metric) store.Snapshot {
		return store.Snapshot{Families: []*dto.MetricFamily{family("x", of, metric)}}
	}
	for what, snapshot := range map[string]store.Snapshot{
		"summary":          one(dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{}}),
		"untyped":          one(dto.MetricType_UNTYPED, &dto.Metric{Untyped: &dto.Untyped{}}),
		"gauge histogram":  one(dto.MetricType_GAUGE_HISTOGRAM, histogram(0, 0, nil)),
		"native histogram": one(dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{Schema: new(int32(3))}}),
		"too large count":  one(dto.MetricType_HISTOGRAM, histogram(0, 1<<53+1, nil)),
		"timestamp":        one(dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{}, TimestampMs: new(int64(1))}),
		"missing payload":  one(dto.MetricType_COUNTER, gauge(1)),
		"year 10000":       {Success: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		f.Save(acme(), fingerprint, snapshot)
		f.write()
		if log := f.logged(); f.Healthy() || len(log) != 1 || !strings.Contains(log[0], "assets") {
			t.Errorf("%s: healthy: %v, logged %q, want an error that names the collector", what, f.Healthy(), log)
		}
		f.open()
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
	if f.stateOf(whole("default"), &none) {
		t.Error("found before anything was saved")
	}
	want := state{12, []string{"", "# sha256 \n# account", "\u2028"}, time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)}
	f.saveState("default", want)
	f.open()
	if !f.stateOf(whole("default"), &got) || !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %+v, want %+v", got, want)
	}
	if f.stateOf(whole("another"), &none) {
		t.Error("found the state of another account")
	}
}

func TestOpenFolderThatCannotBeWritten(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "file"), nil)
	for what, dir := range map[string]string{"file": filepath.Join(root, "file"), "below a file": filepath.Join(root, "file", "cache"), "no name": ""} {
		_, err := store.Open(dir, store.Options{Logger: log.NewNopLogger()})
		if err == nil || !strings.Contains(err.Error(), "--cache.dir") || !strings.Contains(err.Error(), fmt.Sprintf("%q", dir)) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestReadOnlyStoreChangesNothing(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	if _, err := store.OpenReadOnly(none, store.Options{Logger: log.NewNopLogger()}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--cache.dir") {
		t.Errorf("opening a folder that does not exist: %v", err)
	}
	f := newFolder(t)
	f.save(acme(), small())
	f.saveState("default", 12)
	f.saveState("torn", 12)
	write(t, filepath.Join(f.dir, "runzero_exporter-123.tmp"), nil) // of the exporter that runs
	for _, name := range f.names(".log") {
		if strings.Contains(name, "torn") {
			write(t, filepath.Join(f.dir, name), []byte("torn"))
		}
	}
	before := f.names("")

	var err error
	if f.Folder, err = store.OpenReadOnly(f.dir, store.Options{Logger: log.NewLogfmtLogger(&f.log)}); err != nil {
		t.Fatal(err)
	}
	f.expect(acme(), small())
	if _, found := f.loadState("torn"); found || !strings.Contains(strings.Join(f.logged(), ""), "ignored") {
		t.Error("a torn state was loaded, or nothing was logged")
	}
	f.saveState("default", 13)
	f.save(store.Key{}, small())
	f.Prune(acme().Account, nil)
	f.write()
	if state, _ := f.loadState("default"); state != 12.0 || !slices.Equal(f.names(""), before) {
		t.Errorf("the state is %v, and the folder holds %q, want %q", state, f.names(""), before)
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
	another := filepath.Join(filepath.Dir(filepath.Join(f.dir, f.names(".prom")[0])), "runzero_exporter-5.tmp")
	write(t, another, nil)
	f.open()
	f.write()
	if n := len(f.names("")); n != 1+len(others) {
		t.Errorf("the folder holds %q", f.names(""))
	}
	f.expect(acme(), small())
}
