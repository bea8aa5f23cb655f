//go:build port

package poller_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// served are the families whose values must be there at once after a restart.
func (w *world) served() map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for family, labels := range map[string][]string{
		"runzero_assets": {"site_name", "asset_type"}, "runzero_site_info": {"site_name"}, "runzero_tasks": {"status"},
		"runzero_scan_last_success_timestamp_seconds": {"site_name"}, "runzero_console_info": {"version"},
		"runzero_collector_last_success_timestamp_seconds": {"collector"}, "runzero_collector_last_attempt_timestamp_seconds": {"collector"},
		"runzero_collector_success": {"collector"}, "runzero_collector_supported": {"collector"}, "runzero_collector_consecutive_failures": {"collector"},
	} {
		all[family] = w.values(family, labels...)
	}
	return all
}

func TestARestartServesValuesAndAgesAtOnceAndAsksNothingThatIsNotDue(t *testing.T) {
	for _, token := range []func(*simulator.Console) string{nil, (*simulator.Console).AccountToken} {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, t.TempDir(), setup{console: small, token: token})
			w := h.start()
			w.pass(2 * time.Hour)
			before, due := w.served(), w.values("runzero_collector_next_poll_timestamp_seconds", "org_name", "collector")
			for family, values := range before {
				if len(values) == 0 {
					t.Fatalf("nothing of %s", family)
				}
			}
			w.stop()
			time.Sleep(3 * time.Minute)
			w = h.idle()
			if after := w.served(); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("after the restart\n%v, before\n%v", after, before)
			}
			if !w.poller.Ready() {
				t.Error("not ready although everything is known")
			}
			now := float64(time.Now().Unix())
			for site, age := range w.values("runzero_scan_age_seconds", "site_name") {
				// Sites of several organizations bear one name, and their values add up.
				if scanned := before["runzero_scan_last_success_timestamp_seconds"][site]; token == nil && age != now-scanned {
					t.Errorf("%s: an age of %v, want %v", site, age, now-scanned)
				}
			}
			if after := w.values("runzero_collector_next_poll_timestamp_seconds", "org_name", "collector"); fmt.Sprint(after) != fmt.Sprint(due) {
				t.Errorf("due at %v, before %v", after, due)
			}
			w.stop()
			h.start().pass(4 * time.Hour)
			calls := h.console.Calls()
			if token == nil {
				for _, endpoint := range polled {
					if got := soonest(calls, endpoint); got < interval {
						t.Errorf("%s was asked again after %s", endpoint, got)
					}
				}
				if n := w.asked("/export/org/assets.json"); n != 1 {
					t.Errorf("the organization was asked for %d times, want once", n)
				}
			} else if got := soonest(calls, "/account/orgs"); got < poller.DiscoveryInterval {
				t.Errorf("the organizations were asked for again after %s", got)
			}
		})
	}
}

// TestACrashLoopCausesNoCallThatWasNotDue restarts a thousand times within an hour, in
// the middle of polls too. Each collector may be asked as often as one run that never
// stops could: at its interval.
func TestACrashLoopCausesNoCallThatWasNotDue(t *testing.T) {
	for what, options := range map[string]simulator.Options{"enough calls": small, "the smallest licence": licence(100)} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(9, 10))
				h := newHome(t, t.TempDir(), setup{console: options})
				h.console.Inject(simulator.Fault{Delay: 10 * time.Second}) // so that many are cut short
				began, cut := time.Now(), 0
				const restarts = 1000
				for range restarts {
					w := h.start()
					w.pass(time.Duration(r.Int64N(int64(2 * time.Hour / restarts))))
					if calls := h.console.Calls(); len(calls) > 0 && calls[len(calls)-1].Status == 0 && time.Since(calls[len(calls)-1].Time) < 10*time.Second {
						cut++
					}
					if r.IntN(2) == 0 { // killed: what it would write while it stops is not written
						next := t.TempDir()
						h.copyTo(next)
						h.dir = next
					}
					w.stop()
				}
				took := time.Since(began)
				calls := h.console.Calls()
				for _, endpoint := range append([]string{"/export/org/assets.json"}, polled...) {
					n := 0
					for _, call := range calls {
						if call.Path == endpoint {
							n++
						}
					}
					if got := soonest(calls, endpoint); got < interval || n > int(took/interval)+1 {
						t.Errorf("%s was asked %d times in %s, once after %s", endpoint, n, took, got)
					}
				}
				if cut < 3 || len(calls) < 5 {
					t.Errorf("%d restarts in the middle of a request, %d requests: this tests nothing", cut, len(calls))
				}
				// Then it lives: all is known within the interval that holds.
				h.start().pass(4 * time.Hour)
				w := h.idle()
				for name, last := range w.values("runzero_collector_last_success_timestamp_seconds", "collector") {
					if age := float64(time.Now().Unix()) - last; name != poller.Discovery && name != "console" && age > 4*3600 {
						t.Errorf("%s is %.1f hours old after the crash loop", name, age/3600)
					}
				}
				for day, n := range ownByDay(h.console.Calls(), 0) {
					if options.Limit == 100 && n > 50 {
						t.Errorf("%d calls on %s", n, day)
					}
				}
			})
		})
	}
}

func TestWhatWasLearnedSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := licence(1000)
		options.DayStart = 9*time.Hour + 20*time.Minute
		options.Missing = []string{"/export/org/tasks.jsonl"}
		h := newHome(t, t.TempDir(), setup{console: options})
		w := h.start()
		w.pass(50 * time.Hour)
		remove := h.console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Drop: true})
		w.pass(7 * time.Hour)
		before, standing := w.served(), h.account.Standing(time.Now())
		next := w.values("runzero_collector_next_poll_timestamp_seconds", "collector")
		if before["runzero_collector_supported"]["tasks"] != 0 || before["runzero_collector_consecutive_failures"]["assets"] < 5 {
			t.Fatalf("the world is not as it should be: %v", before)
		}
		if off := standing.Reset.UTC().Truncate(24 * time.Hour).Add(options.DayStart).Sub(standing.Reset).Abs(); off > 20*time.Minute {
			t.Fatalf("the reset is expected at %s", standing.Reset)
		}
		w.stop()
		asked := len(h.console.Calls())
		w = h.idle()
		after := h.account.Standing(time.Now())
		if after.Reset != standing.Reset || after.Spent != standing.Spent || after.Limit != standing.Limit || after.Left != standing.Left {
			t.Errorf("the account stands as %+v, before %+v", after, standing)
		}
		if now := w.served(); fmt.Sprint(now) != fmt.Sprint(before) {
			t.Errorf("after the restart\n%v, before\n%v", now, before)
		}
		if now := w.values("runzero_collector_next_poll_timestamp_seconds", "collector"); fmt.Sprint(now) != fmt.Sprint(next) {
			t.Errorf("due at %v, before %v", now, next)
		}
		w.stop()
		w = h.start()
		w.pass(50 * time.Minute)
		for _, call := range h.console.Calls()[asked:] {
			if call.Path == "/org/tasks" || call.Path == "/export/org/tasks.jsonl" {
				t.Errorf("%s is asked for again within the day", call.Path)
			}
			if call.Path == "/export/org/assets.jsonl" && float64(call.Time.UnixMilli())/1000 < next["assets"]-0.001 {
				t.Errorf("assets are asked for at %s, before the end of their back-off at %s", call.Time.UTC(), time.Unix(int64(next["assets"]), 0).UTC())
			}
		}
		if n := strings.Count(w.log.String(), `msg="not supported`); n != 0 {
			t.Errorf("said again that something is not supported: %s", w.log)
		}
		remove()
		w.pass(2 * time.Hour)
		w.expect("runzero_collector_success", "assets", 1)
		w.expect("runzero_collector_consecutive_failures", "assets", 0)
	})
}

// damages are what can become of a kept file.
var damages = map[string]func(path string) error{
	"vanished":  os.Remove,
	"empty":     func(path string) error { return os.WriteFile(path, nil, 0o600) },
	"corrupt":   func(path string) error { return edit(path, func(b []byte) []byte { b[len(b)/2] ^= 0x20; return b }) },
	"truncated": func(path string) error { return edit(path, func(b []byte) []byte { return b[:len(b)*2/3] }) },
	"foreign":   func(path string) error { return os.WriteFile(path, []byte("# HELP up\nup 1\n"), 0o600) },
	"binary":    func(path string) error { return os.WriteFile(path, slices.Repeat([]byte{0, 255, 7}, 3000), 0o600) },
	"a folder": func(path string) error {
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.Mkdir(path, 0o700)
	},
}

func edit(path string, change func([]byte) []byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, change(data), 0o600)
}
