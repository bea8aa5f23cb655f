//go:build port

package poller_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestDamagedFilesCostAtWorstOnePollEach(t *testing.T) {
	for what, damage := range damages {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, t.TempDir(), setup{console: small})
				h.console.Inject(noTasks)
				w := h.start()
				w.pass(20 * time.Minute)
				w.stop()
				all := h.files()
				if len(all) != 5 { // four collectors' and the state
					t.Fatalf("kept: %v", all)
				}
				for i := range len(all) + 1 { // each by itself, and then all
					damaged := all
					if i < len(all) {
						damaged = all[i : i+1]
					}
					before := len(h.console.Calls())
					for _, name := range damaged {
						if err := damage(filepath.Join(h.dir, name)); err != nil {
							t.Fatal(err)
						}
					}
					w = h.start()
					w.pass(10 * time.Second)
					asked := map[string]int{}
					for _, call := range h.console.Calls()[before:] {
						if asked[call.Path]++; asked[call.Path] > 1 {
							t.Errorf("%s %s: %s is asked %d times", damaged, what, call.Path, asked[call.Path])
						}
					}
					w.pass(70 * time.Minute)
					for name, success := range w.values("runzero_collector_success", "collector") {
						if success != 1 {
							t.Errorf("%s %s: %s does not recover", damaged, what, name)
						}
					}
					w.stop()
					for _, name := range damaged { // for the next
						_ = os.Remove(filepath.Join(h.dir, name+".bad"))
					}
					h.mend(all)
				}
			})
		})
	}
}

// mend removes what is not a file, which no poller does.
func (h *home) mend(names []string) {
	h.t.Helper()
	again := false
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(h.dir, name)); err != nil || info.IsDir() {
			_ = os.RemoveAll(filepath.Join(h.dir, name))
			again = true
		}
	}
	if again {
		w := h.start()
		w.pass(70 * time.Minute)
		w.stop()
	}
}

func TestWhatWasKeptWithOtherSettingsIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, t.TempDir(), setup{console: small})
		w := h.start()
		w.pass(time.Minute)
		w.stop()
		before := len(h.console.Calls())
		h.shape = "other labels"
		if w = h.idle(); len(w.values("runzero_assets")) != 0 {
			t.Error("samples of another shape are served")
		}
		w.stop()
		w = h.start()
		w.pass(time.Minute)
		if len(w.values("runzero_assets")) == 0 {
			t.Error("not asked anew")
		}
		if n := len(h.console.Calls()) - before; n > before {
			t.Errorf("%d requests, want no more than the first time, %d", n, before)
		}
		if strings.Contains(h.log.String(), "set aside") {
			t.Errorf("nothing is wrong with the files, and the log says: %s", h.log)
		}
	})
}

func TestAFolderThatCannotBeWrittenIsSaidOnceAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, filepath.Join(t.TempDir(), "cache"), setup{console: small})
		w := h.start()
		w.pass(time.Minute)
		if !w.poller.Kept() {
			t.Fatal("not kept")
		}
		if err := os.RemoveAll(h.dir); err != nil {
			t.Fatal(err)
		}
		before := w.asked("/export/org/sites.json")
		w.pass(5 * time.Hour)
		if w.poller.Kept() {
			t.Error("does not know that nothing is kept")
		}
		if n := w.asked("/export/org/sites.json") - before; n < 17 {
			t.Errorf("polling does not go on: %d polls in 5 hours", n)
		}
		w.expect("runzero_collector_success", "sites", 1)
		if n := strings.Count(h.log.String(), "level=warn"); n != 1 || !strings.Contains(h.log.String(), "--cache.dir") {
			t.Errorf("%d warnings: %s", n, w.log)
		}
		if err := os.MkdirAll(h.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		w.pass(2 * time.Hour)
		if !w.poller.Kept() {
			t.Error("does not heal")
		}
		if n := strings.Count(h.log.String(), "cache can be written again"); n != 1 {
			t.Errorf("said %d times that answers are kept again: %s", n, w.log)
		}
		before = len(h.console.Calls())
		w.stop()
		h.start().pass(0) // not longer: something may be due within the next second
		if n := len(h.console.Calls()) - before; n != 0 {
			t.Errorf("%d requests after a restart", n)
		}
	})
}

