//go:build port

package months

import (
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// sizes are what must not grow with time.
type sizes map[string]float64

const heap = "KiB of heap"

func (m *months) sizes() sizes {
	m.t.Helper()
	// What consoles keep of requests is not the exporter's.
	for _, console := range m.consoles {
		console.change(func(*simulator.Options) {})
	}
	families, err := m.exporter.Gather()
	if err != nil {
		m.t.Fatal(err)
	}
	s := sizes{}
	for _, f := range families {
		s["series"] += float64(len(f.GetMetric()))
	}
	s["jobs"] = float64(len(m.exporter.poller.Status()))
	s["gates"] = float64(len(m.exporter.accounts.gates))
	s["goroutines"] = float64(runtime.NumGoroutine())
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	s[heap] = (float64(memory.HeapAlloc) - float64(m.log.size())) / 1024 // less the log, which is the test's
	return s
}

func (s sizes) compare(t testing.TB, before sizes) {
	t.Helper()
	t.Logf("sizes: %v, at first %v", s, before)
	for what, n := range s {
		most := before[what]
		switch what {
		case "series": // devices come and go
			most *= 1.1
		case "goroutines": // of connections that are idle
			most += 10
		case heap:
			most += 128
		}
		if n > most {
			t.Errorf("%s: %v, at first %v", what, n, before[what])
		}
	}
}

// likeNew compares what is told with what an exporter tells that has just begun.
func (m *months) likeNew() {
	m.t.Helper()
	fresh := m.start("")
	m.pass(20 * time.Minute)
	for _, family := range []string{
		"runzero_sites", "runzero_site_info", "runzero_explorer_info", "runzero_organization_info", "runzero_collector_interval_seconds",
		"runzero_scan_last_success_timestamp_seconds", "runzero_scan_schedule_info", "runzero_api_paused", "runzero_api_usage_limit",
	} {
		labels := append([]string{"site_name", "explorer_id", "schedule_id", "reason", "credential"}, jobLabels...)
		is, want := slices.Sorted(maps.Keys(m.values(family, labels...))), slices.Sorted(maps.Keys(fresh.values(family, labels...)))
		if !slices.Equal(is, want) {
			m.t.Errorf("%s:\n%q\nand of a new exporter\n%q", family, is, want)
		}
	}
	fresh.stop()
}
