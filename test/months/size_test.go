package months

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// sizes are what must not grow with time.
type sizes struct{ series, polls, goroutines, heapKiB int }

func (l *life) sizes() sizes {
	l.t.Helper()
	for _, account := range l.accounts {
		account.change(func(*simulator.Options) {}) // forgets its log of requests
	}
	families, err := l.Exporter.Gather()
	if err != nil {
		l.t.Fatal(err)
	}
	s := sizes{goroutines: runtime.NumGoroutine()}
	for _, a := range l.Exporter.Status() {
		s.polls += len(a.Polls)
	}
	for _, f := range families {
		s.series += len(f.GetMetric())
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&memory)
	s.heapKiB = (int(memory.HeapAlloc) - l.Log.Size()) / 1024
	return s
}

func (l *life) expectSizes(first sizes) {
	l.t.Helper()
	last := l.sizes()
	l.t.Logf("sizes: %+v, at first %+v", last, first)
	if last.series > first.series*11/10 || last.polls > first.polls || last.goroutines > first.goroutines+10 || last.heapKiB > first.heapKiB+128 {
		l.t.Errorf("sizes have grown: %+v, at first %+v", last, first)
	}
}

// expectLikeNew expects the same series as from an exporter that has just been started, with
// the same configuration and no cache.
func (l *life) expectLikeNew() {
	l.t.Helper()
	setup := l.setup
	setup.File, setup.CacheDir = l.file(), ""
	fresh := harness.Start(l.t, setup)
	fresh.Pass(interval + 20*time.Minute)
	for _, family := range []string{
		"runzero_sites", "runzero_site_info", "runzero_explorer_info", "runzero_organization_info", "runzero_collector_interval_seconds",
		"runzero_scan_last_success_timestamp_seconds", "runzero_scan_schedule_info", "runzero_api_paused", "runzero_api_usage_limit",
	} {
		labels := append([]string{"site_name", "explorer_id", "schedule_id", "reason", "credential"}, pollLabels()...)
		got, want := slices.Sorted(maps.Keys(l.Values(family, labels...))), slices.Sorted(maps.Keys(fresh.Values(family, labels...)))
		if !slices.Equal(got, want) {
			l.t.Errorf("%s:\n%q\nof a new exporter:\n%q", family, got, want)
		}
	}
	fresh.Stop()
}
