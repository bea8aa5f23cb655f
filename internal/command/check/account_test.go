//go:build port

package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestCheckOfTheQuota(t *testing.T) {
	for _, c := range []struct {
		what         string
		limit, spent int
		s            severity
		says         string
	}{
		{"plenty", 5000, 0, fine, "5000 API calls a day, 4 made today, 4996 left; this exporter may spend 2500 a day (share 0.5) and leaves the last 500 to others (reserve 0.1)"},
		{"within the reserve", 100, 93, warning, "the check goes on all the same, for at most 5 calls more"},
		{"the last call", 100, 98, wrong, "100 left"},
		{"none left", 100, 100, wrong, "0 left"},
		{"no limit", -1, 0, fine, "tells no limit"},
	} {
		t.Run(c.what, func(t *testing.T) {
			console := simulator.New(simulator.Options{Limit: c.limit, Assets: 40})
			console.Spend(c.spent)
			got := checkConsole(t, console, nil, console.ExportToken(0))
			if c.what == "the last call" {
				// What cannot be asked any more says nothing of the credential.
				got.want(t, warning, "collector tasks", "the account has no API call left today")
				got.want(t, wrong, "quota", "0 left")
				return
			}
			got.want(t, c.s, "quota", c.says)
			if c.what == "none left" {
				got.want(t, wrong, "organizations", "used up")
			}
			// Whose share is spent can check all the same.
			if c.what == "within the reserve" {
				got.want(t, fine, "collector assets", "yes")
				got.want(t, warning, "quota", "down to the reserve")
			}
		})
	}
}

func TestCheckOfThePlan(t *testing.T) {
	for limit, want := range map[int]severity{100_000: fine, 100: warning, 1: wrong} {
		console := simulator.New(simulator.Options{Limit: limit, Assets: 40})
		got := checkConsole(t, console, nil, console.AccountToken())
		if limit == 1 {
			got.want(t, want, "quota", "0 left")
			got.want(t, want, "plan", "raise --quota.share")
			continue
		}
		got.want(t, want, "plan", "API calls a day, of "+fmt.Sprint(limit/2))
	}
}

func TestCheckThatTheConsoleThinksAreTooMany(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40, Burst: 3})
	got := checkConsole(t, console, nil, console.ExportToken(0))
	got.want(t, wrong, "collector tasks", "429")
	got.want(t, warning, "collector assets", "not asked: the console has had too many requests")
	if console.Count() != 4 {
		t.Errorf("%d requests, want none after the console refused one", console.Count())
	}
}

func TestCheckOfOrganizations(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40, Organizations: 14})
	all := console.Organizations()
	account := func(organizations string) checked {
		file := write(t, fmt.Sprintf("accounts:\n- name: a\n  url: %s\n  credentials: [{authorization: {credentials_file: %s}}]\n  organizations: %s\n",
			listen(t, console), write(t, console.AccountToken()), organizations))
		return checkConsoles(t, []*simulator.Console{console}, "--config.file", file)
	}

	got := account("{}")
	got.want(t, fine, "a organizations", "14 polled: ")
	got.want(t, fine, "a organizations", ", and 4 more")
	got.want(t, fine, "a organizations", `2 left out: "runZero Demo" (demo), "Former Subsidiary" (inactive)`)

	got = account(fmt.Sprintf(`{include: [runZero Demo, %s], exclude: [Nobody]}`, strings.ToUpper(all[1].ID)))
	got.want(t, fine, "a organizations", `2 polled: "Brightwater Clinics", "runZero Demo"`)
	got.want(t, fine, "a organizations", "(not included)")
	got.want(t, warning, "a organizations", `"Nobody" is excluded`)
	got.want(t, fine, "a/default collector assets", "Brightwater Clinics")
	if got.code != 0 {
		t.Errorf("exit code %d", got.code)
	}

	got = account(`{include: ["Halvorsen Logistic"], exclude: [Halvorsen Logistics]}`)
	got.want(t, wrong, "a organizations", `"Halvorsen Logistic": nothing is polled`)
	got.want(t, wrong, "a organizations", "none is polled")
	got.want(t, fine, "a organizations", `"Halvorsen Logistics" (excluded)`)
}

