package config

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// When assets, and what discoveries find, are polled.
const (
	RefreshOnChange   = "changes"  // when something has changed
	RefreshByInterval = "interval" // at each interval

	// DefaultAssetMaxInterval is how often they are polled although nothing has changed.
	DefaultAssetMaxInterval = 6 * time.Hour
)

// refresh says when something is polled: when it has changed, or at each interval.
type refresh struct {
	mode    sourced[string]
	longest sourced[model.Duration] // 0 of a flag: the default
}

// refreshAssets sets when the assets are polled, and returns how that is configured: discoveries do the same by default.
func (f Flags) refreshAssets(in fileAssets, collectors []schedule.Collector) (refresh, error) {
	var err error
	r := refresh{
		mode:    fileOrFlag(f, in.Refresh, "collector.assets.refresh", f.AssetRefresh, &err),
		longest: fileOrFlag(f, in.MaxInterval, "collector.assets.max-interval", model.Duration(f.AssetMaxInterval), &err),
	}
	if err == nil {
		err = r.check()
	}
	if at := slices.IndexFunc(collectors, named("assets")); err == nil && at >= 0 {
		err = f.refresh(r, &collectors[at], "the assets", collectors)
	}
	return r, err
}

func named(name string) func(schedule.Collector) bool {
	return func(c schedule.Collector) bool { return c.Name == name }
}

func (r refresh) check() error {
	if r.mode.Value != RefreshOnChange && r.mode.Value != RefreshByInterval {
		return r.mode.wrong("refresh", "must be %s or %s", RefreshOnChange, RefreshByInterval)
	}
	return nil
}

// refresh sets whether a collector is polled on change only. what names it in errors.
func (f Flags) refresh(r refresh, c *schedule.Collector, what string, collectors []schedule.Collector) error {
	if r.mode.Value == RefreshByInterval {
		return nil
	}
	longest := r.longest
	if longest.Value == 0 && longest.flag != "" {
		longest.Value = model.Duration(max(c.Interval, min(DefaultAssetMaxInterval, f.longestDefault())))
	} else {
		var err error
		if longest, err = f.interval("max_interval", longest); err != nil {
			return err
		}
	}
	if time.Duration(longest.Value) < c.Interval {
		return longest.wrong("max_interval", "is %s, shorter than the interval of %s, %s: raise it, or set the refresh of %s to %s",
			longest.Value, what, model.Duration(c.Interval), what, RefreshByInterval)
	}
	if slices.ContainsFunc(collectors, named(c.ChangedBy)) {
		c.MaxInterval, c.MaxIntervalSource = time.Duration(longest.Value), f.source("max_interval", longest.position)
	}
	return nil
}
