package config

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// When assets are polled.
const (
	RefreshOnChange   = "changes"  // when something has changed
	RefreshByInterval = "interval" // at each interval

	// DefaultAssetMaxInterval is how often assets are polled although nothing has changed.
	DefaultAssetMaxInterval = 6 * time.Hour
)

// refresh sets whether the assets are polled on change only.
func (f Flags) refresh(in fileAssets, collectors []schedule.Collector) error {
	var err error
	mode := fileOrFlag(f, in.Refresh, "collector.assets.refresh", f.AssetRefresh, &err)
	longest := fileOrFlag(f, in.MaxInterval, "collector.assets.max-interval", model.Duration(f.AssetMaxInterval), &err)
	at := slices.IndexFunc(collectors, func(c schedule.Collector) bool { return c.Name == "assets" })
	switch {
	case err != nil:
		return err
	case mode.Value != RefreshOnChange && mode.Value != RefreshByInterval:
		return mode.wrong("refresh", "must be %s or %s", RefreshOnChange, RefreshByInterval)
	case at < 0 || mode.Value == RefreshByInterval:
		return nil
	}
	c := &collectors[at]
	if longest.Value == 0 && !in.MaxInterval.set() {
		longest.Value = model.Duration(max(c.Interval, min(DefaultAssetMaxInterval, f.longestDefault())))
	} else if longest, err = f.interval("max_interval", longest); err != nil {
		return err
	}
	if time.Duration(longest.Value) < c.Interval {
		return longest.wrong("max_interval", "is %s, shorter than the interval of the assets, %s: raise it, or set the refresh of the assets to %s",
			longest.Value, model.Duration(c.Interval), RefreshByInterval)
	}
	tasks := slices.ContainsFunc(collectors, func(other schedule.Collector) bool { return other.Name == c.ChangedBy })
	if tasks {
		c.MaxInterval, c.MaxIntervalSource = time.Duration(longest.Value), f.source("max_interval", longest.position)
	}
	return nil
}
