//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Two accounts with different credentials are served side by side. The file is reloaded by
// a signal and, where that is enabled, over the web.
func TestConfigurationFileAndReload(t *testing.T) {
	t.Parallel()
	north, northURL, _ := serveConsole(t)
	south, southURL, _ := serveConsole(t)
	requests := func() int { return north.Count() + south.Count() }
	folder := t.TempDir()
	path := filepath.Join(folder, "config.yml")
	good := fmt.Sprintf(`accounts:
  - name: north
    url: %s
    credentials: [{authorization: {credentials_file: north.token}, expires: 2030-01-02}]
  - name: south
    url: %s
    credentials: [{authorization: {credentials_file: south.token}}]
`, northURL, southURL)
	overwrite(t, path, good)
	overwrite(t, filepath.Join(folder, "north.token"), north.AccountToken()+"\n")
	overwrite(t, filepath.Join(folder, "south.token"), south.ExportToken(0)+"\n")
	p, base := startReady(t, nil, "--config.file="+path, "--web.enable-lifecycle")

	f := scrape(t, base)
	for name, want := range map[string]string{
		"runzero_assets": "north south", "runzero_up": "north south", "runzero_license_info": "north", "runzero_explorers": "north",
		"runzero_collector_success": "north south", "runzero_exporter_spent_calls": "north south", "runzero_api_credential_expiration_timestamp_seconds": "north",
	} {
		for _, account := range []string{"north", "south"} {
			if got := f.count(name, "account_name", account) > 0; got != strings.Contains(want, account) {
				t.Errorf("%s of %s is exposed: %t", name, account, got)
			}
		}
	}
	for page, parts := range map[string][]string{"/": {"north", "south"}, "/config": {"name: south", "south.token"}} {
		text := string(get(t, base+page).body)
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q: %s", page, part, tail(text))
			}
		}
	}

	before := requests()
	reload := func(code int) {
		t.Helper()
		r, err := send(client, http.MethodPost, base+"/-/reload")
		if err != nil || r.code != code {
			t.Errorf("POST /-/reload: %d, %v: %s", r.code, err, r.body)
		}
	}
	overwrite(t, path, good+"no_such_key: 1\n")
	p.signal(syscall.SIGHUP)
	p.waitForLine(&p.stderr, `level=error (.*config\.yml:8: .*)`)
	reload(http.StatusInternalServerError)
	if ok := scrape(t, base).values("runzero_exporter_config_last_reload_successful"); ok["[]"] != 0 {
		t.Errorf("the last reload is reported as %v", ok)
	}
	if n := requests() - before; n != 0 {
		t.Errorf("reloads of bad files made %d requests", n)
	}

	overwrite(t, path, good+"queries: [{name: servers, of: assets, search: 'type:server'}]\n")
	reload(http.StatusOK)
	p.waitForMetrics(base, func(f families) error {
		const name = "runzero_query_results"
		if n, s := f.count(name, "account_name", "north"), f.count(name, "account_name", "south"); n != 3 || s != 1 {
			return fmt.Errorf("query results of %d and %d organizations", n, s)
		}
		return nil
	})
	if n := requests() - before; n != 4 {
		t.Errorf("a new query made %d requests, want one for each organization", n)
	}
	reloads := strings.Count(p.stderr.String(), "configuration reloaded")
	p.signal(syscall.SIGHUP)
	eventually(t, func() error {
		if strings.Count(p.stderr.String(), "configuration reloaded") == reloads {
			return fmt.Errorf("SIGHUP has not reloaded %s", path)
		}
		return nil
	})
	p.stop(os.Interrupt)
}
