package poller_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// cachedFamilies have the same values right after a restart.
var cachedFamilies = []string{
	"runzero_assets", "runzero_site_info", "runzero_tasks", "runzero_scan_last_success_timestamp_seconds", "runzero_console_info",
	"runzero_collector_success", "runzero_collector_supported", "runzero_collector_consecutive_failures",
	"runzero_collector_last_success_timestamp_seconds", "runzero_collector_last_attempt_timestamp_seconds", "runzero_collector_next_poll_timestamp_seconds",
	"runzero_api_usage_reset_timestamp_seconds", "runzero_exporter_spent_calls", "runzero_exporter_budget_calls",
}

func cachedText(w *harness.World) string {
	text := ""
	for _, family := range cachedFamilies {
		text += w.Text(family)
	}
	return text
}

func TestARestartExposesTheSameAndPollsNothingEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 2, Sites: 2, Assets: 5, Limit: 10_000})
		s := harness.Setup{On: console, Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t)}
		w := harness.Start(t, s)
		w.Pass(20 * time.Minute)
		w.Stop()
		before := cachedText(w)
		for _, family := range cachedFamilies {
			if !strings.Contains(before, "\n"+family) {
				t.Errorf("there is no %s", family)
			}
		}

		s.Idle = true
		w = harness.Start(t, s)
		if diff := difference(before, cachedText(w)); len(diff) > 0 {
			t.Errorf("after the restart: %q", diff)
		}
		if !w.Exporter.Ready() {
			t.Error("not ready although everything is cached")
		}
		w.Stop()
		time.Sleep(3 * time.Minute)
		s.Idle = false
		harness.Start(t, s).Pass(20 * time.Minute)
		for endpoint, every := range map[string]time.Duration{"/account/orgs": time.Hour, "/account/sites": interval, "/account/agents": interval, "/health": time.Hour} {
			if got := shortestGap(console.Calls(), endpoint); got < every {
				t.Errorf("%s was requested again after %s", endpoint, got)
			}
		}
	})
}

// Every restart stops the exporter or kills it, many in the middle of a poll. What was cut short is polled again at the
// next start, but less and less often while that is cut short, too.
func TestACrashLoopCostsFewCalls(t *testing.T) {
	t.Parallel()
	for what, limit := range map[string]int{"enough calls": 0, "the smallest licence": 100} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(9, 10))
				console := simulator.New(simulator.Options{Sites: 2, Assets: 5, Limit: limit})
				console.Inject(emptyTasks)
				const delay = 40 * time.Second // so that many are cut short
				remove := console.Inject(simulator.Fault{Delay: delay})
				s := harness.Setup{On: console, CacheDir: harness.CacheDir(t)}
				began, cut := time.Now(), 0
				for range crashes {
					w := harness.Start(t, s)
					up := 2 * time.Hour / crashes
					if r.IntN(2) == 0 {
						up = min(up, 20*time.Second)
					}
					w.Pass(time.Duration(r.Int64N(int64(up))))
					if calls := console.Calls(); len(calls) > 0 && time.Since(calls[len(calls)-1].Time) < delay {
						cut++
					}
					if r.IntN(2) == 0 { // killed: what it would write while it stops is lost
						s.CacheDir = copyFolder(t, s.CacheDir)
					}
					w.Stop()
				}
				took := time.Since(began)
				asOneRun := 5 * int(took/interval+1)
				if n := len(console.Calls()); cut < 1 || n < 5 || n > asOneRun+6*len(endpoints) {
					t.Errorf("%d requests in %s, %d of them cut short", n, took, cut)
				}

				// Once it stays up, everything is current within the interval in force.
				remove()
				w := harness.Start(t, s)
				w.Pass(4 * time.Hour)
				inForce := w.Values("runzero_collector_interval_seconds", "collector")
				for name, last := range w.Values("runzero_collector_last_success_timestamp_seconds", "collector") {
					if age := float64(time.Now().Unix()) - last; age > 1.1*inForce[name]+delay.Seconds() {
						t.Errorf("%s is %.1f hours old after the crash loop", name, age/3600)
					}
				}
				if n := len(console.Calls()); limit > 0 && n > limit/2 {
					t.Errorf("%d calls, of a share of %d", n, limit/2)
				}
			})
		})
	}
}

