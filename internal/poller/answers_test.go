package poller_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// twoSites are a console's responses about two sites and a good scan of each.
func twoSites(console *simulator.Console) (sites, tasks string) {
	organization, ended := console.Organizations()[0].ID, time.Now().Add(-time.Hour).Unix()
	for i, name := range []string{"HQ", "Branch"} {
		sites += fmt.Sprintf(`,{"id":"a7b2287e-0000-4000-8000-00000000000%d","organization_id":%q,"name":%q,"asset_count":1}`, i, organization, name)
		tasks += fmt.Sprintf(`{"id":"4c76980f-0000-4000-8000-00000000000%d","organization_id":%q,"site_id":"a7b2287e-0000-4000-8000-00000000000%d","site_name":%q,`+
			`"type":"scan","status":"processed","data_acquisition_started_at":%d,"data_acquisition_ended_at":%d}`+"\n", i, organization, i, name, ended-60, ended)
	}
	return "[" + sites[1:] + "]", tasks
}

// One answer without data is a failed poll, and the age of each site's last scan survives it, also one that the tasks
// no longer show.
func TestOneAnswerWithoutDataLosesNothing(t *testing.T) {
	t.Parallel()
	status := func(code int) simulator.Fault { return simulator.Fault{Status: code, Body: new("")} }
	body := func(text string) simulator.Fault { return simulator.Fault{Body: &text} }
	for name, fault := range map[string]simulator.Fault{
		"no body":          status(http.StatusOK),
		"204":              status(http.StatusNoContent),
		"null":             body("null"),
		"an empty list":    body("[]"),
		"an error":         body(`{"error":"request limit exceeded","sites":[]}`),
		"a failing status": body(`{"status":"unavailable","sites":null}`),
		"errors":           body(`[{"errors":["x"]}]`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := simulator.New(simulator.Options{Sites: 2, Assets: 5, Limit: 10_000})
				sites, tasks := twoSites(console)
				s := harness.Setup{On: console, CacheDir: harness.CacheDir(t), Flags: func(f *config.Flags) { f.CacheInterval = 5 * time.Minute }}
				remove := console.Inject(simulator.Fault{Path: "/export/org/tasks.jsonl", Body: &tasks})
				good := console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &sites})
				w := harness.Start(t, s)
				w.Pass(time.Minute)
				remove()
				console.Inject(emptyTasks) // the scans have left the task list
				expect := func(when string, success float64) {
					t.Helper()
					if ages := w.Values("runzero_scan_age_seconds", "site_name"); len(ages) != 2 {
						t.Errorf("%s: the ages of scans are %v, want those of two sites", when, ages)
					}
					w.Expect("runzero_collector_success", success, "collector", "sites")
				}
				w.Pass(20 * time.Minute)
				expect("once the scans have left the task list", 1)
				good()
				fault.Path, fault.Times = "/export/org/sites.json", 1
				console.Inject(fault)
				before := w.Requests("/export/org/sites.json")
				for range 120 {
					if w.Requests("/export/org/sites.json") > before {
						break
					}
					w.Pass(5 * time.Second)
				}
				expect("after one answer without data", 0)
				console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &sites})
				w.Pass(11 * time.Minute)
				expect("afterwards", 1)
				w.Restart()
				w.Pass(11 * time.Minute)
				expect("after a restart", 1)
			})
		})
	}
}

