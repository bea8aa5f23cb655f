package poller_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// damages are what can happen to a cached file.
var damages = map[string]func(path string) error{
	"removed":  os.Remove,
	"corrupt":  func(path string) error { return edit(path, func(b []byte) []byte { b[len(b)/2] ^= 0x20; return b }) },
	"a folder": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
}

func edit(path string, change func([]byte) []byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, change(data), 0o600)
}

func TestADamagedFileCostsAtMostOnePollOfEachCollector(t *testing.T) {
	t.Parallel()
	for what, damage := range damages {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := harness.Setup{On: simulator.New(small), CacheDir: harness.CacheDir(t)}
				s.On.Inject(emptyTasks)
				w := harness.Start(t, s)
				w.Pass(time.Minute)
				w.Stop()
				files, err := filepath.Glob(filepath.Join(s.CacheDir, "*", "*"))
				if len(files) != 5 || err != nil { // of four collectors, and the state
					t.Fatalf("cached: %v, %v", files, err)
				}
				for i := range len(files) + 1 { // each file, and then all of them
					damaged := files
					if i < len(files) {
						damaged = files[i : i+1]
					}
					for _, name := range damaged {
						if err := damage(name); err != nil {
							t.Fatal(err)
						}
					}
					before := len(s.On.Calls())
					w = harness.Start(t, s)
					w.Pass(10 * time.Second)
					requests := map[string]int{}
					for _, call := range s.On.Calls()[before:] {
						if requests[call.Path]++; requests[call.Path] > 1 {
							t.Errorf("%s is %s: %s is requested %d times", damaged, what, call.Path, requests[call.Path])
						}
					}
					for name, success := range w.Values("runzero_collector_success", "collector") {
						if supported := w.Values("runzero_collector_supported", "collector")[name]; supported == 1 && success != 1 {
							t.Errorf("%s is %s: %s does not recover", damaged, what, name)
						}
					}
					w.Stop()
					for _, name := range damaged {
						_ = os.Remove(name + ".bad")
					}
				}
			})
		})
	}
}

func TestPollingGoesOnWhileNothingCanBeCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := harness.Setup{On: simulator.New(small), CacheDir: filepath.Join(harness.CacheDir(t), "cache")}
		s.On.Inject(emptyTasks)
		w := harness.Start(t, s)
		w.Pass(time.Minute)
		w.Expect("runzero_exporter_store_success", 1)
		if err := os.RemoveAll(s.CacheDir); err != nil {
			t.Fatal(err)
		}
		before := w.Requests("/export/org/sites.json")
		w.Pass(5 * time.Hour)
		w.Expect("runzero_exporter_store_success", 0)
		w.Expect("runzero_collector_success", 1, "collector", "sites")
		if n := w.Requests("/export/org/sites.json") - before; n < 17 {
			t.Errorf("%d polls in 5 hours", n)
		}

		if err := os.MkdirAll(s.CacheDir, 0o700); err != nil {
			t.Fatal(err)
		}
		w.Pass(2 * time.Hour)
		w.Expect("runzero_exporter_store_success", 1)
		requests := s.On.Count()
		w.Stop()
		w = harness.Start(t, s)
		w.Pass(0) // no longer, because something may become due within a second
		if n := s.On.Count() - requests; n != 0 {
			t.Errorf("%d requests after a restart", n)
		}
	})
}

// Each run is in a bubble of its own, because the clock of every bubble starts in 2000.
func TestTheClockMayJumpBetweenRuns(t *testing.T) {
	t.Parallel()
	for what, jump := range map[string]struct{ first, second time.Duration }{
		"back by a year": {first: 365 * 24 * time.Hour}, "ahead by a week": {second: 7 * 24 * time.Hour},
	} {
		t.Run(what, func(t *testing.T) {
			s := harness.Setup{Console: simulator.Options{Sites: 2, Assets: 5, Limit: 1000}, CacheDir: harness.CacheDir(t)}
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(24*time.Hour + jump.first)
				w := harness.Start(t, s)
				w.Console.Inject(emptyTasks)
				w.Pass(time.Hour)
			})
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(25*time.Hour + jump.second)
				w := harness.Start(t, s)
				w.Console.Inject(emptyTasks)
				w.Pass(time.Second)
				for name, at := range w.Values("runzero_collector_last_attempt_timestamp_seconds", "collector") {
					if now := float64(time.Now().Unix()); at > now {
						t.Errorf("the last poll of %s is %.0f s in the future", name, at-now)
					}
				}
				w.Pass(3 * time.Hour)
				for _, endpoint := range endpoints {
					if got := shortestGap(w.Console.Calls(), endpoint); w.Requests(endpoint) == 0 || got < interval {
						t.Errorf("%s was requested %d times, and again after %s", endpoint, w.Requests(endpoint), got)
					}
				}
				w.Expect("runzero_exporter_interval_stretch_ratio", 1)
				if strings.Contains(w.Log.String(), "polling paused") {
					t.Error("polling was paused")
				}
			})
		})
	}
}
