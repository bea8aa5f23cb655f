package config_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

// defaults are the flags as they are when nobody sets any.
func defaults() config.Flags {
	f := config.Flags{
		TokenFile:     "token",
		Timeout:       10 * time.Minute,
		CacheInterval: 15 * time.Minute,
		CacheMaxAge:   72 * time.Hour,
		Collectors:    map[string]config.CollectorFlags{},
		AssetLabels:   "site_name,asset_type,os,alive",
		AssetTop:      100,
		ScanMaxAge:    7 * 24 * time.Hour,
		QuotaShare:    0.5,
		QuotaReserve:  0.1,
	}
	for _, spec := range collector.Specs() {
		f.Collectors[spec.Name] = config.CollectorFlags{Enabled: true}
	}
	return f
}

func TestDefaultsAreValid(t *testing.T) {
	c, err := defaults().Validate()
	if err != nil {
		t.Fatal(err)
	}
	intervals := map[string]time.Duration{}
	for _, enabled := range c.Collectors {
		intervals[enabled.Name] = enabled.Interval
	}
	if intervals["assets"] != 15*time.Minute || intervals["console"] != time.Hour || len(intervals) != len(collector.Specs()) {
		t.Errorf("intervals: %v", intervals)
	}
	if got := strings.Join(c.Settings.AssetLabels, " "); got != "site_name asset_type os alive" {
		t.Errorf("labels: %s", got)
	}
	if !c.Runzero.HTTP.ProxyFromEnvironment {
		t.Error("the environment's proxy is not used")
	}
}

func TestIntervals(t *testing.T) {
	f := defaults()
	f.CacheInterval = time.Minute
	f.Collectors["console"] = config.CollectorFlags{Enabled: true, Interval: 5 * time.Hour}
	f.Collectors["tasks"] = config.CollectorFlags{Enabled: false}
	c, err := f.Validate()
	if err != nil {
		t.Fatal(err)
	}
	for _, enabled := range c.Collectors {
		switch {
		case enabled.Name == "tasks":
			t.Error("a collector that is off is polled")
		case enabled.Name == "console" && enabled.Interval != 5*time.Hour, enabled.Name == "assets" && enabled.Interval != time.Minute:
			t.Errorf("%s every %s", enabled.Name, enabled.Interval)
		}
	}
}

// TestMistakesAreNamed checks that what cannot be is refused, never bent into shape,
// and that the message names the flag.
func TestMistakesAreNamed(t *testing.T) {
	for _, c := range []struct {
		what  string
		set   func(*config.Flags)
		wants string
	}{
		{"token and OAuth2 client", func(f *config.Flags) { f.ClientID = "id" }, "--runzero.client-id"},
		{"token file and variable", func(f *config.Flags) { f.Token = "ETsecret" }, "RUNZERO_TOKEN"},
		{"no timeout", func(f *config.Flags) { f.Timeout = 0 }, "--runzero.timeout"},
		{"interval 0", func(f *config.Flags) { f.CacheInterval = 0 }, "--cache.interval"},
		{"interval in the wrong unit", func(f *config.Flags) { f.CacheInterval = 15 * time.Millisecond }, "--cache.interval"},
		{"a collector's interval", func(f *config.Flags) {
			f.Collectors["sites"] = config.CollectorFlags{Enabled: true, Interval: time.Millisecond}
		}, "--collector.sites.interval"},
		{"negative age", func(f *config.Flags) { f.CacheMaxAge = -1 }, "--cache.max-age"},
		{"age below an interval", func(f *config.Flags) { f.CacheMaxAge = 30 * time.Minute }, "--cache.max-age"},
		{"unknown label", func(f *config.Flags) { f.AssetLabels = "site_name,hostname" }, `"hostname"`},
		{"label twice", func(f *config.Flags) { f.AssetLabels = "os, os" }, "os twice"},
		{"nothing kept", func(f *config.Flags) { f.AssetTop = 0 }, "--collector.assets.top"},
		{"too much kept", func(f *config.Flags) { f.AssetTop = 1e6 }, "--collector.assets.top"},
		{"no scan age", func(f *config.Flags) { f.ScanMaxAge = 0 }, "--collector.tasks.scan-max-age"},
		{"no share", func(f *config.Flags) { f.QuotaShare = 0 }, "--quota.share"},
		{"more than all", func(f *config.Flags) { f.QuotaShare = 1.5 }, "--quota.share"},
		{"a share that is no number", func(f *config.Flags) { f.QuotaShare = math.NaN() }, "--quota.share"},
		{"all for others", func(f *config.Flags) { f.QuotaReserve = 1 }, "--quota.reserve"},
		{"less than nothing for others", func(f *config.Flags) { f.QuotaReserve = -0.1 }, "--quota.reserve"},
		{"nothing that asks", func(f *config.Flags) {
			f.Collectors = map[string]config.CollectorFlags{"usage": {Enabled: true}}
		}, "--collector.NAME"},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := defaults()
			c.set(&f)
			_, err := f.Validate()
			if err == nil || !strings.Contains(err.Error(), c.wants) || strings.Contains(err.Error(), "ETsecret") {
				t.Errorf("got %v, want a sentence with %s", err, c.wants)
			}
		})
	}
}

func TestAgeZeroKeepsAnswers(t *testing.T) {
	f := defaults()
	f.CacheMaxAge = 0
	if c, err := f.Validate(); err != nil || c.MaxAge != 0 {
		t.Errorf("%v, %v", c, err)
	}
}

func TestNoLabelsCountAllAssetsTogether(t *testing.T) {
	f := defaults()
	f.AssetLabels = ""
	if c, err := f.Validate(); err != nil || len(c.Settings.AssetLabels) != 0 {
		t.Errorf("%v, %v", c, err)
	}
}