func TestOneFileThatCannotBeWrittenIsSaidOnceToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, t.TempDir(), setup{console: small})
		w := h.start()
		w.pass(time.Minute)
		var file string
		for _, name := range h.files() {
			if strings.Contains(name, "sites") {
				file = filepath.Join(h.dir, name)
			}
		}
		if err := damages["a folder"](file); err != nil {
			t.Fatal(err)
		}
		w.pass(5 * time.Hour)
		if w.poller.Kept() {
			t.Error("does not know that one answer is not kept")
		}
		if n := strings.Count(h.log.String(), "cannot be written"); n != 1 {
			t.Errorf("said %d times: %s", n, w.log)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
		if !w.poller.Kept() || strings.Count(h.log.String(), "written again") != 1 {
			t.Errorf("does not heal: %s", w.log)
		}
	})
}

// TestAClockThatJumpedBetweenRuns has the second run in a bubble of its own, whose
// clock begins in 2000 again.
func TestAClockThatJumpedBetweenRuns(t *testing.T) {
	for what, jump := range map[string][2]time.Duration{
		"back by a year": {365 * 24 * time.Hour, 0}, "back by an hour": {time.Hour, 0}, "on by a week": {0, 7 * 24 * time.Hour},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(24*time.Hour + jump[0])
				h := newHome(t, dir, setup{console: licence(1000)})
				h.console.Inject(noTasks)
				w := h.start()
				w.pass(10 * time.Hour)
				w.stop()
			})
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(34*time.Hour + jump[1])
				h := newHome(t, dir, setup{console: licence(1000)})
				h.console.Inject(noTasks)
				w := h.start()
				w.pass(time.Second)
				now := float64(time.Now().Unix())
				for _, family := range []string{"last_success", "last_attempt"} {
					for name, at := range w.values("runzero_collector_"+family+"_timestamp_seconds", "collector") {
						if at > now {
							t.Errorf("%s of %s is %.0f s from now", family, name, at-now)
						}
					}
				}
				w.pass(3 * time.Hour)
				for _, endpoint := range polled {
					every := interval
					if endpoint == "/health" {
						every = time.Hour
					}
					if n := w.asked(endpoint); n < int(3*time.Hour/every)/2 || n > int(3*time.Hour/every)+1 {
						t.Errorf("%s is asked %d times in three hours", endpoint, n)
					}
					if got := soonest(h.console.Calls(), endpoint); got < interval {
						t.Errorf("%s is asked again after %s", endpoint, got)
					}
				}
				if s := h.account.Standing(time.Now()); s.Stopped() || s.Stretch != 1 {
					t.Errorf("stands as %+v", s)
				}
			})
		})
	}
}

// TestADiscoveryThatFindsNoneOfThoseWantedForgetsNothing: others write the state while
// it goes on, too.
func TestADiscoveryThatFindsNoneOfThoseWantedForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.Options{Organizations: 6, Sites: 2, Assets: 40}
		h := newHome(t, t.TempDir(), setup{console: console, token: (*simulator.Console).AccountToken})
		for _, o := range h.console.Organizations()[:6] {
			h.setup.target.Include = append(h.setup.target.Include, o.Name)
		}
		h.console.Inject(noTasks)
		h.console.Inject(simulator.Fault{Path: "/export/org/sites.json", Delay: time.Minute})
		w := h.start()
		w.pass(3 * time.Hour)
		rows := `[{"id":"99999999-0000-4000-8000-000000000000","name":"Another"}]`
		h.console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.pass(3 * time.Hour)
		w.expect("runzero_collector_success", poller.Discovery, 0)
		before := w.values("runzero_sites", "org_name")
		w.stop()
		if after := h.idle().values("runzero_sites", "org_name"); len(before) != 6 || len(after) != 6 {
			t.Errorf("organizations served: %v, after a restart %v", before, after)
		}
	})
}
