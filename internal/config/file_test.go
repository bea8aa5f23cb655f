package config_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// load loads config.yml from a folder that also has files of credentials.
func load(t testing.TB, text string, set ...func(*config.Flags)) (*config.Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "", "et", "ETsecret0\n")
	write(t, "", "dt", "DTsecret0\n")
	write(t, "", "empty", "\n")
	write(t, "", "client", "secret-of-client\n")
	f := flags()
	f.File = write(t, "", "config.yml", text)
	for _, set := range set {
		set(&f)
	}
	return f.Load()
}

// account is the shortest possible. It takes three lines.
const account = "accounts:\n- name: a\n  credentials: [{authorization: {credentials_file: et}}]\n"

func TestFlagsApplyWhereTheFileSetsNothing(t *testing.T) {
	c, err := load(t, "collectors: {assets: {labels: []}, sites: {enabled: false}, tasks: {interval: 2h}}", func(f *config.Flags) {
		f.Token = "ET1"
		f.CacheInterval = time.Hour
		f.Organizations = []string{"North"}
		f.Set["cache.interval"] = true
	})
	if err != nil {
		t.Fatal(err)
	}
	var polled []string
	for _, each := range c.Collectors {
		polled = append(polled, each.Name+" "+each.Interval.String())
	}
	if got := strings.Join(polled, ", "); !strings.Contains(got, "tasks 2h0m0s, assets 1h0m0s") || strings.Contains(got, "sites") {
		t.Error(got)
	}
	if a := c.Accounts[0]; a.Name != "" || !slices.Equal(a.Selection.Include, []string{"North"}) || len(c.Settings.AssetLabels) != 0 || c.Settings.AssetTop != 100 {
		t.Errorf("%+v, %+v", a, c.Settings)
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "{}\n", "collectors:\n", "collectors:\n  assets:\n", "collectors: {assets: {top: }}"} {
		if _, err := load(t, text, func(f *config.Flags) { f.Token = "ET1" }); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	c, err := load(t, `
accounts:
- name: a
  timeout: 30s
  credentials:
  - authorization: {credentials_file: et}
  - name: client
    expires: 2027-03-31T12:00:00+02:00
    oauth2: {client_id: id, client_secret_file: client, token_url: "https://CONSOLE.runzero.com:443/x"}
    proxy_url: http://proxy:3128
  - authorization: {credentials: ETinline}
    expires: 2027-03-31
    proxy_from_environment: false
`)
	if err != nil {
		t.Fatal(err)
	}
	all := c.Accounts[0].Credentials
	if all[0].Name != "1" || all[1].Name != "client" || all[2].Name != "3" {
		t.Errorf("%q, %q, %q", all[0].Name, all[1].Name, all[2].Name)
	}
	if !all[1].Expires.Equal(time.Date(2027, 3, 31, 10, 0, 0, 0, time.UTC)) || !all[2].Expires.Equal(time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", all[1].Expires, all[2].Expires)
	}
	for i, fromEnvironment := range []bool{true, false, false} {
		if got := all[i].Runzero; got.HTTP.ProxyFromEnvironment != fromEnvironment || got.Timeout != 30*time.Second || got.URL != runzero.DefaultURL {
			t.Errorf("%d: %+v", i, got)
		}
	}
	if all[1].Runzero.Kind() != runzero.AccountCredential {
		t.Errorf("the OAuth2 client is %v", all[1].Runzero.Kind())
	}
}

func TestCollectorSettingsAndQueries(t *testing.T) {
	c, err := load(t, account+`
collectors:
  assets: {labels: [os, site_name], top: 7, search: "alive:t", tags: [env, "Cost centre, new"]}
  tasks:
    scan_max_age: 3d
    scan_max_age_by_site:
    - {organization: 2024, site: Warehouse, max_age: 35d}
    - {site: Lab, max_age: 1d}
queries:
- {name: all, of: services}
- {name: dead, of: assets, search: "alive:f", interval: 6h}
`)
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	want := collector.Settings{
		AssetLabels: []string{"os", "site_name"}, AssetTop: 7, AssetSearch: "alive:t", AssetTags: []string{"env", "Cost centre, new"}, ScanMaxAge: 3 * day,
		ScanMaxAges: []collector.ScanMaxAge{{Organization: "2024", Site: "Warehouse", MaxAge: 35 * day}, {Site: "Lab", MaxAge: day}},
	}
	if !reflect.DeepEqual(c.Settings, want) {
		t.Errorf("%+v, want %+v", c.Settings, want)
	}
	last := c.Collectors[len(c.Collectors)-2:]
	if last[0].Name != "queries/all" || last[0].Interval != 15*time.Minute || last[1].Name != "queries/dead" || last[1].Interval != 6*time.Hour ||
		last[0].Scope != collector.PerOrganization {
		t.Errorf("%+v", last)
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	c, err := load(t, `
accounts:
- &first
  name: a
  timeout: 1m
  credentials: &tokens
  - {authorization: {credentials_file: et}}
- {<<: *first, name: b}
- {<<: [{name: c, timeout: 2m}, *first]}
- {name: d, credentials: *tokens}
`)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name    string
		timeout time.Duration
	}{{"a", time.Minute}, {"b", time.Minute}, {"c", 2 * time.Minute}, {"d", 10 * time.Minute}} {
		if a := c.Accounts[i]; a.Name != want.name || a.Credentials[0].Runzero.Timeout != want.timeout {
			t.Errorf("%+v, want %+v", a, want)
		}
	}
}

func TestRefusesSettingsOfBothFileAndFlag(t *testing.T) {
	for flag, text := range map[string]string{
		"collector.tasks": "tasks:\n    enabled: true", "collector.tasks.interval": "tasks:\n    interval: 1h",
		"collector.tasks.scan-max-age": "tasks:\n    scan_max_age: 1d", "collector.assets.labels": "assets:\n    labels: [os]",
		"collector.assets.top": "assets:\n    top: 5", "collector.assets.search": "assets:\n    search: alive:t",
		"collector.assets.tags": "assets:\n    tags: [env]",
	} {
		set := func(f *config.Flags) { f.Token, f.Set[flag] = "ET1", true }
		want := "config.yml:3: --" + flag + " (or its environment variable) sets this too: remove one"
		if _, err := load(t, "collectors:\n  "+text, set); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := load(t, "", set); err != nil {
			t.Errorf("--%s alone: %v", flag, err)
		}
	}
}

func TestRefusesAccountsOfBothFileAndFlags(t *testing.T) {
	wants := map[string]func(*config.Flags){
		"accounts and RUNZERO_TOKEN are both set: remove one":                              func(f *config.Flags) { f.Token = "ETsecret" },
		"accounts cannot be used with --demo, which polls a simulated console: remove one": func(f *config.Flags) { f.Demo, f.Token = true, "CTdemo" },
	}
	for _, flag := range []string{"url", "token-file", "client-id", "client-secret-file", "organization", "ca-file", "allow-http"} {
		wants["accounts and --runzero."+flag+" (or its environment variable) are both set: remove one"] = func(f *config.Flags) { f.Set["runzero."+flag] = true }
	}
	for want, set := range wants {
		if _, err := load(t, account, set); err == nil || err.Error() != "config.yml:2: "+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestAccountsOverrideDefaultsOfFlags(t *testing.T) {
	c, err := load(t, strings.Replace(account, "name: a", "name: a\n  quota: {share: 0.2, limit: 700}\n  timeout: 1m", 1), func(f *config.Flags) {
		f.Set["quota.share"], f.Set["quota.reserve"], f.Set["runzero.timeout"] = true, true, true
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Accounts[0]; a.Share.Share != 0.2 || a.Share.Reserve != 0.1 || a.Share.Limit != runzero.Known(700) || a.Credentials[0].Runzero.Timeout != time.Minute {
		t.Errorf("%+v", a)
	}
}
