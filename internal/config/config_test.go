package config_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// flags are the defaults of the command line.
func flags() config.Flags {
	f := config.Flags{
		URL:           runzero.DefaultURL,
		Set:           map[string]bool{},
		Timeout:       10 * time.Minute,
		CacheInterval: 15 * time.Minute,
		CacheMaxAge:   72 * time.Hour,
		Collectors:    map[string]config.CollectorFlags{},
		AssetLabels:   "site_name,asset_type,os,alive",
		AssetTop:      100,
		AssetRefresh:  config.RefreshOnChange,
		ScanMaxAge:    8 * 24 * time.Hour,
		QuotaShare:    0.5,
		QuotaReserve:  0.1,
	}
	for _, spec := range collector.Specs() {
		f.Collectors[spec.Name] = config.CollectorFlags{Enabled: !spec.OffByDefault}
	}
	return f
}

// withToken are the defaults and a token's file.
func withToken(t testing.TB) config.Flags {
	f := flags()
	f.TokenFile = write(t, t.TempDir(), "token", "ET0123456789\n")
	return f
}

// write makes a file and returns its path.
func write(t testing.TB, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadsDefaults(t *testing.T) {
	c, err := withToken(t).Load()
	if err != nil {
		t.Fatal(err)
	}
	intervals := map[string]time.Duration{}
	for _, enabled := range c.Collectors {
		intervals[enabled.Name] = enabled.Interval
	}
	on := slices.DeleteFunc(collector.Specs(), func(spec collector.Spec) bool { return spec.OffByDefault })
	if intervals["assets"] != 15*time.Minute || intervals["console"] != time.Hour || len(intervals) != len(on) {
		t.Errorf("intervals: %v", intervals)
	}
	if got := strings.Join(c.Settings.AssetLabels, " "); got != "site_name asset_type os alive" {
		t.Errorf("labels: %s", got)
	}
	if len(c.Accounts) != 1 || len(c.Accounts[0].Credentials) != 1 {
		t.Fatalf("accounts: %+v", c.Accounts)
	}
	account, credential := c.Accounts[0], c.Accounts[0].Credentials[0]
	if account.Name != "" || account.URL != runzero.DefaultURL || account.Share.Share != 0.5 || account.Share.Reserve != 0.1 ||
		credential.Name != "default" || credential.Runzero.Timeout != 10*time.Minute || credential.Runzero.Kind() != runzero.ExportToken {
		t.Errorf("%+v", account)
	}
	if !credential.Runzero.HTTP.ProxyFromEnvironment {
		t.Error("the environment's proxy is not used")
	}
}

func TestTagsOfTheFlag(t *testing.T) {
	for text, want := range map[string]string{"": "", " ": "", "env": "env", " env,Owner team ,ENV": "env|Owner team|ENV"} {
		f := withToken(t)
		f.AssetTags = text
		c, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.Settings.AssetTags, "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCollectorFlags(t *testing.T) {
	f := withToken(t)
	f.CacheInterval = time.Minute
	f.Collectors["console"] = config.CollectorFlags{Enabled: true, Interval: 5 * time.Hour}
	f.Collectors["tasks"] = config.CollectorFlags{Enabled: false}
	c, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, enabled := range c.Collectors {
		sources[enabled.Name] = enabled.Interval.String() + " " + enabled.IntervalSource
	}
	if sources["tasks"] != "" || sources["console"] != "5h0m0s --collector.console.interval" || sources["assets"] != "1m0s --cache.interval" {
		t.Error(sources)
	}
}

func TestRefusesInvalidFlags(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*config.Flags)
		want string
	}{
		{"token and OAuth2 client", func(f *config.Flags) { f.ClientID = "id" }, "--runzero.client-id"},
		{"no credential", func(f *config.Flags) { f.TokenFile = "" }, "--runzero.token-file"},
		{"missing token file", func(f *config.Flags) { f.TokenFile += ".old" }, "cannot be read"},
		{"download token", func(f *config.Flags) { f.TokenFile, f.Token = "", "DTsecret" }, "download token"},
		{"empty organization", func(f *config.Flags) { f.Organizations = []string{""} }, "--runzero.organization"},
		{"missing configuration file", func(f *config.Flags) { f.File = "/nowhere/config.yml" }, "--config.file"},
		{"timeout of zero", func(f *config.Flags) { f.Timeout = 0 }, "--runzero.timeout"},
		{"interval of zero", func(f *config.Flags) { f.CacheInterval = 0 }, "--cache.interval"},
		{"collector interval in the wrong unit", func(f *config.Flags) {
			f.Collectors["sites"] = config.CollectorFlags{Enabled: true, Interval: time.Millisecond}
		}, "--collector.sites.interval"},
		{"maximum age of a second", func(f *config.Flags) { f.CacheMaxAge = time.Second }, "--cache.max-age must be at least 2s"},
		{"interval of the maximum age", func(f *config.Flags) {
			f.Collectors["sites"] = config.CollectorFlags{Enabled: true, Interval: 72 * time.Hour}
		}, "--collector.sites.interval is 3d, but --cache.max-age is 3d by default: "},
		{"interval longer than a maximum age that was set", func(f *config.Flags) {
			f.CacheInterval, f.CacheMaxAge, f.Set = time.Hour, 30*time.Minute, map[string]bool{"cache.interval": true, "cache.max-age": true}
		}, "--cache.interval is 1h, but --cache.max-age is 30m: "},
		{"weight of zero", func(f *config.Flags) { f.Set = map[string]bool{"collector.sites.weight": true} }, "--collector.sites.weight must be more than 0"},
		{"negative weight", func(f *config.Flags) { f.Collectors["sites"] = config.CollectorFlags{Enabled: true, Weight: -1} }, "--collector.sites.weight"},
		{"unknown label", func(f *config.Flags) { f.AssetLabels = "site_name,hostname" }, `"hostname"`},
		{"tag without a name", func(f *config.Flags) { f.AssetTags = "env,,location" }, "--collector.assets.tags has an empty name: remove it"},
		{"tag that is listed twice", func(f *config.Flags) { f.AssetTags = "env, env" }, `--collector.assets.tags lists a name twice "env": remove one`},
		{"too many tags", func(f *config.Flags) { f.AssetTags = "a,b,c,d,e,f,g,h,i,j,k" }, "--collector.assets.tags lists 11 tags: at most 10 can be counted"},
		{"top of zero", func(f *config.Flags) { f.AssetTop = 0 }, "--collector.assets.top"},
		{"scan age of zero", func(f *config.Flags) { f.ScanMaxAge = 0 }, "--collector.tasks.scan-max-age"},
		{"share of zero", func(f *config.Flags) { f.QuotaShare = 0 }, "--quota.share"},
		{"share that is not a number", func(f *config.Flags) { f.QuotaShare = math.NaN() }, "--quota.share"},
		{"negative limit", func(f *config.Flags) { n := int64(-1); f.QuotaLimit = &n }, "--quota.limit"},
		{"reserve of everything", func(f *config.Flags) { f.QuotaReserve = 1 }, "--quota.reserve"},
		{"no collector that polls", func(f *config.Flags) {
			f.Collectors = map[string]config.CollectorFlags{"usage": {Enabled: true}}
		}, "--collector.NAME"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := withToken(t)
			c.set(&f)
			_, err := f.Load()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Tsecret") {
				t.Errorf("got %v, want an error with %s", err, c.want)
			}
		})
	}
}