func TestCheckOfSeveralAccounts(t *testing.T) {
	const findings = "/export/org/findings.jsonl"
	one, other := simulator.New(simulator.Options{Assets: 40, Missing: []string{findings}}),
		simulator.New(simulator.Options{Seed: 7, Assets: 40, Tier: simulator.Professional, Limit: 50, Missing: []string{findings}})
	file := write(t, fmt.Sprintf(`accounts:
- name: one
  url: %s
  credentials:
  - {name: exports, expires: %s, authorization: {credentials: %s}}
  - {name: revoked, expires: %s, authorization: {credentials: CT0123456789ABCDEF0123456789ABCDEF}}
  - {name: all, expires: 2199-01-01, authorization: {credentials: %s}}
- name: other
  url: %s
  quota: {share: 0.2}
  credentials: [{authorization: {credentials: %s}}]
queries:
- {name: good, of: assets, search: "alive:t and type:server"}
- {name: bad, of: assets, search: "alive:t and"}
- {name: missing, of: findings}
`,
		listen(t, one), time.Now().Add(10*24*time.Hour).UTC().Format(time.RFC3339), one.ExportToken(0), time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), one.AccountToken(),
		listen(t, other), other.OrganizationToken(0)))
	got := checkConsoles(t, []*simulator.Console{one, other}, "--config.file", file)
	got.want(t, fine, "configuration", "2 accounts, 4 credentials, 11 collectors")
	got.want(t, warning, "one/exports credential", "export token; it expires on")
	got.want(t, wrong, "one/revoked credential", "it expired on")
	got.want(t, wrong, "one/revoked organizations", "the console refuses the token")
	got.want(t, fine, "one/all credential", "it expires on 2199-01-01")
	got.want(t, fine, "one/exports collector license", "no: it needs an account credential") // the other has it
	got.want(t, fine, "one/all collector license", "yes")
	got.want(t, warning, "other/default collector license", "no: it needs an account credential")
	for _, credential := range []string{"one/exports", "one/all", "other/default"} {
		got.want(t, fine, credential+" collector queries/good", "yes")
		got.want(t, wrong, credential+" collector queries/bad", "correct the search of this query")
		got.want(t, wrong, credential+" collector queries/missing", "404")
	}
	got.want(t, warning, "other plan", "of 10 that this exporter may spend")
}

func TestCheckSearchesOfAssets(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	got := checkConsole(t, console, nil, console.ExportToken(0), "--collector.assets.search=alive:perhaps")
	got.want(t, wrong, "collector assets", "--collector.assets.search")
}

func TestCheckOfWhatTheLicenceLacks(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	for path, status := range map[string]int{"/account/license": 403, "/org/hosted-zones": 403, "/account/sites": 404, "/export/org/tasks.jsonl": 404} {
		console.Inject(simulator.Fault{Path: path, Status: status})
	}
	got := checkConsole(t, console, nil, console.AccountToken(), "--collector.hosted_zones")
	got.want(t, warning, "collector license", "refused")
	got.want(t, wrong, "collector hosted_zones", "without it, --no-collector.hosted_zones") // it was switched on
	got.want(t, fine, "collector sites", "yes, tried with organization")
	got.want(t, fine, "collector tasks", "yes") // by the list

	got = checkConsole(t, console, nil, console.ExportToken(0))
	got.want(t, wrong, "collector tasks", "this console has no tasks export")

	page := "<html>Log in"
	console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &page, ContentType: "text/html"})
	got = checkConsole(t, console, nil, console.ExportToken(0))
	got.want(t, wrong, "collector sites", "web page")
}

func TestCheckOfHowMetricsAreServed(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	good := write(t, "basic_auth_users: {}\n")
	checkConsole(t, console, nil, console.ExportToken(0), "--web.config.file", good).want(t, fine, "web", "is valid")
	bad := write(t, "tls_server_config: {cert_file: none}\n")
	checkConsole(t, console, nil, console.ExportToken(0), "--web.config.file", bad).want(t, wrong, "web", "--web.config.file cannot be used")
}

func TestCheckShowsTheConfigurationWithoutSecrets(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	file := write(t, fmt.Sprintf("accounts:\n- {name: a, url: %q, credentials: [{authorization: {credentials: %s}, proxy_url: 'http://user:PLANTED@127.0.0.1:1', no_proxy: 127.0.0.1}]}\n",
		listen(t, console), console.AccountToken()))
	code, out, log := command(t, t.Context(), "check", "--config.file", file, "--show-config")
	if code != 1 && code != 0 || !strings.Contains(out, "credentials: <secret>") || strings.Contains(out+log, console.AccountToken()) || strings.Contains(out+log, "PLANTED") {
		t.Errorf("exit code %d:\n%s%s", code, out, log)
	}
}
