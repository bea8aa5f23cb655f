package poller_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// stateLog is the path of the only log in a folder.
func stateLog(t *testing.T, dir string) string {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*", "state.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%q, %v", logs, err)
	}
	return logs[0]
}

// expectNothingEarly expects that nothing is polled within a minute after a restart, and everything in time.
func expectNothingEarly(t *testing.T, w *harness.World, before int) {
	t.Helper()
	w.Pass(time.Minute)
	if calls := w.Console.Calls()[before:]; len(calls) > 0 {
		t.Errorf("%d requests for what is not due, such as %s", len(calls), calls[0].Path)
	}
	began := time.Now()
	w.Pass(2 * time.Hour)
	for _, path := range []string{"/health", "/export/org/assets.jsonl"} {
		if got := shortestGap(w.Console.Calls(), path); w.Requests(path) == 0 || got < interval && strings.Contains(path, "health") {
			t.Errorf("%s was requested %d times, and again after %s", path, w.Requests(path), got)
		}
	}
	last := w.Values("runzero_collector_last_success_timestamp_seconds", "collector")
	for _, name := range []string{"assets", "sites", "console"} {
		if last[name] < float64(began.Unix()) {
			t.Errorf("%s was not polled any more", name)
		}
	}
}

// The version that saved all states in one file has left a folder. It is gone on from there.
func TestAFolderOfTheVersionBeforeCostsNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := harness.Before()
		s.CacheDir = harness.CacheDir(t)
		w := harness.Start(t, s)
		w.Pass(20 * time.Minute)
		w.Stop()
		// When polls were made depends on the order in which the first ones ended.
		times := regexp.MustCompile(`(?m)^runzero_collector_(last_attempt|next_poll)_timestamp_seconds.*\n`)
		want := times.ReplaceAllString(cachedText(w), "")
		harness.ToBefore(t, s.CacheDir)
		s.On = w.Console
		before := s.On.Count()

		w = harness.Start(t, s)
		w.Pass(0)
		if diff := difference(want, times.ReplaceAllString(cachedText(w), "")); len(diff) > 0 {
			t.Errorf("after the update: %q", diff)
		}
		w.Stop() // before anything has been polled
		w = harness.Start(t, s)
		expectNothingEarly(t, w, before)
		if files, err := filepath.Glob(filepath.Join(s.CacheDir, "*", "state.prom*")); len(files) > 0 || err != nil {
			t.Errorf("left behind: %q, %v", files, err)
		}
		stateLog(t, s.CacheDir)
	})
}

// A loss of power may cost the last lines of the log, while the snapshots of those polls are there.
func TestALossOfPowerPollsNothingEarly(t *testing.T) {
	t.Parallel()
	for what, lose := range map[string]func(earlier, log []byte) []byte{
		"the last lines": func(earlier, _ []byte) []byte { return earlier },
		"all lines of a sort": func(_, log []byte) []byte {
			return regexp.MustCompile(`(?m)^\S+ poll-\S*(sites|assets|console|tasks)-.*\n`).ReplaceAll(log, nil)
		},
		"the beginning of one": func(earlier, log []byte) []byte { return log[:len(earlier)+10] },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := harness.Setup{On: simulator.New(small), CacheDir: harness.CacheDir(t)}
				s.On.Inject(emptyTasks)
				w := harness.Start(t, s)
				w.Pass(20 * time.Minute)
				file := stateLog(t, s.CacheDir)
				earlier, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				w.Pass(70 * time.Minute) // everything is polled again
				w.Stop()
				if err := edit(file, func(log []byte) []byte {
					if !bytes.HasPrefix(log, earlier) {
						t.Fatal("the log was written again meanwhile")
					}
					return lose(earlier, log)
				}); err != nil {
					t.Fatal(err)
				}
				want, requests := w.Text("runzero_assets"), s.On.Count()
				w = harness.Start(t, s)
				w.Pass(0)
				if got := w.Text("runzero_assets"); got != want || want == "" {
					t.Errorf("exposed is %s, want %s", got, want)
				}
				expectNothingEarly(t, w, requests)
			})
		})
	}
}

// What is saved once stays, however often the exporter is started without anything new to save.
func TestRestartsInARowCostNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := harness.Before()
		s.On, s.CacheDir = simulator.New(s.Console), harness.CacheDir(t)
		s.On.Inject(simulator.Fault{Path: "/account/agents", Status: http.StatusForbidden, Body: new("")}) // unsupported account-wide
		w := harness.Start(t, s)
		w.Pass(20 * time.Minute)
		w.Stop()
		before := s.On.Count()
		for range 3 {
			time.Sleep(time.Second)
			w = harness.Start(t, s)
			w.Pass(10 * time.Second)
			w.Stop()
		}
		if calls := s.On.Calls()[before:]; len(calls) > 0 {
			t.Errorf("%d requests for what is not due, such as %s", len(calls), calls[0].Path)
		}
	})
}
