package poller_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Each poll takes a second, so that these instants hit polls that start or end or run, and the time after the last.
func TestStopsAtOnceAtAnyInstant(t *testing.T) {
	t.Parallel()
	for after := time.Duration(0); after <= 6*time.Second; after += 750 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			w := harness.Start(t, harness.Setup{On: newConsole(small, simulator.Fault{Delay: time.Second})})
			time.Sleep(after)
			stopped := time.Now()
			w.Stop()
			if took := time.Since(stopped); took > 0 {
				t.Errorf("stopped after %s, it took %s", after, took)
			}
			if lines := w.Log.Lines("poll failed"); len(lines) > 0 {
				t.Errorf("a poll that was stopped is logged as failed: %s", lines)
			}
		})
	}
}
