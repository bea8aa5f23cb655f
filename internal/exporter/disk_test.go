package exporter_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Every write hangs for ten seconds. Scrapes and the status page answer without any delay,
// polls keep their intervals, and the end does not wait for the disk.
func TestAHangingDiskDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int64
		w := harness.Start(t, harness.Setup{
			On: newConsole(simulator.Options{Assets: 5}), CacheDir: t.TempDir(),
			Disk: func(write store.WriteFile) store.WriteFile {
				return func(name string, data []byte) error {
					writes.Add(1)
					time.Sleep(10 * time.Second)
					return write(name, data)
				}
			},
		})
		for range 60 {
			w.Pass(time.Minute)
			before := time.Now()
			if w.Text("runzero_assets") == "" || len(w.Exporter.Status()) == 0 {
				t.Fatal("nothing is exposed")
			}
			if waited := time.Since(before); waited > 100*time.Millisecond {
				t.Fatalf("a scrape and a page waited %s", waited)
			}
		}
		if n := w.Requests("/export/org/assets.jsonl"); n < 3 || writes.Load() == 0 {
			t.Errorf("%d polls of the assets in an hour, want 3 or more; %d writes", n, writes.Load())
		}

		w.Console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Delay: time.Hour})
		w.Pass(20 * time.Minute) // a poll hangs, too
		before := time.Now()
		w.Stop()
		if took := time.Since(before); took > 5*time.Second {
			t.Errorf("the end took %s", took)
		}
		time.Sleep(time.Minute) // the writer that was left behind ends
	})
}
