package simulator

import (
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	c, clk := newConsole(Options{Limit: 5, DayStart: 3 * time.Hour})
	check := func(path, token string, status int, today string) {
		t.Helper()
		if got := get(t, c, path, token, status, nil).Get("X-API-Usage-Today"); got != today {
			t.Errorf("%s: today %q, want %q", path, got, today)
		}
	}
	check("/health", "", 200, "")
	check("/health", c.ExportToken(0), 200, "")
	check("/org", "wrong", 401, "")
	check("/export/org/sites.json", c.ExportToken(0), 200, "1")
	check("/org", c.ExportToken(0), 401, "2")
	check("/nothing", c.OrganizationToken(1), 404, "3")
	c.Spend(1)
	check("/org", c.AccountToken(), 200, "5")
	h := get(t, c, "/org", c.AccountToken(), 429, nil)
	if h.Get("X-API-Usage-Remaining") != "0" || h.Get("X-API-Usage-Limit") != "5" || h.Get("X-API-Usage-Total") != "5" {
		t.Errorf("headers %v", h)
	}
	check("/health", "", 200, "")
	u := c.Usage()
	want := time.Date(2026, 8, 20, 3, 0, 0, 0, time.UTC)
	if u.Today != 5 || u.Total != 5 || u.Remaining != 0 || u.Limit != 5 || !u.Resets.Equal(want) {
		t.Errorf("usage %+v", u)
	}
	clk.Advance(want.Sub(clk.Now()) - time.Second)
	check("/org", c.AccountToken(), 429, "5")
	clk.Advance(time.Second)
	check("/org", c.AccountToken(), 200, "1")
	if u := c.Usage(); u.Total != 6 || u.Remaining != 4 {
		t.Errorf("usage %+v", u)
	}
	c.Spend(100)
	if u := c.Usage(); u.Remaining != 0 {
		t.Errorf("remaining %d", u.Remaining)
	}
}

func TestUnlimited(t *testing.T) {
	c, _ := newConsole(Options{Limit: -1})
	c.Spend(1 << 20)
	if h := get(t, c, "/org", c.AccountToken(), 200, nil); h.Get("X-API-Usage-Total") != "" || h.Get("X-API-Usage-Limit") != "" {
		t.Errorf("headers %v", h)
	}
	if u := c.Usage(); u.Limit != -1 || u.Remaining != -1 || u.Total != 1<<20+1 {
		t.Errorf("usage %+v", u)
	}
}

func TestBurst(t *testing.T) {
	c, clk := newConsole(Options{Burst: 3})
	from := func(addr string) (int, int) {
		r := httptest.NewRequest("GET", "/api/v1.0/org", nil)
		r.RemoteAddr = addr
		r.Header.Set("Authorization", "Bearer "+c.AccountToken())
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		retry, _ := strconv.Atoi(w.Header().Get("Retry-After"))
		return w.Code, retry
	}
	for range 3 {
		if code, _ := from("192.0.2.1:1"); code != 200 {
			t.Fatalf("status %d", code)
		}
		clk.Advance(time.Minute)
	}
	code, retry := from("192.0.2.1:2")
	if code != 429 || retry < 120 || retry > 140 {
		t.Errorf("%d, retry after %d s", code, retry)
	}
	if code, _ := from("192.0.2.2:1"); code != 200 {
		t.Errorf("another address: %d", code)
	}
	if u := c.Usage(); u.Today != 4 {
		t.Errorf("refused requests were charged: %+v", u)
	}
	clk.Advance(time.Duration(retry) * time.Second)
	if code, _ := from("192.0.2.1:3"); code != 200 {
		t.Errorf("after waiting: %d", code)
	}
	if code, _ := from("192.0.2.1:4"); code != 429 {
		t.Errorf("the second request is not a whole window old: %d", code)
	}
}

func TestCalls(t *testing.T) {
	c, clk := newConsole(Options{Burst: 1 << 30, Limit: -1})
	get(t, c, "/export/org/sites.json?fields=id", c.ExportToken(0), 200, nil)
	clk.Advance(time.Second)
	get(t, c, "/org", "", 401, nil)
	calls := c.Calls()
	want := []Call{
		{noon, "GET", "/export/org/sites.json", "fields=id", 200, "export"},
		{noon.Add(time.Second), "GET", "/org", "", 401, "none"},
	}
	if len(calls) != 2 || calls[0] != want[0] || calls[1] != want[1] {
		t.Errorf("calls %+v", calls)
	}
	for range maxCalls {
		get(t, c, "/health", "", 200, nil)
	}
	get(t, c, "/nothing", "", 404, nil)
	calls = c.Calls()
	if n := len(calls); n != maxCalls || c.Count() != maxCalls+3 || calls[n-1].Path != "/nothing" || calls[n-1].Status != 404 || calls[0].Path != "/health" {
		t.Errorf("%d calls of %d, last %+v", n, c.Count(), calls[n-1])
	}
}
