package exporter_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// newConsole makes a console without tasks, whose long history takes time.
func newConsole(o simulator.Options) *simulator.Console {
	console := simulator.New(o)
	console.Inject(simulator.Fault{Path: "/export/org/tasks.jsonl", Body: new(string)})
	return console
}

// calls counts the requests that a console has received since an instant, by path.
func calls(console *simulator.Console, since time.Time) map[string]int {
	n := map[string]int{}
	for _, call := range console.Calls() {
		if !call.Time.Before(since) {
			n[call.Path]++
		}
	}
	return n
}

func TestTwoAccountsDoNotInfluenceEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		small := newConsole(simulator.Options{Organizations: 1, Assets: 5, Limit: 100})
		large := newConsole(simulator.Options{Organizations: 1, Seed: 2, Assets: 5, Limit: 100_000})
		w := harness.Start(t, harness.Setup{
			Dials: harness.Pipes(t, map[string]*simulator.Console{harness.North: small, harness.South: large}),
			File:  "accounts:\n" + harness.Account("north", harness.North, small.AccountToken()) + harness.Account("south", harness.South, large.AccountToken()),
		})
		w.Pass(24 * time.Hour)
		if n := small.Count(); n < 40 || n > 50 {
			t.Errorf("the small account made %d calls of its share of 50", n)
		}
		if stretch := w.Values("runzero_exporter_interval_stretch_ratio", "account_name"); stretch["north"] <= 1 || stretch["south"] != 1 {
			t.Errorf("stretched by %v", stretch)
		}
		if n := calls(large, time.Time{})["/account/sites"]; n < 85 || n > 97 {
			t.Errorf("the sites of the large account were polled %d times in a day", n)
		}

		for what, disturb := range map[string]func() (end func()){
			"fails":             func() func() { return small.Inject(simulator.Fault{Status: 500}) },
			"hangs":             func() func() { return small.Inject(simulator.Fault{Delay: 9 * time.Minute}) },
			"has no calls left": func() func() { small.Spend(100); return func() {} },
		} {
			end, began := disturb(), time.Now()
			w.Pass(3 * time.Hour)
			if n := calls(large, began)["/account/sites"]; n < 10 {
				t.Errorf("while the other account %s, the sites were polled %d times in three hours", what, n)
			}
			if up, paused := w.Values("runzero_up", "account_name"), w.Values("runzero_api_paused", "account_name"); up["south"] != 1 || paused["south"] != 0 {
				t.Errorf("while the other account %s: up %v, paused %v", what, up, paused)
			}
			end()
		}
		for _, family := range []string{"runzero_assets", "runzero_license_assets_limit", "runzero_collector_success", "runzero_explorers"} {
			if values := w.Values(family, "account_name"); len(values) != 2 {
				t.Errorf("%s of %v", family, values)
			}
		}
	})
}

func TestManyOrganizationsCostTheCallsThatThePlanExpects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const organizations = 30
		w := harness.Start(t, harness.Setup{
			On:    newConsole(simulator.Options{Organizations: organizations, Assets: 5, Limit: 1_000_000}),
			Token: (*simulator.Console).AccountToken,
		})
		w.Pass(10 * time.Minute) // the first round: nothing is polled again within its interval of 15 minutes
		first := calls(w.Console, time.Time{})
		for _, path := range []string{"/account/orgs", "/account/sites", "/account/agents", "/account/license"} {
			if first[path] != 1 {
				t.Errorf("%s was requested %d times in the first round, want once for all organizations", path, first[path])
			}
		}
		if first["/export/org/assets.jsonl"] != organizations || first["/export/org/tasks.jsonl"] != organizations {
			t.Errorf("first round: %v", first)
		}
		if n := len(w.Values("runzero_sites", "org_name")); n != organizations {
			t.Errorf("sites of %d organizations", n)
		}

		w.Pass(20 * time.Minute)
		began := time.Now()
		w.Pass(time.Hour)
		total, busiest, perSecond := 0, 0, map[time.Duration]int{}
		for _, call := range w.Console.Calls() {
			// The tasks of each organization are exported once a day, at any time of it.
			if !call.Time.Before(began) && call.Path != "/releases/agent/version" && call.Path != "/export/org/tasks.jsonl" {
				total++
				second := call.Time.Sub(began).Truncate(time.Second)
				perSecond[second]++
				busiest = max(busiest, perSecond[second])
			}
		}
		c, err := w.Flags.Load()
		if err != nil {
			t.Fatal(err)
		}
		account := schedule.Account{Kinds: []runzero.Kind{runzero.AccountCredential}, Collectors: c.Collectors}
		for range organizations {
			account.Organizations = append(account.Organizations, schedule.Organization{AccountWide: true})
		}
		want := schedule.Demand(schedule.Loads(schedule.Polls(account)), time.Hour) - organizations/24.0
		if float64(total) > want || float64(total) < 0.9*want {
			t.Errorf("%d calls in an hour, the plan expects %.0f", total, want)
		}
		if busiest > organizations/3 {
			t.Errorf("%d calls in the busiest second: polls are not spread", busiest)
		}
	})
}

func TestAConsoleThatIgnoresTheOrganizationIsDetected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{
			Console: simulator.Options{Assets: 5, IgnoreOrganization: true}, Token: (*simulator.Console).AccountToken,
		})
		w.Pass(time.Minute)
		first := w.Console.Organizations()[0].Name
		for name, ok := range w.Values("runzero_collector_success", "collector", "org_name") {
			_, organization, _ := strings.Cut(name, "/")
			if want := organization == "" || organization == first; (ok == 1) != want {
				t.Errorf("%s: %v", name, ok)
			}
		}
		if assets := w.Values("runzero_assets", "org_name"); len(assets) != 1 || assets[first] == 0 {
			t.Errorf("assets of %v", assets)
		}
		if len(w.Log.Lines("another organization")) == 0 {
			t.Errorf("nothing is logged: %s", w.Log)
		}
	})
}

// An export token stays where there was an account credential, too: what only the account
// credential reached is gone at once, and the rest goes on.
func TestARemovedCredentialReachesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Assets: 5})
		credential := func(name, token string) string {
			return fmt.Sprintf("      - {name: %s, authorization: {credentials: %s}}\n", name, token)
		}
		file := fmt.Sprintf("accounts:\n  - name: north\n    url: http://%s\n    credentials:\n", harness.North) + credential("first", console.ExportToken(0))
		w := harness.Start(t, harness.Setup{
			Dials: harness.Pipes(t, map[string]*simulator.Console{harness.North: console}), File: file + credential("all", console.AccountToken()),
		})
		w.Pass(time.Minute)
		if n := len(w.Values("runzero_assets", "org_name")); n != 3 {
			t.Fatalf("assets of %d organizations", n)
		}
		w.WriteFile(file)
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Hour)
		first := console.Organizations()[0].Name
		for _, family := range []string{"runzero_assets", "runzero_sites", "runzero_organization_info", "runzero_collector_interval_seconds"} {
			for name := range w.Values(family, "org_name") {
				if name != first && name != "" {
					t.Errorf("%s still reports %q, which no credential reaches", family, name)
				}
			}
		}
		supported := w.Values("runzero_collector_supported", "collector")
		for name, ok := range w.Values("runzero_collector_success", "collector") {
			if ok != supported[name] {
				t.Errorf("%s: success %v, supported %v", name, ok, supported[name])
			}
		}
	})
}
