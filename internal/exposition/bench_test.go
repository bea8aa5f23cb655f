//go:build !race

package exposition

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
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

// constOf is a collector of the series of a view, which it makes at every scrape.
type constOf []*dto.MetricFamily

func (constOf) Describe(chan<- *prometheus.Desc) {}

func (c constOf) Collect(ch chan<- prometheus.Metric) {
	for _, f := range c {
		for _, m := range f.Metric {
			names, values := make([]string, len(m.Label)), make([]string, len(m.Label))
			for i, label := range m.Label {
				names[i], values[i] = label.GetName(), label.GetValue()
			}
			desc := prometheus.NewDesc(f.GetName(), f.GetHelp(), names, nil)
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, m.GetGauge().GetValue(), values...)
		}
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
	view := NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(start, nil, []*Part{NewPart(families)})
	return NewHandler(aging{view}, openMetricsOptions), promhttp.HandlerFor(registry, openMetricsOptions)
}

// aging is a Source whose live families are the ages.
type aging struct{ view *View }

func (a aging) Exposition() (*View, []*dto.MetricFamily, error) {
	return a.view, a.view.Ages(time.Now()), nil
}

func (a aging) Gather() ([]*dto.MetricFamily, error) { return a.view.Gather(time.Now()), nil }

// scrape requests as Prometheus does, compressed.
func scrape(h http.Handler, accept string) {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "gzip")
	h.ServeHTTP(discard{http.Header{}}, r)
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// It counts allocations, which do not depend on how busy the machine is, but on the race
// detector. The time is BenchmarkScrape's.
func TestAScrapeCostsAThousandthOfTheGarbage(t *testing.T) {
	cached, rebuilt := newHandlers(t)
	scrape(cached, accepted[2]) // which encodes
	ours := testing.AllocsPerRun(5, func() { scrape(cached, accepted[2]) })
	usual := testing.AllocsPerRun(1, func() { scrape(rebuilt, accepted[2]) })
	t.Logf("allocations of a scrape of %d series: %v, and %v when they are made at the scrape", benchSeries, ours, usual)
	if ours*1000 > usual {
		t.Errorf("%v allocations, more than a thousandth of %v", ours, usual)
	}
}

// Bodies of 20,000 series are hardly larger than those of one whole gzip stream.
func TestGzipIsNearlyAsSmallAsOneStream(t *testing.T) {
	for _, series := range []int{1000, 20_000} {
		for _, organizations := range []int{1, 300} {
			p := publication{view: manyFamilies(organizations, series), live: liveFamilies()}
			for _, accept := range accepted[1:5] {
				ours := request(NewHandler(p, openMetricsOptions), http.MethodGet, accept, "gzip").Body.Len()
				whole := request(promhttp.HandlerFor(p, openMetricsOptions), http.MethodGet, accept, "gzip").Body.Len()
				name, _, _ := strings.Cut(accept, ";")
				t.Logf("%d series of %d organizations, %s: %d bytes, as one stream %d: %.2f", series, organizations, name, ours, whole, float64(ours)/float64(whole))
				if ours*10 > whole*13 {
					t.Errorf("%d series of %d organizations: %d bytes, as one stream %d", series, organizations, ours, whole)
				}
			}
		}
	}
}

// best is the shortest of several times.
func best(times int, f func()) time.Duration {
	shortest := time.Hour
	for range times {
		began := time.Now()
		f()
		shortest = min(shortest, time.Since(began))
	}
	return shortest
}

// The promise is a fiftieth, and the measured ratio is a small part of it: a busy machine does not change that.
func TestAScrapeTakesAFiftiethOfTheTime(t *testing.T) {
	cached, rebuilt := newHandlers(t)
	scrape(cached, accepted[2])
	ours, usual := best(20, func() { scrape(cached, accepted[2]) }), best(2, func() { scrape(rebuilt, accepted[2]) })
	t.Logf("a scrape of %d series, compressed: %v, and %v when they are made at the scrape: 1/%d", benchSeries, ours, usual, usual/ours)
	if ours*50 > usual {
		t.Errorf("%v, more than a fiftieth of %v", ours, usual)
	}
}

