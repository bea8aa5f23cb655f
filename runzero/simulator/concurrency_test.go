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
		func() { get(t, c, "/account/license", issueToken(t, c), 200, nil) },
		func() { c.Inject(Fault{Path: "/none"})(); c.Spend(1); c.Usage(); c.Calls(); c.Count() },
		func() { clk.Advance(time.Minute) },
		func() {
			for range c.Assets(0) {
			}
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
// written with the same few allocations.
func TestStreaming(t *testing.T) {
	const rows = 20000
	c, _ := newConsole(Options{Assets: rows, Limit: -1, Burst: 1 << 30})
	for _, path := range []string{"/export/org/assets.jsonl?fields=" + typicalFields, "/export/org/assets.json"} {
		n := testing.AllocsPerRun(2, func() {
			r := httptest.NewRequest(http.MethodGet, "/api/v1.0"+path, nil)
			r.Header.Set("Authorization", "Bearer "+c.ExportToken(0))
			c.ServeHTTP(&sink{header: http.Header{}}, r)
		})
		if n > rows/100 {
			t.Errorf("%s: %v allocations for %d rows", path, n, rows)
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
}
