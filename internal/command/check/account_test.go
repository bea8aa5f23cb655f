package check

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestReportsProblemsOfAnAccount(t *testing.T) {
	status := func(statuses map[string]int) func(*simulator.Console) {
		return func(c *simulator.Console) {
			for path, status := range statuses {
				c.Inject(simulator.Fault{Path: path, Status: status})
			}
		}
	}
	spent := func(calls int) func(*simulator.Console) {
		return func(c *simulator.Console) { c.Spend(calls) }
	}
	enable := func(name string) func(*Options) {
		return func(o *Options) { o.Flags.Collectors[name] = config.CollectorFlags{Enabled: true} }
	}
	for _, c := range []struct {
		name        string
		console     simulator.Options
		prepare     func(*simulator.Console)
		accountWide bool // with an account token; otherwise an export token
		options     func(*Options)
		want        []string
	}{
		{"within the reserve", simulator.Options{Limit: 100}, spent(93), false, nil, []string{
			"warning quota: the check goes on with at most 5 calls more", "warning quota: polling pauses until the quota resets", "ok collector assets: yes",
		}},
		// A request that cannot be sent proves nothing about the credential.
		{"one call left", simulator.Options{Limit: 100}, spent(98), false, nil, []string{
			"warning collector tasks: request not sent: the account has no API calls left today", "error quota: 0 left",
		}},
		{"no calls left", simulator.Options{Limit: 100}, spent(100), false, nil, []string{"error organizations: used up", "error quota: find out what uses them"}},
		{"no limit reported", simulator.Options{Limit: -1}, nil, false, nil, []string{"warning quota: limit is unknown: set --quota.limit"}},
		{"no limit reported by runZero's cloud", simulator.Options{Limit: -1}, nil, false, func(o *Options) { o.Flags.URL, o.Flags.AllowHTTP = "http://console.runzero.com", true }, []string{
			"warning quota: is estimated from its live assets: set --quota.limit",
		}},
		{"limit configured", simulator.Options{Limit: -1}, nil, false, func(o *Options) { o.Flags.QuotaLimit = new(int64(1000)) }, []string{
			"ok quota: 1000 API calls a day as configured, because the responses carry no usage headers; this exporter may make 500 a day", "ok plan: of 500",
		}},
		{"no limit configured", simulator.Options{Limit: -1}, nil, false, func(o *Options) { o.Flags.QuotaLimit = new(int64(0)) }, []string{"ok quota: no limit is configured"}},
		{"limit reported and configured", simulator.Options{Limit: 800}, nil, false, func(o *Options) { o.Flags.QuotaLimit = new(int64(1000)) }, []string{"ok quota: 800 API calls a day, "}},
		{"intervals do not fit", simulator.Options{Limit: 100}, nil, true, nil, []string{"warning plan: the command plan with --limit=100"}},
		{"share of nothing", simulator.Options{Limit: 1}, nil, true, nil, []string{"error quota: 0 left", "error plan: raise --quota.share"}},
		{"burst limit", simulator.Options{Burst: 3}, nil, false, nil, []string{
			"error collector tasks: 429", "warning collector assets: request not sent: the console has received too many requests",
		}},
		{"no organizations", simulator.Options{}, func(c *simulator.Console) {
			none := "[]"
			c.Inject(simulator.Fault{Path: "/account/orgs", Body: &none})
		}, true, nil, []string{"error organizations: the account has none", "error organizations: no organization is polled"}},
		{"invalid search", simulator.Options{}, nil, false, func(o *Options) { o.Flags.AssetSearch = "alive:perhaps" }, []string{"error collector assets: --collector.assets.search"}},
		{"licence without a collector", simulator.Options{}, status(map[string]int{"/account/license": 403}), true, nil, []string{"warning collector license: refused: "}},
		{"licence without an enabled collector", simulator.Options{}, status(map[string]int{"/org/hosted-zones": 403}), true, enable("hosted_zones"), []string{
			"error collector hosted_zones: to do without it, set --no-collector.hosted_zones",
		}},
		{"old console", simulator.Options{}, status(map[string]int{"/account/sites": 404, "/export/org/tasks.jsonl": 404}), true, nil, []string{
			"ok collector sites: yes, tried with organization", "ok collector tasks: yes",
		}},
		{"old console, export token", simulator.Options{}, status(map[string]int{"/export/org/tasks.jsonl": 404}), false, nil, []string{"ok collector tasks: yes"}},
		{"older console, export token", simulator.Options{}, status(map[string]int{"/export/org/tasks.jsonl": 404, "/export/org/scans.json": 404}), false, nil, []string{"error collector tasks: this console exports neither tasks nor scans"}},
		{"web configuration", simulator.Options{}, nil, false, func(o *Options) { o.WebConfigFile = write(t, "basic_auth_users: {}\n") }, []string{"ok web: is valid"}},
		{"targets that everybody can read", simulator.Options{}, nil, false, func(o *Options) { o.Flags.File = write(t, "discovery: [{name: hosts}]\n") }, []string{
			"ok collector discovery/hosts: yes", "warning web: everybody who can reach the port can read the addresses of devices at /sd/",
		}},
		{"invalid web configuration", simulator.Options{}, nil, false, func(o *Options) { o.WebConfigFile = write(t, "tls_server_config: {cert_file: none}\n") }, []string{
			"error web: invalid --web.config.file",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.console.Assets = 40
				console := simulator.New(c.console)
				if c.prepare != nil {
					c.prepare(console)
				}
				o := options(console.ExportToken(0))
				if c.accountWide {
					o = options(console.AccountToken())
				}
				if c.options != nil {
					c.options(&o)
				}
				check(t, o, console, nil).want(t, c.want...)
			})
		})
	}
}