// BenchmarkScrape compares, in turn, so that they meet the same machine: a scrape, const metrics through promhttp, and
// writing the bytes of the same response. All are compressed.
func BenchmarkScrape(b *testing.B) {
	for _, series := range []int{1000, 20_000, 200_000} {
		for _, organizations := range []int{1, 300} {
			source := aging{manyFamilies(organizations, series)}
			families, n := source.view.Families(), 0
			for _, f := range families {
				n += len(f.Metric)
			}
			registry := prometheus.NewRegistry()
			registry.MustRegister(constOf(families))
			for i, format := range []string{"text", "openmetrics", "protobuf"} {
				b.Run(fmt.Sprintf("%dseries/%dorganizations/%s", n, organizations, format), func(b *testing.B) {
					compare(b, NewHandler(source, openMetricsOptions), promhttp.HandlerFor(registry, openMetricsOptions), accepted[[]int{1, 2, 4}[i]])
				})
			}
		}
	}
}

func compare(b *testing.B, cached, rebuilt http.Handler, accept string) {
	body := request(cached, http.MethodGet, accept, "gzip").Body.Bytes()
	whole := request(rebuilt, http.MethodGet, accept, "gzip").Body.Len()
	written := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Clone(body)) })
	ours, usual, ready := time.Hour, time.Hour, time.Hour
	for b.Loop() {
		ours = min(ours, best(20, func() { scrape(cached, accept) }))
		usual = min(usual, best(1, func() { scrape(rebuilt, accept) }))
		ready = min(ready, best(20, func() { scrape(written, accept) }))
	}
	b.ReportMetric(float64(ours.Microseconds()), "ours-µs")
	b.ReportMetric(float64(usual.Microseconds()), "const-µs")
	b.ReportMetric(float64(ready.Microseconds()), "bytes-µs")
	b.ReportMetric(float64(usual)/float64(ours), "const/ours")
	b.ReportMetric(float64(ours)/float64(ready), "ours/bytes")
	b.ReportMetric(float64(len(body))/float64(whole), "size/const")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPublish is a poll with another result among many.
func BenchmarkPublish(b *testing.B) {
	for _, polls := range []int{10, 5000} {
		b.Run(fmt.Sprint(polls, "polls"), func(b *testing.B) {
			health, parts := manyPolls(polls/10, max(57_000*polls/5000, 800))
			describe := collector.NewHealthFamilies()
			m := NewMerger(collector.Catalogue(), collector.AgeOf())
			view := m.Merge(start, health, parts)
			chunks := 0
			for _, p := range view.pages {
				chunks += len(p.chunks)
			}
			shortest := time.Hour
			for i := 0; b.Loop(); i++ {
				health, parts = slices.Clone(health), slices.Clone(parts)
				at := (i * 7919) % len(parts)
				health[at] = NewPart(describe.Of(collector.PollState{Collector: "job", Organization: fmt.Sprint("Organization ", at), Failures: i}))
				parts[at] = changed(parts[at], float64(i))
				shortest = min(shortest, best(1, func() { m.Merge(start, health, parts) }))
			}
			b.ReportMetric(float64(chunks), "chunks")
			b.ReportMetric(float64(shortest.Nanoseconds())/1000, "shortest-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// changed is a part with other values.
func changed(p *Part, value float64) *Part {
	var families []*dto.MetricFamily
	for _, f := range p.families {
		next := &dto.MetricFamily{Name: f.Name, Type: f.Type}
		for _, m := range f.Metric {
			next.Metric = append(next.Metric, &dto.Metric{Label: m.Label, Gauge: &dto.Gauge{Value: &value}})
		}
		families = append(families, next)
	}
	return NewPart(families)
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
	return NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(time.Time{}, health, parts)
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
