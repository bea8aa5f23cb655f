package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const example = "../../examples/runzero_exporter.yml"

// Secrets in the files that the example names.
const (
	exampleToken  = "ETplanted00000000000000000000000001"
	exampleSecret = "planted-secret-of-the-client-000002"
)

// exampleIn copies the example to a folder with the files that it names, and returns the
// flags to load it, and its text.
func exampleIn(t testing.TB) (f config.Flags, text string) {
	t.Helper()
	content, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write(t, folder, "exports.token", exampleToken+"\n")
	write(t, folder, "account.secret", exampleSecret+"\n")
	f = flags()
	f.File = write(t, folder, "runzero_exporter.yml", string(content))
	return f, string(content)
}

// rewrite replaces the text of the configuration file.
func rewrite(t testing.TB, f config.Flags, text string) {
	t.Helper()
	write(t, filepath.Dir(f.File), filepath.Base(f.File), text)
}

func TestExample(t *testing.T) {
	f, _ := exampleIn(t)
	c, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Accounts) != 1 || len(c.Accounts[0].Credentials) != 2 {
		t.Fatalf("%+v", c.Accounts)
	}
	a := c.Accounts[0]
	if a.Name != "example" || len(a.Selection.Include) != 2 || len(a.Selection.Exclude) != 1 {
		t.Errorf("%+v", a)
	}
	if exports := a.Credentials[0]; exports.Name != "exports" || exports.Runzero.Kind() != runzero.ExportToken || exports.Expires.Year() != 2027 {
		t.Errorf("%+v", exports)
	}
	if client := a.Credentials[1]; client.Name != "account" || client.Runzero.Kind() != runzero.AccountCredential {
		t.Errorf("%+v", client)
	}
	last := c.Collectors[len(c.Collectors)-1]
	if last.Name != "discovery/linux" || last.MaxInterval != 6*time.Hour || len(c.Settings.ScanMaxAges) != 1 {
		t.Errorf("%+v, %+v", last, c.Settings)
	}
}

// String leaves out nothing but secrets: loaded again, it is the same configuration.
func TestStringCanBeLoaded(t *testing.T) {
	f, text := exampleIn(t)
	for _, change := range []struct{ from, to string }{
		{"", ""},
		{"usage: {enabled: true}", "usage: {enabled: false}"},
		{"        proxy_from_environment: true", "        proxy_url: http://proxy:3128"},
		{"allow_http: false", "allow_http: true"},
		{"      exclude:\n        - Example Laboratory\n", ""},
		{"labels: {customer: Example Inc., team: emea}", `labels: {customer: "'1': #", _X9: "2"}`},
		{"labels: [site_name, asset_type, os, alive]", "labels: []"},
		{"search: os_eol:<now and type:server", `search: "# 'a': \"b\" \u00e9 *x\n"`},
		{"    interval: 6h # default --cache.interval", ""},
		{"scan_max_age: 8d", "scan_max_age: 1d12h"},
		{"    port: 9100", ""},
		{"refresh: changes\n    interval: 1h # default --cache.interval\n    max_interval: 6h # with changes", "refresh: interval #"},
	} {
		if !strings.Contains(text, change.from) {
			t.Fatalf("%q is not in the example", change.from)
		}
		rewrite(t, f, strings.Replace(text, change.from, change.to, 1))
		first, err := f.Load()
		if err != nil {
			t.Fatalf("%s: %v", change.to, err)
		}
		rewrite(t, f, first.String())
		second, err := f.Load()
		if err != nil {
			t.Fatalf("%s: %v in\n%s", change.to, err, first)
		}
		if !reflect.DeepEqual(plain(first), plain(second)) {
			t.Errorf("%s: %+v became %+v by\n%s", change.to, first, second, first)
		}
	}
}

// plain leaves out functions, which cannot be compared, and line numbers.
func plain(c *config.Config) *config.Config {
	for i := range c.Collectors {
		c.Collectors[i].Collect, c.Collectors[i].AccountWide, c.Collectors[i].Changes, c.Collectors[i].FromDiscovery = nil, nil, nil, nil
		c.Collectors[i].IntervalSource, c.Collectors[i].MaxIntervalSource = "", ""
	}
	return c
}

func TestStringHidesSecrets(t *testing.T) {
	c, err := load(t, `
accounts:
- name: a
  credentials:
  - authorization: {credentials: ETplanted1}
    proxy_connect_header: {X-Token: [planted2]}
    proxy_url: http://user:planted3@proxy:3128
  - oauth2: {client_id: id, client_secret: planted4}
    http_headers: {X-Token: {secrets: [planted5]}}
  - name: c
    oauth2: {client_id: id, client_secret: planted6, endpoint_params: {audience: planted7}}
    proxy_url: http://planted8@proxy:3128
`, func(f *config.Flags) { f.CacheDir = "/var/lib/runzero" })
	if err != nil {
		t.Fatal(err)
	}
	shown := c.String()
	if strings.Contains(shown, "planted") {
		t.Error(shown)
	}
	for _, want := range []string{"credentials: <secret>", "user:xxxxx@", "//xxxxx@", "- <secret>", "client_secret: <secret>", "audience: <secret>", "# --cache.max-age=3d\n", "# --cache.dir=\"/var/lib/runzero\"\n"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	byFlags, err := load(t, "", func(f *config.Flags) { f.Token = "ETplanted1" })
	if err != nil {
		t.Fatal(err)
	}
	if shown := byFlags.String(); strings.Contains(shown, "planted") || !strings.Contains(shown, "credentials: <secret>") {
		t.Error(shown)
	}
}
