package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

// The longest time between two polls of assets while nothing has changed; 0: they are polled at each interval.
func TestRefreshOfAssets(t *testing.T) {
	byFlag := func(refresh string, longest time.Duration) func(*config.Flags) {
		return func(f *config.Flags) {
			f.AssetRefresh, f.AssetMaxInterval = refresh, longest
			f.Set["collector.assets.refresh"], f.Set["collector.assets.max-interval"] = true, longest > 0
		}
	}
	tasksOff := func(f *config.Flags) { f.Collectors["tasks"] = config.CollectorFlags{} }
	every := func(interval time.Duration) func(*config.Flags) {
		return func(f *config.Flags) { f.CacheInterval, f.Set["cache.interval"] = interval, true }
	}
	aged := func(age time.Duration) func(*config.Flags) { return func(f *config.Flags) { f.CacheMaxAge = age } }
	const flag = "--collector.assets.max-interval"
	const changes, interval = config.RefreshOnChange, config.RefreshByInterval
	for _, c := range []struct {
		name, text, source string
		set                []func(*config.Flags)
		want               time.Duration
	}{
		{"default", "", flag, nil, 6 * time.Hour},
		{"flag", "", flag, []func(*config.Flags){byFlag(changes, 3*time.Hour)}, 3 * time.Hour},
		{"file", "collectors:\n  assets: {refresh: changes, max_interval: 1d}", "config.yml:2: max_interval", nil, 24 * time.Hour},
		{"by interval, by flag", "", "", []func(*config.Flags){byFlag(interval, 0)}, 0},
		{"by interval, by file", "collectors: {assets: {refresh: interval}}", "", nil, 0},
		{"by interval, for which the other flag means nothing", "", "", []func(*config.Flags){byFlag(interval, time.Minute)}, 0},
		{"without tasks, changes are unknown", "", "", []func(*config.Flags){tasksOff}, 0},
		{"without tasks, by file", "collectors: {tasks: {enabled: false}, assets: {max_interval: 8h}}", "", nil, 0},
		{"an interval longer than the default", "", flag, []func(*config.Flags){every(8 * time.Hour)}, 8 * time.Hour},
		{"no shorter than the interval", "collectors: {assets: {interval: 2h, max_interval: 2h}}", "config.yml:1: max_interval", nil, 2 * time.Hour},
		{"half of a short maximum age", "", flag, []func(*config.Flags){aged(4 * time.Hour)}, 2 * time.Hour},
		{"without a maximum age", "", flag, []func(*config.Flags){aged(0)}, 6 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := load(t, c.text, append(c.set, func(f *config.Flags) { f.Token = "ET1" })...)
			if err != nil {
				t.Fatal(err)
			}
			for _, each := range loaded.Collectors {
				if each.Name == "assets" && (each.MaxInterval != c.want || !strings.HasSuffix(each.MaxIntervalSource, c.source) || c.source == "" && each.MaxIntervalSource != "") {
					t.Errorf("%s by %q, want %s by %q", each.MaxInterval, each.MaxIntervalSource, c.want, c.source)
				}
				if each.Name != "assets" && each.MaxInterval != 0 {
					t.Errorf("%s has %s", each.Name, each.MaxInterval)
				}
			}
		})
	}
	if loaded, err := load(t, "collectors: {assets: {enabled: false, max_interval: 8h}}", func(f *config.Flags) { f.Token = "ET1" }); err != nil {
		t.Errorf("without assets: %v, %v", loaded, err)
	}
}

func TestRefusesARefreshOfAssets(t *testing.T) {
	testMistakes(t, []mistake{
		{"unknown word", "collectors:\n  assets: {refresh: change}", "config.yml:2: refresh must be changes or interval"},
		{"shorter than the interval", "collectors:\n  assets: {interval: 2h, max_interval: 1h}",
			"config.yml:2: max_interval is 1h, shorter than the interval of the assets, 2h: raise it, or set the refresh of the assets to interval"},
		{"longer than the maximum age", "collectors:\n  assets: {max_interval: 3d}", "config.yml:2: max_interval is 3d, but --cache.max-age is 3d by default: …"},
		{"zero", "collectors:\n  assets: {max_interval: 0s}", "config.yml:2: max_interval must be at least 1s: …"},
		{"milliseconds", "collectors:\n  assets: {max_interval: 5ms}", "config.yml:2: max_interval must be at least 1s: …"},
	})
	for name, c := range map[string]struct {
		set  func(*config.Flags)
		want string
	}{
		"unknown word": {func(f *config.Flags) { f.AssetRefresh = "often" }, "--collector.assets.refresh must be changes or interval"},
		"shorter than the interval": {func(f *config.Flags) { f.AssetMaxInterval, f.Set["collector.assets.max-interval"] = time.Minute, true },
			"--collector.assets.max-interval is 1m, shorter than the interval of the assets, 15m: raise it, or set the refresh of the assets to interval"},
		"longer than the maximum age": {func(f *config.Flags) {
			f.AssetMaxInterval, f.CacheMaxAge = 6*time.Hour, 5*time.Hour
			f.Set["collector.assets.max-interval"], f.Set["cache.max-age"] = true, true
		}, "--collector.assets.max-interval is 6h, but --cache.max-age is 5h: results would be withdrawn"},
	} {
		f := withToken(t)
		c.set(&f)
		if _, err := f.Load(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for flag, text := range map[string]string{"collector.assets.refresh": "refresh: interval", "collector.assets.max-interval": "max_interval: 8h"} {
		_, err := load(t, "collectors:\n  assets:\n    "+text, func(f *config.Flags) { f.Token, f.Set[flag] = "ET1", true })
		if want := "config.yml:3: --" + flag + " (or its environment variable) sets this too: remove one"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