// What really goes away does so once two polls have said so: a list that is empty, or a site that is not in it.
func TestWhatIsGoneForGoodIsForgotten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rest  func(sites string) string
		sites float64
	}{
		"all sites": {func(string) string { return "[]" }, 0},
		"one site":  {func(sites string) string { first, _, _ := strings.Cut(sites, `,{"id"`); return first + "]" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := simulator.New(simulator.Options{Sites: 2, Assets: 5, Limit: 10_000})
				sites, tasks := twoSites(console)
				console.Inject(simulator.Fault{Path: "/export/org/tasks.jsonl", Body: &tasks})
				good := console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &sites})
				s := harness.Setup{On: console, CacheDir: harness.CacheDir(t)}
				w := harness.Start(t, s)
				w.Pass(time.Minute)
				good()
				rest := c.rest(sites)
				console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &rest})
				for range 60 { // until a poll has succeeded
					if w.Pass(time.Minute); w.Values("runzero_sites_missing")[""] > 0 {
						break
					}
				}
				w.Expect("runzero_sites", 2)
				w.Expect("runzero_sites_missing", 2-c.sites)
				if gap := shortestGap(console.Calls(), "/export/org/sites.json"); c.sites == 0 && gap > time.Minute {
					t.Errorf("an empty list is confirmed after %s", gap)
				}
				if ages := w.Values("runzero_scan_age_seconds", "site_name"); len(ages) != 2 {
					t.Errorf("the ages of scans are %v, want those of two sites", ages)
				}
				w.Restart()
				w.Expect("runzero_sites_missing", 2-c.sites)
				w.Pass(40 * time.Minute)
				w.Expect("runzero_sites", c.sites)
				w.Expect("runzero_sites_missing", 0)
				w.Expect("runzero_collector_success", 1, "collector", "sites")
				if ages := w.Values("runzero_scan_age_seconds", "site_name"); len(ages) != int(c.sites) {
					t.Errorf("the ages of scans are %v, want those of %v sites", ages, c.sites)
				}
			})
		})
	}
}

// An export token learns the name of its organization from an asset. Without one it keeps the name.
func TestAnAnswerWithoutAssetsLosesNoName(t *testing.T) {
	t.Parallel()
	for name, sites := range map[string]string{"no assets": "", "nothing": "[]"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks)})
				w.Pass(time.Minute)
				before := w.Requests("/export/org/assets.json")
				w.Console.Inject(simulator.Fault{Path: "/export/org/assets.json", Body: new("[]")})
				w.Pass(23 * time.Hour)
				if sites != "" {
					w.Console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &sites, Times: 8})
				}
				w.Pass(4 * time.Hour)
				if w.Requests("/export/org/assets.json") == before {
					t.Error("the organization is not looked up once a day")
				}
				if organizations := w.Values("runzero_sites", "org_name"); len(organizations) != 1 || organizations[w.Console.Organizations()[0].Name] == 0 {
					t.Errorf("sites of %v, want those of %s", organizations, w.Console.Organizations()[0].Name)
				}
			})
		})
	}
}

// An error beside an empty list is no account without assets.
func TestAnErrorBesideAnEmptyListKeepsTheAssets(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"an error":        `{"error":"request limit exceeded","assets":[]}`,
		"errors":          `{"assets":null,"errors":[{"title":"x"}]}`,
		"an error's line": `{"status":"error"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks)})
				w.Pass(time.Minute)
				before := w.Snapshot("assets")
				w.Console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Body: &body})
				w.Pass(2 * time.Hour)
				if after := w.Snapshot("assets"); before == "" || before != after {
					t.Errorf("the assets were\n%sand now are\n%s", before, after)
				}
				w.Expect("runzero_collector_success", 0, "collector", "assets")
				if lines := w.Log.Lines("the response reports an error instead of data"); len(lines) == 0 {
					t.Errorf("the log does not say so: %s", w.Log)
				}
			})
		})
	}
}

// An expired licence is a failure with advice, and nothing is unsupported because of it.
func TestAnExpiredLicenceKeepsTheData(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{
		"402": {Status: http.StatusPaymentRequired, Body: new(`{"error":"license is expired"}`)},
		"403": {Status: http.StatusForbidden, Body: new(`{"error":"license is expired"}`)},
		"402 with a title": {
			Status: http.StatusPaymentRequired, Body: new(`{"title":"Payment Required","detail":"license is expired","status":402}`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks)})
				w.Pass(time.Minute)
				for _, path := range endpoints[1:] {
					fault.Path = path
					w.Console.Inject(fault)
				}
				w.Pass(3 * time.Hour)
				for _, name := range []string{"sites", "assets"} {
					w.Expect("runzero_collector_success", 0, "collector", name)
					w.Expect("runzero_collector_supported", 1, "collector", name)
				}
				w.Expect("runzero_sites", 2)
				if lines := w.Log.Lines("license is expired", "the account's licence has expired"); len(lines) == 0 {
					t.Errorf("the log does not say so: %s", w.Log)
				}
			})
		})
	}
}
