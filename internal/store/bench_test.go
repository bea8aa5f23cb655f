package store_test

import (
	"fmt"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func large() store.Entry {
	var metrics []*dto.Metric
	for i := range 20_000 {
		metrics = append(metrics, gauge(float64(i), "org_name", "Halvorsen Logistics", "site_name", fmt.Sprintf("Site %d", i%100),
			"asset_type", "Server", "os", fmt.Sprintf("Microsoft Windows Server %d", i/100), "alive", "true"))
	}
	return store.Entry{Families: []*dto.MetricFamily{gauges("runzero_assets", metrics...)}, Success: time.Unix(1, 0).UTC()}
}

func TestALargeAnswer(t *testing.T) {
	f := newFolder(t)
	e := large()
	f.save(acme(), shape, e)
	f.expect(acme(), shape, e)
}

// The time of a save and of a load of 20,000 series; how long the disk takes to say
// that it has them is part of the first.
func BenchmarkSave(b *testing.B) {
	f := newFolder(b)
	e := large()
	b.ReportAllocs()
	for b.Loop() {
		f.save(acme(), shape, e)
	}
}

func BenchmarkLoad(b *testing.B) {
	f := newFolder(b)
	f.save(acme(), shape, large())
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := f.Load(acme(), shape); !ok {
			b.Fatal(f.log)
		}
	}
}
