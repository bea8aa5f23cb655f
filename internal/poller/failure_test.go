package poller_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestAFailureKeepsTheLastGoodResultUntilItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks)})
		w.Pass(time.Minute)
		good := w.Text("runzero_assets")
		last := w.Values("runzero_collector_last_success_timestamp_seconds", "collector")["assets"]
		remove := w.Console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Truncate: 200})
		w.Pass(2 * time.Hour)
		if now := w.Text("runzero_assets"); good == "" || now != good {
			t.Errorf("exposed %s, want the last good result: %s", now, good)
		}
		w.Expect("runzero_collector_success", 0, "collector", "assets")
		w.Expect("runzero_collector_success", 1, "collector", "tasks")
		w.Expect("runzero_collector_last_success_timestamp_seconds", last, "collector", "assets")
		if n := w.Values("runzero_collector_consecutive_failures", "collector")["assets"]; n < 3 {
			t.Errorf("%v failures in a row, want at least 3", n)
		}

		remove()
		w.Pass(90 * time.Minute)
		w.Expect("runzero_collector_success", 1, "collector", "assets")
		w.Expect("runzero_collector_consecutive_failures", 0, "collector", "assets")
		if len(w.Log.Lines("polls succeed again", "collector=assets")) != 1 {
			t.Errorf("logged: %s", w.Log)
		}
	})
}

// A healthy endpoint is requested 24 times in six hours.
func TestFailuresCostFewCalls(t *testing.T) {
	for what, c := range map[string]struct {
		fault       simulator.Fault
		least, most int
	}{
		"dropped connections: one retry, then longer and longer intervals": {simulator.Fault{Drop: true}, 7, 10},
		"forbidden: hourly":                            {simulator.Fault{Status: http.StatusForbidden}, 6, 7},
		"a refused request: no retry":                  {simulator.Fault{Status: http.StatusUnprocessableEntity}, 7, 9},
		"not found, and no other endpoint: once a day": {simulator.Fault{Status: http.StatusNotFound}, 1, 1},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.fault.Path = "/export/org/tasks.jsonl"
				w := harness.Start(t, harness.Setup{On: newConsole(small, c.fault)})
				w.Pass(6 * time.Hour)
				if n := w.Requests("/export/org/tasks.jsonl"); n < c.least || n > c.most {
					t.Errorf("requested %d times in six hours, want %d to %d", n, c.least, c.most)
				}
				if n := w.Requests("/export/org/sites.json"); n < 20 {
					t.Errorf("sites were requested only %d times", n)
				}
			})
		})
	}
}

func hourly(f *config.Flags) { f.CacheInterval = time.Hour }

func TestUnsupportedIsLoggedOnceAndTriedDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{Console: simulator.Options{Sites: 2, Assets: 5, Missing: []string{"/export/org/tasks.jsonl"}}, Flags: hourly})
		w.Pass(time.Minute)
		w.Expect("runzero_collector_supported", 0, "collector", "tasks")
		w.Expect("runzero_collector_supported", 1, "collector", "sites")
		if !w.Exporter.Ready() {
			t.Error("not ready because something is unsupported")
		}
		w.Pass(30 * time.Hour)
		if n := w.Requests("/org/tasks"); n != 2 {
			t.Errorf("requested %d times in thirty hours, want once a day", n)
		}
		if lines := w.Log.Lines(`msg="not supported`, "collector=tasks"); len(lines) != 1 {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestReadyOnceEveryPollHasSucceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failsOnce := simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusBadGateway, Times: 1}
		w := harness.Start(t, harness.Setup{On: newConsole(small, failsOnce)})
		w.Pass(10 * time.Second)
		if w.Exporter.Ready() {
			t.Error("ready without assets")
		}
		w.Pass(time.Minute)
		if !w.Exporter.Ready() {
			t.Error("not ready after the retry")
		}
		w.Console.Inject(simulator.Fault{Drop: true})
		w.Pass(3 * time.Hour)
		if !w.Exporter.Ready() {
			t.Error("a console that is down makes the exporter unready")
		}
	})
}

func TestASnapshotOlderThanMaxAgeIsWithdrawnUntilAPollSucceeds(t *testing.T) {
	for what, c := range map[string]struct {
		maxAge, stays, withdrawn time.Duration
	}{
		"after the maximum age": {10 * time.Hour, 9 * time.Hour, time.Hour + time.Minute},
		"never":                 {0, 80 * time.Hour, 0}, // longer than the default
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{Console: small, Flags: func(f *config.Flags) { f.CacheMaxAge = c.maxAge }})
				w.Pass(time.Minute)
				remove := w.Console.Inject(simulator.Fault{Drop: true})
				w.Pass(c.stays)
				if len(w.Values("runzero_sites")) == 0 || len(w.Values("runzero_scan_age_seconds")) == 0 {
					t.Error("withdrawn before the maximum age")
				}
				if c.maxAge == 0 {
					return
				}
				w.Pass(c.withdrawn)
				if len(w.Values("runzero_sites"))+len(w.Values("runzero_scan_age_seconds")) != 0 {
					t.Error("exposed beyond the maximum age")
				}
				w.Expect("runzero_collector_success", 0, "collector", "sites")
				remove()
				w.Pass(time.Hour)
				if len(w.Values("runzero_sites")) == 0 {
					t.Error("still withdrawn although the console is back")
				}
			})
		})
	}
}
