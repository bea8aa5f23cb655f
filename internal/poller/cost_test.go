//go:build !race

package poller

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// BenchmarkPoll is everything that the loop does for a poll but the poll itself: it finds out which is due, starts it,
// applies, saves and publishes the result, and finds out when the next is due.
func BenchmarkPoll(b *testing.B) {
	for _, saved := range []bool{false, true} {
		for _, organizations := range []int{2, 100, 1000} {
			b.Run(fmt.Sprintf("saved=%t/polls=%d", saved, organizations*5), func(b *testing.B) {
				l := newLoop(organizations, nil)
				if saved {
					l.keep(b)
				}
				l.settle()
				for b.Loop() {
					l.poll(nil)
					l.now = l.now.Add(publishPause)
				}
			})
		}
	}
}

// keep has a folder keep what the loop saves. What is written there is not part of the loop.
func (l *loop) keep(b *testing.B) {
	b.Helper()
	folder, err := store.Open(b.TempDir(), store.Options{Logger: log.NewNopLogger()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = folder.Run(ctx) })
	b.Cleanup(func() {
		cancel()
		running.Wait()
		if !folder.Healthy() {
			b.Error("the folder cannot be written to")
		}
	})
	l.store = folder
}

// It compares the shortest of many, which do not depend on what else runs. The bound is generous all the same.
func TestAPollCostsAboutTheSameWithManyOthers(t *testing.T) {
	few, many := newLoop(2, nil), newLoop(400, nil)
	few.settle()
	many.settle()
	ratio := float64(many.shortest()) / float64(few.shortest())
	t.Logf("with 2,000 polls one costs %.1f times as much as with 10", ratio)
	if ratio > 12 {
		t.Errorf("with 2,000 polls one costs %.1f times as much as with 10", ratio)
	}
}

// shortest is the time of the quickest of some polls.
func (l *loop) shortest() time.Duration {
	shortest := time.Hour
	for range 300 {
		began := time.Now()
		l.poll(nil)
		shortest = min(shortest, time.Since(began))
		l.now = l.now.Add(publishPause)
	}
	return shortest
}