func TestARestartRemembersFailuresSupportAndTheQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const dayStart = 9*time.Hour + 20*time.Minute
		console := simulator.New(simulator.Options{Sites: 2, Assets: 5, Limit: 1000, DayStart: dayStart, Missing: []string{"/export/org/tasks.jsonl", "/export/org/scans.json"}})
		s := harness.Setup{On: console, CacheDir: harness.CacheDir(t), Flags: func(f *config.Flags) { f.CacheInterval = 30 * time.Minute }}
		w := harness.Start(t, s)
		w.Pass(12 * time.Hour)
		remove := console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Drop: true})
		w.Pass(5 * time.Hour)
		w.Stop()
		w.Expect("runzero_collector_supported", 0, "collector", "tasks")
		if reset := time.Unix(int64(w.Values("runzero_api_usage_reset_timestamp_seconds")[""]), 0); reset.UTC().Truncate(24*time.Hour).Add(dayStart).Sub(reset).Abs() > 33*time.Minute { // an interval and a tenth
			t.Fatalf("the reset is expected at %s", reset)
		}
		next := w.Values("runzero_collector_next_poll_timestamp_seconds", "collector")
		before, requests := cachedText(w), len(console.Calls())

		s.Idle = true
		diff := slices.DeleteFunc(difference(before, cachedText(harness.Start(t, s))), func(line string) bool {
			return strings.Contains(line, `next_poll_timestamp_seconds{collector="tasks"`) // a restart tries it again
		})
		if len(diff) > 0 {
			t.Errorf("after the restart: %q", diff)
		}
		s.Idle = false
		w = harness.Start(t, s)
		w.Pass(50 * time.Minute)
		unsupported := 0
		for _, call := range console.Calls()[requests:] {
			if call.Path == "/export/org/tasks.jsonl" {
				unsupported++
			}
			if call.Path == "/export/org/assets.jsonl" && float64(call.Time.UnixMilli())/1000 < next["assets"]-0.001 {
				t.Errorf("assets are requested at %s, before the end of their back-off at %v", call.Time, next["assets"])
			}
		}
		if unsupported != 1 {
			t.Errorf("what is unsupported was requested %d times after the restart, want once", unsupported)
		}
		if lines := w.Log.Lines(`msg="not supported`, "collector=tasks"); len(lines) > 0 {
			t.Errorf("logged again: %s", lines)
		}
		remove()
		w.Pass(2 * time.Hour)
		w.Expect("runzero_collector_success", 1, "collector", "assets")
		w.Expect("runzero_collector_consecutive_failures", 0, "collector", "assets")
	})
}

// manyOrganizations on the smallest licence cannot all be polled at once.
func manyOrganizations(t *testing.T) harness.Setup {
	t.Helper()
	console := simulator.New(simulator.Options{Organizations: 30, Sites: 1, Assets: 1, Limit: 100})
	console.Inject(emptyTasks)
	return harness.Setup{On: console, Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t)}
}

func TestRestartsDoNotRepeatTheFirstRound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := manyOrganizations(t)
		w := harness.Start(t, s)
		w.Pass(time.Minute)
		first := s.On.Count()
		for range 8 {
			w.Stop()
			w = harness.Start(t, s)
			w.Pass(10 * time.Second)
		}
		if more := s.On.Count() - first; first < 10 || more > 2 {
			t.Errorf("%d requests at the start, and %d more because of restarts", first, more)
		}
	})
}

func TestOnceReportsWhatTheQuotaDoesNotAllow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := manyOrganizations(t)
		s.Idle = true
		w := harness.Start(t, s)
		err := w.Exporter.Once(t.Context())
		if n := s.On.Count(); n < 48 || n > 50 {
			t.Errorf("%d requests, want the whole share of 50 without pacing", n)
		}
		if lines := w.Log.Lines(`msg="not polled"`, "50"); err == nil || len(lines) == 0 {
			t.Errorf("returned %v and logged %s", err, w.Log)
		}
	})
}

func TestACrashInTheMiddleOfAPollRepeatsItAtTheNextStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := harness.Setup{On: simulator.New(small), Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t)}
		remove := s.On.Inject(simulator.Fault{Path: "/account/license", Delay: time.Minute})
		requests := []int{1, 2, 2, 3, 3, 3} // at once, after 30 s, after a minute
		for start, want := range requests {
			w := harness.Start(t, s)
			w.Pass(10 * time.Second)
			if n := w.Requests("/account/license"); n != want {
				t.Errorf("at start %d the licence was requested %d times, want %d", start+1, n, want)
			}
			s.CacheDir = copyFolder(t, s.CacheDir) // killed
			w.Stop()
		}
		remove()
		w := harness.Start(t, s)
		w.Pass(time.Minute)
		w.Expect("runzero_collector_success", 1, "collector", "license")
	})
}

// A thousand restarts in an hour, each in the middle of an export.
func TestAThousandRestartsInAnHour(t *testing.T) {
	t.Parallel()
	for what, kill := range map[string]bool{"killed": true, "stopped": false} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := simulator.New(small)
				console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Delay: 2 * time.Minute})
				s := harness.Setup{On: console, CacheDir: harness.CacheDir(t)}
				for range restarts {
					w := harness.Start(t, s)
					w.Pass(time.Hour / restarts)
					if kill {
						s.CacheDir = copyFolder(t, s.CacheDir)
					}
					w.Stop()
				}
				// At once, after 30 s, and so on to 15 minutes: ten times in an hour.
				if n := requested(console, "/export/org/assets.jsonl"); n < 5 || n > 11 {
					t.Errorf("assets were requested %d times", n)
				}
				if n := console.Count(); n > 40 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// Each restart may try a credential that is refused, but not more often than every five minutes.
func TestAThousandRestartsWithARefusedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(small)
		s := harness.Setup{On: console, CacheDir: harness.CacheDir(t), Token: func(*simulator.Console) string { return "ETrevoked" }}
		for range restarts {
			w := harness.Start(t, s)
			w.Pass(time.Hour / restarts)
			w.Stop()
		}
		if n := requested(console, "/export/org/assets.json"); n < 2 || n > 13 {
			t.Errorf("the token was tried %d times in an hour", n)
		}
	})
}
