package plan

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// run returns what the command prints.
func run(t *testing.T, o Options) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Run(t.Context(), command.Env{Logger: log.NewNopLogger(), Stdout: &out}, o)
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 100 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	return out.String(), err
}

// expect reports an error unless a text contains all others, however it is wrapped.
func expect(t *testing.T, text string, wanted ...string) {
	t.Helper()
	squeezed := strings.Join(strings.Fields(text), " ")
	for _, want := range wanted {
		if !strings.Contains(squeezed, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func onChange(token string) config.Flags { return options(0, token, harness.OnChange).Flags }

// options are those of an account with this limit and token, changed by flags.
func options(limit int64, token string, flags ...func(*config.Flags)) Options {
	o := Options{Flags: harness.DefaultFlags(), Limit: limit}
	o.Flags.Token = token
	for _, change := range flags {
		change(&o.Flags)
	}
	return o
}

func share(s float64) func(*config.Flags) { return func(f *config.Flags) { f.QuotaShare = s } }

// collect enables a collector, at an interval or at its own if that is 0.
func collect(name string, interval time.Duration) func(*config.Flags) {
	return func(f *config.Flags) { f.Collectors[name] = config.CollectorFlags{Enabled: true, Interval: interval} }
}

func disable(name string) func(*config.Flags) {
	return func(f *config.Flags) { f.Collectors[name] = config.CollectorFlags{} }
}

const (
	exportToken       = "ET0123456789"
	organizationToken = "OT0123456789"
	accountToken      = "CT0123456789"
)

func TestPrintsTheForecastOfTheSmallestLicence(t *testing.T) {
	o := options(100, exportToken, harness.OnChange)
	o.ScansPerDay = 1
	out, err := run(t, o)
	if !errors.Is(err, errDoesNotFit) {
		t.Errorf("the error is %v", err)
	}
	const want = `COLLECTOR  ORGANIZATION      REASON    CALLS A POLL  INTERVAL WANTED  RESULTING  CALLS A DAY
discovery                    interval             1               1d         1d          1.0
console                      interval             1               1h      5h38m          4.3
sites      one organization  interval             1              15m      2h49m          8.5
tasks      one organization  interval             1              15m     42m11s         34.1
assets     one organization  change               1               1d         1d          1.0
assets     one organization  interval             1               6h     16h53m          1.1
total                                                                                   50.0

The intervals need 221 API calls a day. This exporter may spend 50: --quota.share=0.5 of the
account's 100. That does not fit, so the exporter lengthens intervals as shown, by a factor of up to
11.25.
Not polled without an organization token: organizations, explorers.
Not polled without an account credential: license, api_keys.

To make it fit, do one of the following:
  - poll less often: --collector.console.interval=4h34m --cache.interval=1h9m
    --collector.assets.max-interval=1d3h23m
  - poll less: disable collectors with --no-collector.NAME
  - license more assets: with --quota.share=0.5 the account needs a limit of 442 calls a day
`
	if out != want {
		t.Errorf("printed:\n%s\nwant:\n%s", out, want)
	}
}

func TestForecast(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		fits    bool
		want    []string
	}{
		{"a licence of 1,000", options(1000, ""), true, []string{"total 313.0", "may spend 500", "That fits."}},
		{"just enough", options(626, ""), true, []string{"That fits."}},
		{"one call short", options(625, ""), false, []string{"by a factor of up to 1.02", "other tool needs the calls: --quota.share=0.51", "total 312.0"}},
		{"a configured limit", options(0, "", func(f *config.Flags) { f.QuotaLimit = new(int64(1000)) }), true, []string{"may spend 500"}},
		{"a share that cuts into the reserve", options(320, "", share(1)), true, []string{
			"--quota.reserve=0.1 reserves 32 calls for others. The exporter gets at most 288",
		}},
		{"many organizations", Options{Flags: harness.DefaultFlags(), Limit: 100_000, Organizations: 300}, false, []string{
			"assets each of 300 interval 1 15m 19m27s 22217.7", "need 86425 API calls", "fewer organizations with --runzero.organization",
		}},
		{"organizations by name", options(1000, "", func(f *config.Flags) { f.Organizations = []string{"North", "South"} }), false, []string{
			"assets North interval 1", "assets South interval 1", "total 500.0",
		}},
		{"without some collectors", options(500, "", disable("assets"), disable("tasks")), true, []string{"total 121.0"}},
		{"an interval of its own", options(500, "", collect("assets", 6*time.Hour)), true, []string{"assets one organization interval 1 6h 6h 4.0", "total 221.0"}},
		{"what is rare is not slowed before its turn", options(250, accountToken), false, []string{
			"license interval 1 6h 6h 4.0", "assets one organization interval 1 15m 37m30s",
		}},
		{"a weight of its own", options(100, "", func(f *config.Flags) {
			f.Collectors["assets"] = config.CollectorFlags{Enabled: true, Weight: 10}
		}), false, []string{"assets one organization interval 1 15m 7h13m", "tasks one organization interval 1 15m 43m21s"}},
		{"an organization token", options(1000, organizationToken), true, []string{"total 433.0", "Not polled without an account credential: license, api_keys."}},
		{"an account token", options(1000, accountToken), true, []string{"sites all at once", "total 461.0"}},
		{"assets on change, after a scan a day", Options{Flags: onChange(accountToken), Limit: 10_000, Organizations: 300, ScansPerDay: 1}, true, []string{
			"tasks all at once interval 1 15m 15m 96.0", "tasks each of 300 interval 1 1d 1d 300.0",
			"assets each of 300 change 1 1d 1d 300.0", "assets each of 300 interval 1 6h 6h 900.0", "total 1864.0",
		}},
		{"assets on change, on the smallest licence", Options{Flags: onChange(exportToken), Limit: 100, ScansPerDay: 1}, false, []string{
			"tasks one organization interval 1 15m 42m11s", "assets one organization change 1 1d 1d 1.0", "--collector.assets.max-interval=",
		}},
		{"assets on change, after more scans than polls can be", Options{Flags: onChange(exportToken), Limit: 10_000, ScansPerDay: 1000}, true, []string{
			"assets one organization change 1 15m 15m 96.0", "assets one organization interval 1 6h 6h 0.0",
		}},
		{"assets on change, without scans", Options{Flags: onChange(exportToken), Limit: 10_000}, true, []string{
			"assets one organization interval 1 6h 6h 4.0",
		}},
		{"assets on change, almost without scans", Options{Flags: onChange(exportToken), Limit: 10_000, ScansPerDay: 1e-300}, true, []string{
			"assets one organization interval 1 6h 6h 4.0",
		}},
		{"hosted zones", options(1000, organizationToken, collect("hosted_zones", 0)), false, []string{"hosted_zones"}},
		{"a collector of two calls", options(1000, "", collect("directory", 6*time.Hour)), true, []string{"directory one organization interval 2 6h 6h 8.0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := run(t, c.options)
			if fits := err == nil; fits != c.fits || !fits && !errors.Is(err, errDoesNotFit) {
				t.Errorf("the error is %v", err)
			}
			expect(t, out, c.want...)
		})
	}
}

func TestForecastsEachAccountOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yml")
	text := "accounts:\n" + harness.Account("north", harness.North, accountToken) + "    quota: {share: 0.1}\n" +
		harness.Account("south", harness.South, exportToken) +
		"collectors: {assets: {interval: 5m}}\nqueries: [{name: servers, of: assets, search: type:server, interval: 6h}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := run(t, options(1200, "", func(f *config.Flags) { f.File = file }))
	if !errors.Is(err, errDoesNotFit) {
		t.Errorf("the error is %v", err)
	}
	expect(t, out, "Account north", "Account south", "queries/servers", "sites all at once", "quota.share=0.1 of the account's 1200.",
		"--cache.interval=", "config.yml:10: interval: ", "This exporter may spend 120:", "This exporter may spend 600:", "That fits.")
	if strings.Contains(out, "--quota.share=0.1") {
		t.Errorf("a setting of the file is shown as a flag:\n%s", out)
	}
}

func TestMistakesAreSentences(t *testing.T) {
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"no limit":                 {options(0, ""), "the limit of the account is unknown: pass the number of its licensed assets with --limit"},
		"the folder of no run":     {options(0, "", func(f *config.Flags) { f.CacheDir = t.TempDir() }), "the limit of the account is unknown"},
		"a folder that is absent":  {options(0, "", func(f *config.Flags) { f.CacheDir = filepath.Join(t.TempDir(), "none") }), "--cache.dir"},
		"a negative limit":         {options(-1, ""), "--limit must not be negative"},
		"negative scans":           {Options{Flags: harness.DefaultFlags(), Limit: 100, ScansPerDay: -1}, "--scans-per-day must be from 0 to"},
		"scans that are no number": {Options{Flags: harness.DefaultFlags(), Limit: 100, ScansPerDay: math.NaN()}, "--scans-per-day must be from 0 to"},
		"negative organizations":   {Options{Flags: harness.DefaultFlags(), Limit: 100, Organizations: -1}, "--organizations must not be negative"},
		"a share below one call":   {options(100, "", share(0.001)), "--quota.share=0.001 of 100 API calls a day is less than one call"},
		"a share of nothing":       {options(100, "", share(0)), "--quota.share"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := run(t, c.options)
			if out != "" || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("printed %q, error %v; want %s", out, err, c.want)
			}
		})
	}
}
