//go:build port

package poller_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

const benchSeries = 20_000

// rebuilt is a collector as most are written: it makes its metrics at every scrape.
type rebuilt struct {
	assets, scanned *prometheus.Desc
}

func (r rebuilt) Describe(ch chan<- *prometheus.Desc) { ch <- r.assets; ch <- r.scanned }

func (r rebuilt) Collect(ch chan<- prometheus.Metric) {
	for i := range benchSeries {
		ch <- prometheus.MustNewConstMetric(r.assets, prometheus.GaugeValue, float64(i),
			"Halvorsen Logistics", fmt.Sprintf("Site %d", i%100), "Server", fmt.Sprintf("Microsoft Windows Server %d", i/100), "true")
	}
	for i := range 100 {
		ch <- prometheus.MustNewConstMetric(r.scanned, prometheus.GaugeValue, 1.7e9+float64(i), "Halvorsen Logistics", fmt.Sprintf("Site %d", i))
	}
}

func newRebuilt() rebuilt {
	return rebuilt{
		assets: prometheus.NewDesc("runzero_assets", "Assets.", []string{"org_name", "site_name", "asset_type", "os", "alive"}, nil),
		// Its age is worked out at each scrape: the live part is measured too.
		scanned: prometheus.NewDesc("runzero_scan_last_success_timestamp_seconds", "Scans.", []string{"org_name", "site_name"}, nil),
	}
}

// scrapers are the two sides: handlers of the same series, one from what was gathered
// at the poll, the other made anew.
func scrapers(w *world) map[string]http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newRebuilt())
	return map[string]http.Handler{
		"cached":  promhttp.HandlerFor(w.poller, promhttp.HandlerOpts{}),
		"rebuilt": promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
}

func benchWorld(t testing.TB) *world {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newRebuilt())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, setup{idle: true, target: one(collectFunc(func(context.Context, collector.Poll) (collector.Snapshot, error) {
		return collector.Snapshot{Families: families}, nil
	}))})
	if err := w.poller.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// discard is a response that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func scrape(h http.Handler) {
	h.ServeHTTP(discard{http.Header{}}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
}

// TestAScrapeCostsAThousandthOfTheGarbage counts allocations, which do not depend on
// how busy the machine is, but do on the race detector. The time is BenchmarkScrape's.
func TestAScrapeCostsAThousandthOfTheGarbage(t *testing.T) {
	w := benchWorld(t)
	allocations := map[string]float64{}
	for side, handler := range scrapers(w) {
		allocations[side] = testing.AllocsPerRun(5, func() { scrape(handler) })
	}
	t.Logf("allocations of a scrape of %d series: %v", benchSeries, allocations)
	if allocations["cached"]*1000 > allocations["rebuilt"] {
		t.Errorf("%v allocations, more than a thousandth of the %v of rebuilding", allocations["cached"], allocations["rebuilt"])
	}
}

// BenchmarkScrape runs both sides in turn, so that both meet the same machine, and
// reports how the times compare.
func BenchmarkScrape(b *testing.B) {
	handlers := scrapers(benchWorld(b))
	spent := map[string]time.Duration{}
	for b.Loop() {
		for side, handler := range handlers {
			start := time.Now()
			scrape(handler)
			spent[side] += time.Since(start)
		}
	}
	b.ReportMetric(float64(spent["cached"].Nanoseconds())/float64(b.N), "cached-ns/op")
	b.ReportMetric(float64(spent["rebuilt"].Nanoseconds())/float64(b.N), "rebuilt-ns/op")
	b.ReportMetric(float64(spent["cached"])/float64(spent["rebuilt"]), "ratio")
}
