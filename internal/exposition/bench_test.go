//go:build !race

package exposition

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

const benchSeries = 20_000

// constMetrics is a collector as most are written: it makes its metrics at every scrape.
type constMetrics struct {
	assets, scanned *prometheus.Desc
}

func (c constMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- c.assets; ch <- c.scanned }

func (c constMetrics) Collect(ch chan<- prometheus.Metric) {
	for i := range benchSeries {
		ch <- prometheus.MustNewConstMetric(c.assets, prometheus.GaugeValue, float64(i),
			"Halvorsen Logistics", fmt.Sprintf("Site %d", i%100), "Server", fmt.Sprintf("Microsoft Windows Server %d", i/100), "true")
	}
	for i := range 100 {
		ch <- prometheus.MustNewConstMetric(c.scanned, prometheus.GaugeValue, 1.7e9+float64(i), "Halvorsen Logistics", fmt.Sprintf("Site %d", i))
	}
}

// newHandlers returns two handlers of the same series: one of a view that has them, and one that makes them at every
// scrape. Ages are derived from some, so that live families are measured, too.
func newHandlers(t testing.TB) (cached, rebuilt http.Handler) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(constMetrics{
		assets:  prometheus.NewDesc("runzero_assets", "Assets.", []string{"org_name", "site_name", "asset_type", "os", "alive"}, nil),
		scanned: prometheus.NewDesc("runzero_scan_last_success_timestamp_seconds", "Scans.", []string{"org_name", "site_name"}, nil),
	})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	view := NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(nil, []*Part{NewPart(families)})
	gather := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return view.Gather(time.Now()), nil })
	return promhttp.HandlerFor(gather, promhttp.HandlerOpts{}), promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func scrape(h http.Handler) {
	h.ServeHTTP(discard{http.Header{}}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// It counts allocations, which do not depend on how busy the machine is, but on the race
// detector. The time is BenchmarkScrape's.
func TestAScrapeCostsAThousandthOfTheGarbage(t *testing.T) {
	cached, rebuilt := newHandlers(t)
	ours := testing.AllocsPerRun(5, func() { scrape(cached) })
	usual := testing.AllocsPerRun(1, func() { scrape(rebuilt) })
	t.Logf("allocations of a scrape of %d series: %v, and %v when they are made at the scrape", benchSeries, ours, usual)
	if ours*1000 > usual {
		t.Errorf("%v allocations, more than a thousandth of %v", ours, usual)
	}
}

// BenchmarkScrape runs both in turn, so that they meet the same machine, and reports how the times compare.
func BenchmarkScrape(b *testing.B) {
	cached, rebuilt := newHandlers(b)
	var ours, usual time.Duration
	for b.Loop() {
		began := time.Now()
		scrape(cached)
		ours += time.Since(began)
		began = time.Now()
		scrape(rebuilt)
		usual += time.Since(began)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "cached-ns/op")
	b.ReportMetric(float64(usual.Nanoseconds())/float64(b.N), "rebuilt-ns/op")
	b.ReportMetric(float64(ours)/float64(usual), "ratio")
}

// manyOrganizations is a view of organizations with 10 polls each, of 40 series.
func manyOrganizations(n int) *View {
	health, describe := []*Part{}, collector.NewHealthFamilies()
	var parts []*Part
	for i := range n * 10 {
		name := fmt.Sprint("Organization ", i/10)
		query := fmt.Sprint("q", i%10)
		health = append(health, NewPart(describe.Of(collector.PollState{Collector: query, Organization: name})))
		f := &dto.MetricFamily{Name: new("runzero_query_results"), Type: dto.MetricType_GAUGE.Enum()}
		for series := range 40 {
			f.Metric = append(f.Metric, &dto.Metric{
				Label: []*dto.LabelPair{{Name: new("org_name"), Value: &name}, {Name: new("query"), Value: &query}, {Name: new("n"), Value: new(fmt.Sprint(series))}},
				Gauge: &dto.Gauge{Value: new(1.0)},
			})
		}
		parts = append(parts, NewPart([]*dto.MetricFamily{f}))
	}
	return NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(health, parts)
}

// A scrape of one organization costs what its own series cost, however many others there are.
func TestAScrapeOfAnOrganizationDoesNotPayForOthers(t *testing.T) {
	allocations := func(organizations int) float64 {
		view := manyOrganizations(organizations)
		return testing.AllocsPerRun(5, func() { view.Of([]Organization{{Name: "Organization 3"}}).Gather(time.Now()) })
	}
	few, many := allocations(5), allocations(200)
	t.Logf("allocations: %v of 5 organizations, %v of 200", few, many)
	if many > few {
		t.Errorf("%v allocations with 200 organizations, %v with 5", many, few)
	}
}

func BenchmarkScrapeOfAnOrganization(b *testing.B) {
	view := manyOrganizations(500)
	for b.Loop() {
		view.Of([]Organization{{Name: "Organization 3"}}).Gather(time.Now())
	}
}
