package store_test

import (
	"fmt"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func large() store.Snapshot {
	var metrics []*dto.Metric
	for i := range 20_000 {
		metrics = append(metrics, gauge(float64(i), "org_name", "Halvorsen Logistics", "site_name", fmt.Sprintf("Site %d", i%100),
			"asset_type", "Server", "os", fmt.Sprintf("Microsoft Windows Server %d", i/100), "alive", "true"))
	}
	return store.Snapshot{Families: []*dto.MetricFamily{gauges("runzero_assets", metrics...)}, Success: time.Unix(1, 0).UTC()}
}

// BenchmarkSave encodes and writes 20,000 series. The time includes the disk's fsync.
func BenchmarkSave(b *testing.B) {
	f := newFolder(b)
	snapshot := large()
	b.ReportAllocs()
	for b.Loop() {
		f.save(acme(), snapshot)
	}
}
