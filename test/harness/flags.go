package harness

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

// DefaultFlags are the flags of an exporter that is started without any, but that assets are polled at each interval: so
// they can stand for all that is polled.
func DefaultFlags() config.Flags {
	f := config.Flags{
		Timeout: 10 * time.Minute, CacheInterval: 15 * time.Minute, CacheMaxAge: 72 * time.Hour,
		QuotaShare: 0.5, QuotaReserve: 0.1,
		AssetLabels: "site_name,asset_type,os,alive", AssetTop: 100, AssetRefresh: config.RefreshByInterval, ScanMaxAge: 8 * 24 * time.Hour,
		Collectors: map[string]config.CollectorFlags{}, Set: map[string]bool{},
	}
	for _, spec := range collector.Specs() {
		f.Collectors[spec.Name] = config.CollectorFlags{Enabled: !spec.OffByDefault}
	}
	return f
}

// OnChange has assets polled when something has changed, as they are by default.
func OnChange(f *config.Flags) { f.AssetRefresh = config.RefreshOnChange }

// EnableAll switches on the collectors that are off by default.
func EnableAll(f *config.Flags) {
	for name, c := range f.Collectors {
		c.Enabled = true
		f.Collectors[name] = c
	}
}
