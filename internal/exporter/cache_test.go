package exporter_test

import (
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// files are those of a folder and what is below it, with their content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	folder := os.DirFS(dir)
	err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func spent(w *harness.World) float64 { return w.Values("runzero_exporter_spent_calls")[""] }

// While one exporter ends, the next has started: it answers scrapes at once, polls nothing meanwhile, and continues with
// what the first one has saved last.
func TestAnExporterStartsBeforeTheLastHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := harness.Setup{On: newConsole(simulator.Options{Assets: 5}), CacheDir: harness.CacheDir(t)}
		first := harness.Start(t, s)
		first.Pass(time.Minute)
		next := slices.Min(slices.Collect(maps.Values(first.Values("runzero_collector_next_poll_timestamp_seconds", "collector"))))
		first.Pass(time.Until(time.UnixMilli(int64(1000*next))) - 5*time.Second)

		before := s.On.Count()
		second := harness.Start(t, s)
		if second.Text("runzero_assets") == "" || spent(second) != float64(before) {
			t.Errorf("nothing is exposed, or %v calls of %d are known", spent(second), before)
		}
		second.Pass(10 * time.Second)
		calls := s.On.Count()
		if calls == before {
			t.Fatal("the first has not polled again")
		}
		reloaded := make(chan error, 1)
		go func() { reloaded <- second.Reload() }()
		synctest.Wait()
		select {
		case err := <-reloaded:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("a reload waits for the cache")
		}
		first.Stop()
		second.Pass(10 * time.Second)
		if n := s.On.Count(); spent(second) != float64(n) {
			t.Errorf("the second knows of %v of %d calls", spent(second), n)
		}
		since := map[string]int{}
		for _, call := range s.On.Calls()[before:] {
			if since[call.Path]++; since[call.Path] > 1 {
				t.Errorf("the second repeats what the first has polled: %s", call.Path)
			}
		}
		second.Pass(time.Hour)
		second.Expect("runzero_exporter_store_success", 1)
		if n := s.On.Count() - calls; n < 8 {
			t.Errorf("the second has made only %d requests in an hour", n)
		}
	})
}

// Both poll, and the one without the cache says so. When the cache is free, neither the newer data nor a call is lost.
func TestTwoExportersOnOneFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := harness.Setup{On: newConsole(simulator.Options{Assets: 5}), CacheDir: harness.CacheDir(t)}
		first := harness.Start(t, s)
		first.Pass(5 * time.Hour)
		before := files(t, s.CacheDir)
		s.Flags = func(f *config.Flags) { f.CacheInterval = 16 * time.Minute }
		second := harness.Start(t, s)
		second.Pass(31 * time.Second)
		second.Expect("runzero_exporter_store_success", 0)
		if lines := second.Log.Lines("level=warn", "in use by another exporter"); len(lines) != 1 {
			t.Errorf("logged %s", second.Log)
		}
		if !maps.Equal(files(t, s.CacheDir), before) {
			t.Error("the second changes the cache of the first")
		}
		second.Pass(3 * time.Hour)
		s.On.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusBadGateway})
		second.Pass(20 * time.Minute)
		const success = "runzero_collector_last_success_timestamp_seconds"
		last, calls := first.Values(success, "collector"), spent(first)
		for name, at := range second.Values(success, "collector") {
			last[name] = max(last[name], at)
		}
		if calls <= spent(second) {
			t.Fatalf("the first has spent %v calls, the second %v", calls, spent(second))
		}
		first.Stop()
		second.Pass(time.Minute)
		second.Expect("runzero_exporter_store_success", 1)
		if n := spent(second); n < calls {
			t.Errorf("the second counts %v calls, the first had counted %v", n, calls)
		}
		for name, at := range second.Values(success, "collector") {
			if at < last[name] {
				t.Errorf("the newest %s are %v s older than before", name, last[name]-at)
			}
		}
		second.Stop()
		third := harness.Start(t, s)
		if n := spent(third); n < calls {
			t.Errorf("after a restart %v calls are counted, want %v", n, calls)
		}
	})
}

func TestARequiredCacheThatIsInUseEndsTheExporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := harness.Setup{On: newConsole(simulator.Options{Assets: 5}), CacheDir: harness.CacheDir(t)}
		harness.Start(t, s).Pass(time.Minute)
		calls := s.On.Count()
		s.Idle, s.Flags = true, func(f *config.Flags) { f.CacheRequired = true }
		second := harness.Start(t, s)
		began := time.Now()
		if err := second.Exporter.Run(t.Context()); err == nil || time.Since(began) != 30*time.Second || s.On.Count() != calls {
			t.Errorf("%v after %s and %d requests", err, time.Since(began), s.On.Count()-calls)
		}
	})
}

// Another name is another account. What was cached of the first is there when the name is right again.
func TestAnotherAccountTouchesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Assets: 5})
		file := func(name string) string {
			return "accounts:\n" + harness.Account(name, harness.North, console.ExportToken(0))
		}
		s := harness.Setup{
			Dials: harness.Pipes(t, map[string]*simulator.Console{harness.North: console}), File: file("north"), CacheDir: harness.CacheDir(t),
		}
		w := harness.Start(t, s)
		w.Pass(time.Minute)
		w.Stop()
		before, calls := files(t, s.CacheDir), console.Count()

		s.File = file("nort")
		w = harness.Start(t, s)
		w.Pass(time.Minute)
		w.Stop()
		after := files(t, s.CacheDir)
		for path, text := range before {
			if after[path] != text {
				t.Errorf("%s was changed", path)
			}
		}
		if len(after) != 2*len(before)-1 { // one lock
			t.Errorf("%d files, and %d before", len(after), len(before))
		}

		again := console.Count()
		s.File = file("north")
		w = harness.Start(t, s)
		w.Pass(time.Minute)
		if n := console.Count() - again; n != 0 {
			t.Errorf("%d requests for what was cached", n)
		}
		if n := w.Values("runzero_exporter_spent_calls")[""]; n != float64(calls) {
			t.Errorf("%v calls are counted, want %d", n, calls)
		}
	})
}
