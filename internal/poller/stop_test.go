package poller_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Each poll takes a second, so that these instants hit polls that start or end, and that run.
func TestStopsAtOnceAtAnyInstant(t *testing.T) {
	for after := time.Duration(0); after <= 6*time.Second; after += 500 * time.Millisecond {
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

func TestStopsAtOnceWhereverTheLoopNoticesIt(t *testing.T) {
	for look, firstRoundOver := int64(1), false; !firstRoundOver; look++ {
		synctest.Test(t, func(t *testing.T) {
			w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks), Idle: true})
			inner, cancel := context.WithCancel(t.Context())
			began := time.Now()
			var ended time.Time
			ctx := &endingContext{Context: inner, cancel: func() { ended = time.Now(); cancel() }}
			ctx.left.Store(look)
			w.Exporter.Run(ctx)
			if took := time.Since(ended); took > 0 {
				t.Errorf("cancelled when the loop looked for the %dth time, it went on for %s", look, took)
			}
			firstRoundOver = ended.After(began)
		})
	}
}

// endingContext is cancelled right before Err is called for the last time that is left.
type endingContext struct {
	context.Context
	cancel func()
	left   atomic.Int64
}

func (c *endingContext) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}