func TestReportsWhichOrganizationsArePolled(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40, Organizations: 14})
	for _, c := range []struct {
		selection string
		want      []string
	}{
		{"{}", []string{"ok a organizations: 14 polled: ", "ok a organizations: , and 4 more", `ok a organizations: 2 not polled: "runZero Demo" (demo), "Former Subsidiary" (inactive)`}},
		{fmt.Sprintf("{include: [runZero Demo, %s], exclude: [Nobody]}", strings.ToUpper(console.Organizations()[1].ID)), []string{
			`ok a organizations: 2 polled: "Brightwater Clinics", "runZero Demo"`, "ok a organizations: (not included)", `warning a organizations: "Nobody" is excluded`,
			"ok a/default collector assets: Brightwater Clinics",
		}},
		{`{include: [Halvorsen Logistic], exclude: [Halvorsen Logistics]}`, []string{
			`error a organizations: "Halvorsen Logistic", and nothing is polled`, "error a organizations: no organization is polled", `ok a organizations: "Halvorsen Logistics" (excluded)`,
		}},
	} {
		o := fileOptions(t, "accounts:\n"+harness.Account("a", harness.North, console.AccountToken())+"    organizations: "+c.selection+"\n")
		check(t, o, console, nil).want(t, c.want...)
	}
}

func TestChecksSeveralAccountsAndCredentials(t *testing.T) {
	const findings = "/export/org/findings.jsonl"
	one := simulator.New(simulator.Options{Assets: 40, Missing: []string{findings}})
	other := simulator.New(simulator.Options{Seed: 7, Assets: 40, Tier: simulator.Professional, Limit: 50, Missing: []string{findings}})
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	o := fileOptions(t, fmt.Sprintf(`accounts:
- name: one
  url: http://%s
  credentials:
  - {name: exports, expires: %s, authorization: {credentials: %s}}
  - {name: revoked, expires: %s, authorization: {credentials: CT0123456789ABCDEF0123456789ABCDEF}}
  - {name: all, expires: 2199-01-01, authorization: {credentials: %s}}
- name: other
  url: http://%s
  quota: {share: 0.2}
  credentials: [{authorization: {credentials: %s}}]
queries:
- {name: good, of: assets, search: "alive:t and type:server"}
- {name: bad, of: assets, search: "alive:t and"}
- {name: missing, of: findings}
`, harness.North, in(10*24*time.Hour), one.ExportToken(0), in(-time.Hour), one.AccountToken(), harness.South, other.OrganizationToken(0)))
	dials := harness.Pipes(t, map[string]*simulator.Console{harness.North: one, harness.South: other})
	got := checkAll(t, o, route(dials), one, other)
	got.want(t,
		"ok configuration: 2 accounts, 4 credentials, 12 collectors",
		"warning one/exports credential: export token, expires on",
		"error one/revoked credential: expired on",
		"error one/revoked organizations: the console refuses the token",
		"ok one/all credential: expires on 2199-01-01",
		"ok one/exports collector license: no: it needs an account credential", // the other credential has it
		"ok one/all collector license: yes",
		"warning other/default collector license: no: it needs an account credential",
		"warning other plan: of 10 that this exporter may make",
	)
	for _, credential := range []string{"one/exports", "one/all", "other/default"} {
		got.want(t,
			"ok "+credential+" collector queries/good: yes",
			"error "+credential+" collector queries/bad: correct its search",
			"error "+credential+" collector queries/missing: 404")
	}
}
