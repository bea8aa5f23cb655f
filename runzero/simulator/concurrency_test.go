package simulator

import (
	"net/http"
	"slices"
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

func TestFewAssetsOrNone(t *testing.T) {
	few, _ := newConsole(Options{Assets: 5, Sites: 1, Organizations: 1})
	if n := len(slices.Collect(few.Assets(0))); n != 5 {
		t.Errorf("%d assets", n)
	}
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
