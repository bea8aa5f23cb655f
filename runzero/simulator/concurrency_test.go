package simulator

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// TestConcurrency is for the race detector.
func TestConcurrency(t *testing.T) {
	c, clk := newConsole(Options{Assets: 50, Sites: 2, Organizations: 1, Burst: 1 << 20})
	body := `{"targets":"defaults","hosted-zone-name":"auto"}`
	var wg sync.WaitGroup
	for _, f := range []func(){
		func() { get(t, c, "/account/orgs", c.AccountToken(), 200, nil) },
		func() { get(t, c, "/export/org/assets.jsonl", c.ExportToken(0), 200, nil) },
		func() {
			ask(t, c, "GET", "/export/org/sites.json", c.ExportToken(0), "", "Accept-Encoding", "gzip")
		},
		func() { ask(t, c, http.MethodPut, "/org/sites/Headquarters/scan", c.OrganizationToken(0), body) },
		func() {
			get(t, c, "/export/org/services.json?page_size=9&search=protocol:tls", c.ExportToken(0), 200, nil)
		},
		func() { get(t, c, "/export/org/findings.json", c.ExportToken(0), 200, nil) },
		func() { get(t, c, "/export/org/users.jsonl", c.ExportToken(0), 200, nil) },
		func() { get(t, c, "/org/hosted-zones", c.OrganizationToken(0), 200, nil); c.HostedZones() },
		func() { get(t, c, "/account/license", issueToken(t, c), 200, nil) },
		func() { c.Inject(Fault{Path: "/none"})(); c.Spend(1); c.Usage(); c.Calls(); c.Count() },
		func() { clk.Advance(time.Minute) },
		func() {
			for range c.Assets(0) {
			}
			c.Rows(0, "certificates")
		},
	} {
		wg.Go(func() {
			for range 5 {
				f()
			}
		})
	}
	wg.Wait()
}

// TestStreaming makes sure that rows cost no memory: a fleet of any size is
// written with few allocations, and what is allocated for a row is garbage
// when the row is written.
func TestStreaming(t *testing.T) {
	const assets = 3000
	c, _ := newConsole(Options{Assets: assets, Limit: -1, Burst: 1 << 30})
	for path, most := range map[string]float64{
		"assets.jsonl?fields=" + typicalFields: 100, "assets.json": 100,
		"services.jsonl?fields=id,site_name,service_port,service_protocol,service_transport": 100, "services.json?search=port:443": 100, "services.json": 100,
		"vulnerabilities.jsonl?fields=id,site_name,vulnerability_severity": 100, "software.jsonl?fields=id,software_vendor": 100, "certificates.jsonl": 10 * assets,
		"wireless.json?page_size=100000": 100, "users.jsonl": 100, "groups.jsonl": 100, "findings.json": 2000,
	} {
		n := testing.AllocsPerRun(1, func() {
			r := httptest.NewRequest(http.MethodGet, "/api/v1.0/export/org/"+path, nil)
			r.Header.Set("Authorization", "Bearer "+c.ExportToken(0))
			c.ServeHTTP(&sink{header: http.Header{}}, r)
		})
		if n > most {
			t.Errorf("%s: %v allocations of %v", path, n, most)
		}
	}
}

// TestEmpty asks a console without a single asset.
func TestEmpty(t *testing.T) {
	c, _ := newConsole(Options{Assets: -1})
	var list []object
	get(t, c, "/export/org/assets.json", c.ExportToken(0), 200, &list)
	if list == nil || len(list) != 0 {
		t.Errorf("%v", list)
	}
	get(t, c, "/export/org/sites.json", c.ExportToken(0), 200, &list)
	if len(list) != 4 || list[0]["asset_count"] != 0.0 {
		t.Errorf("%v", list)
	}
	get(t, c, "/account/license", c.AccountToken(), 200, nil)
	for of := range identity {
		if n := len(exported(t, c, 0, of, "")); n != c.Rows(0, of) || n > 0 && of != "sites" && of != "tasks" {
			t.Errorf("%d rows of %s", n, of)
		}
	}
}