// Nobody has to know the default intervals to shorten the maximum age.
func TestDefaultIntervalsAreAtMostHalfTheMaximumAge(t *testing.T) {
	f := withToken(t)
	f.CacheMaxAge = 20 * time.Minute
	f.Collectors["sites"] = config.CollectorFlags{Enabled: true, Interval: 19 * time.Minute}
	c, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, enabled := range c.Collectors {
		want := map[string]time.Duration{"usage": 0, "sites": 19 * time.Minute}
		if interval, listed := want[enabled.Name]; enabled.Interval != interval && (listed || enabled.Interval != 10*time.Minute) {
			t.Errorf("%s every %s", enabled.Name, enabled.Interval)
		}
	}
}

func TestTheLimitOfTheQuota(t *testing.T) {
	zero := int64(0)
	for name, c := range map[string]struct {
		flag *int64
		want runzero.Count
	}{"not set": {nil, runzero.Count{}}, "no limit": {&zero, runzero.Known(0)}} {
		f := withToken(t)
		f.QuotaLimit = c.flag
		if loaded, err := f.Load(); err != nil || loaded.Accounts[0].Share.Limit != c.want {
			t.Errorf("%s: %v, %v", name, loaded, err)
		}
	}
}

func TestWeights(t *testing.T) {
	f := withToken(t)
	f.Collectors["sites"] = config.CollectorFlags{Enabled: true, Weight: 0.5}
	c, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, enabled := range c.Collectors {
		if want, listed := map[string]float64{"usage": 0, "sites": 0.5, "tasks": 1, "console": 8, "license": 4}[enabled.Name]; listed && enabled.Weight != want {
			t.Errorf("%s has weight %v, want %v", enabled.Name, enabled.Weight, want)
		}
	}
}

func TestZeroValuesOfFlags(t *testing.T) {
	f := withToken(t)
	f.CacheMaxAge, f.AssetLabels = 0, ""
	if c, err := f.Load(); err != nil || c.MaxAge != 0 || len(c.Settings.AssetLabels) != 0 {
		t.Errorf("%v, %v: want results kept forever, and all assets counted together", c, err)
	}
}

// People try plan before they have a token.
func TestOfflineNeedsNoCredential(t *testing.T) {
	f := flags()
	f.Offline = true
	for _, file := range []string{"", "/nowhere/token"} {
		f.TokenFile = file
		if _, err := f.Load(); err != nil {
			t.Errorf("token file %q: %v", file, err)
		}
	}
}
