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

	dto "github.com/prometheus/client_model/go"
)

// fileOf is a configuration file of two accounts, in a folder with their tokens.
func fileOf(t *testing.T, north, south string, tokens [2]string, more string) (path string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"north.token": tokens[0] + "\n", "south.token": tokens[1] + "\n",
		"config.yml": fmt.Sprintf(`accounts:
  - name: north
    url: %s
    credentials: [{authorization: {credentials_file: north.token}, expires: 2030-01-02}]
  - name: south
    url: %s
    credentials: [{authorization: {credentials_file: south.token}}]
%s`, north, south, more),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "config.yml")
}

// accountsOf are the accounts of a family's series, and how many each has.
func accountsOf(family *dto.MetricFamily) map[string]int {
	accounts := map[string]int{}
	for _, m := range family.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "account_name" {
				accounts[l.GetValue()]++
			}
		}
	}
	return accounts
}

// A file's accounts are served side by side; it is reloaded by a signal and, where
// that is allowed, over the web.
func TestAFileAndItsReload(t *testing.T) {
	north, northAddress, _ := serveConsole(t)
	south, southAddress, _ := serveConsole(t)
	tokens := [2]string{north.AccountToken(), south.ExportToken(0)}
	const query = "queries: [{name: servers, of: assets, search: 'type:server'}]\n"
	path := fileOf(t, northAddress, southAddress, tokens, "")
	p, base := startReady(t, nil, "--config.file="+path, "--web.enable-lifecycle")

	families := parse(t, get(t, base+"/metrics").body)
	for name, want := range map[string]string{
		"runzero_assets": "north south", "runzero_up": "north south", "runzero_license_info": "north", "runzero_explorers": "north",
		"runzero_collector_success": "north south", "runzero_exporter_spent_calls": "north south", "runzero_api_credential_expiration_timestamp_seconds": "north",
	} {
		accounts := accountsOf(families[name])
		for _, account := range []string{"north", "south"} {
			if (accounts[account] > 0) != strings.Contains(want, account) {
				t.Errorf("%s of %v, want those of %s", name, accounts, want)
			}
		}
	}
	if page := string(get(t, base+"/").body); !strings.Contains(page, "<th>Account</th>") || !strings.Contains(page, "<td>south</td>") {
		t.Errorf("the page does not tell of accounts: %s", tail(page))
	}
	shown := string(get(t, base+"/config").body)
	if !strings.Contains(shown, "name: south") || !strings.Contains(shown, "south.token") {
		t.Errorf("/config shows %s", shown)
	}

	// A bad file changes nothing and says so; a good one is taken.
	spent := north.Count() + south.Count()
	rewrite := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rewrite(string(good) + "no_such_key: 1\n")
	p.signal(syscall.SIGHUP)
	p.find(&p.stderr, `level=error msg="the configuration is not reloaded; (.*config\.yml:8: .*)"`)
	if answer, err := ask(http.DefaultClient, http.MethodPost, base+"/-/reload"); err != nil || answer.code != http.StatusInternalServerError {
		t.Errorf("/-/reload of a bad file: %v, %v", answer.code, err)
	}
	if families := parse(t, get(t, base+"/metrics").body); families["runzero_exporter_config_last_reload_successful"].GetMetric()[0].GetGauge().GetValue() != 0 {
		t.Error("the metrics do not tell of a bad file")
	}
	if n := north.Count() + south.Count() - spent; n != 0 {
		t.Errorf("bad files cost %d calls", n)
	}
	rewrite(string(good) + query)
	if answer, err := ask(http.DefaultClient, http.MethodPost, base+"/-/reload"); err != nil || answer.code != http.StatusOK {
		t.Errorf("/-/reload: %v, %v: %s", answer.code, err, answer.body)
	}
	eventually(t, func() error {
		accounts := accountsOf(parse(t, get(t, base+"/metrics").body)["runzero_query_results"])
		if accounts["north"] != 3 || accounts["south"] != 1 {
			return fmt.Errorf("query results of %v", accounts)
		}
		return nil
	})
	if n := north.Count() + south.Count() - spent; n != 4 {
		t.Errorf("a new query cost %d calls, want one an organization", n)
	}
	ends(t, p, stopSignal)
}

func TestReloadingOverTheWebIsOffByDefault(t *testing.T) {
	_, address, env := serveConsole(t)
	p, base := startReady(t, env, "--runzero.url="+address)
	if answer, err := ask(http.DefaultClient, http.MethodPost, base+"/-/reload"); err != nil || answer.code != http.StatusForbidden {
		t.Errorf("/-/reload: %v, %v", answer.code, err)
	}
	p.signal(syscall.SIGHUP) // which would end a program that does not heed it
	p.find(&p.stderr, `msg="(the configuration is reloaded)"`)
	ends(t, p, stopSignal)
}
