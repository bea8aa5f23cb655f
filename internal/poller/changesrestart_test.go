package poller_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// cachedAccount is an account of three organizations whose data is cached.
func cachedAccount(t *testing.T) harness.Setup {
	t.Helper()
	s := followed(3, "assets")
	s.CacheDir = harness.CacheDir(t)
	return s
}

// searched is how far the last search for changes looked back.
func searched(console *simulator.Console) string {
	last := ""
	for _, call := range console.Calls() {
		if call.Path == changesPath {
			last = call.Query
		}
	}
	return regexp.MustCompile(`\d+hours`).FindString(last)
}

// What was exported before a restart is not exported again: one search finds what has changed since.
func TestARestartFollowsChangesOn(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		away   time.Duration
		search string // empty: none can look back so long
	}{"a minute": {time.Minute, "1hours"}, "eight hours": {8 * time.Hour, "9hours"}, "two days": {51 * time.Hour, ""}} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := cachedAccount(t)
				w := following(t, s)
				before := w.Requests(changesPath)
				w.Stop()
				stopped := time.Now()
				w.Console.StartScan(2, 0, stopped, 20*time.Minute)
				time.Sleep(c.away)
				w = harness.Start(t, s)
				started := time.Now()
				w.Pass(40 * time.Second)
				if c.away < 10*time.Minute {
					if n := w.Console.Calls()[len(w.Console.Calls())-1]; !n.Time.Before(started) {
						t.Errorf("%s is polled before it is due", n.Path)
					}
					w.Pass(interval)
				}
				exports, searches := byOrganization(w.Console, tasksPath, started), w.Requests(changesPath)-before
				if c.search == "" {
					if len(exports) != 3 {
						t.Errorf("exported %v", exports)
					}
					w.Pass(2 * interval)
				} else if len(exports) > 0 || searches != 1 || searched(w.Console) != c.search {
					t.Errorf("%d searches, the last for %s, want one for %s; exported %v", searches, searched(w.Console), c.search, exports)
				}
				expectFollowed(t, w, "after the restart")
				w.Pass(2 * interval) // the scan has ended, whenever the restart was
				if polls := assetsOf(w, 2, started); len(polls) != 1 {
					t.Errorf("the assets that the scan has changed were polled at %v", polls)
				}
			})
		})
	}
}

// Killed between two writes, the snapshot is older than the state, or newer. Nothing is lost either way.
func TestAKillBetweenASnapshotAndTheState(t *testing.T) {
	t.Parallel()
	for what, lost := range map[string]string{"the snapshot is lost": "-tasks-", "the state is lost": "state.log"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := cachedAccount(t)
				var lose atomic.Bool
				losses := 0
				s.Disk = func(write store.WriteFile) store.WriteFile {
					return func(name string, data []byte) error {
						if lose.Load() && strings.Contains(name, lost) {
							losses++
							return nil
						}
						return write(name, data)
					}
				}
				w := following(t, s)
				w.Pass(2 * interval) // and nothing has changed
				lose.Store(true)
				w.Console.AddTasks("connector", 3, 0)
				w.Pass(150 * time.Minute) // longer than the shortest search looks back
				want, stopped := w.Snapshot("tasks"), time.Now()
				w.Stop()
				if losses == 0 {
					t.Fatal("nothing was written")
				}
				lose.Store(false)
				s.Disk = nil
				w = harness.Start(t, s)
				w.Pass(interval + time.Minute)
				if diff := difference(want, w.Snapshot("tasks")); len(diff) > 0 {
					t.Errorf("after the restart: %q", diff)
				}
				expectFollowed(t, w, "after the restart")
				expectExports(t, w, stopped, 0, "after the restart")
			})
		})
	}
}

// What a version that did not follow changes has cached is shown, and exported once more.
func TestACacheWithoutTheState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := cachedAccount(t)
		w := following(t, s)
		want := w.Snapshot("tasks")
		w.Stop()
		dropState(t, s.CacheDir)
		w = harness.Start(t, s)
		started := time.Now()
		w.Pass(time.Second)
		if diff := difference(want, w.Snapshot("tasks")); len(diff) > 0 {
			t.Errorf("after the restart: %q", diff)
		}
		w.Pass(3 * time.Hour)
		expectExports(t, w, started, 1, "after the restart")
		expectFollowed(t, w, "after the restart")
	})
}

// dropState makes cached snapshots those of a version that knew no state.
func dropState(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "snapshot-*-tasks-*.prom"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`,"State":.*`).ReplaceAll(text, []byte("}"))
		text = text[:bytes.LastIndex(text, []byte("# sha256"))]
		if err := os.WriteFile(file, fmt.Appendf(text, "# sha256 %x\n", sha256.Sum256(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
