package changes

import (
	"runtime"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// What is known of an organization takes an amount of memory that depends on its sites, not on its tasks: with 1,000
// organizations and 10,000 sites it fits in 150 MiB.
func TestMemory(t *testing.T) {
	const sites, most = 10, 150 << 10 // of an organization, in bytes
	now := time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	console := simulator.New(simulator.Options{
		Organizations: sized, Sites: sites, EqualSites: true, Assets: 12, Quiet: true, Limit: -1, Burst: 1e6, Now: clock,
	})
	o := newOracle(t, console, clock)
	known := map[string]*collector.Snapshot{}
	poll := func() (size int64) {
		before := heap()
		for id := range o.names {
			s := o.export(id, known[id])
			known[id] = &s
		}
		return heap() - before
	}
	first := poll()
	t.Logf("%d KiB for an organization", first/sized>>10)
	if first > sized*most {
		t.Errorf("%d bytes for %d organizations", first, sized)
	}
	now = now.Add(24 * time.Hour)
	console.AddTasks("connector", 4*sized, indices(sized)...)
	console.AddTasks("scan", 5*sized, indices(sized)...)
	poll()
	now = now.Add(7 * 24 * time.Hour)
	if more := poll(); more > first/4 {
		t.Errorf("%d bytes more after a week", more)
	}
	if len(known) != sized {
		t.Errorf("%d organizations", len(known))
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
