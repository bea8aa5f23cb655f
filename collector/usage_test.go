package collector

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// exchange is an authenticated request of the assets export; code 0: no response.
func exchange(code int, usage runzero.Usage) runzero.Exchange {
	return runzero.Exchange{Endpoint: assetsPath, Code: code, Authenticated: true, Usage: usage}
}

func observe(u *CredentialUsage, all ...runzero.Exchange) {
	for _, e := range all {
		u.Responded(e)
		e.Duration, e.Bytes = 700*time.Millisecond, 2048
		u.Finished(e)
	}
}

func usageFamilies(t *testing.T, u *CredentialUsage) []*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(u.account); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

var known = runzero.Known

func TestUsage(t *testing.T) {
	u := NewUsage(time.Now).Credential("default")
	golden(t, "usage-before-any-call", usageFamilies(t, u))
	observe(u,
		runzero.Exchange{Endpoint: healthPath, Code: 200},
		runzero.Exchange{Endpoint: runzero.TokenEndpoint, Code: 200, Authenticated: true},
		exchange(200, runzero.Usage{Total: known(4821), Today: known(37), Limit: known(1000), Remaining: known(963)}),
		exchange(401, runzero.Usage{}), exchange(403, runzero.Usage{}), exchange(500, runzero.Usage{}), exchange(0, runzero.Usage{}),
		exchange(200, runzero.Usage{}), exchange(429, runzero.Usage{Today: known(1000), Remaining: known(0)}))
	golden(t, "usage", usageFamilies(t, u))
	observe(u, exchange(503, runzero.Usage{}))
	golden(t, "usage-down", usageFamilies(t, u))
	const hostile = " a\xff\ncredential "
	u = NewUsage(time.Now).Credential(hostile)
	u.account.SetExpirations(map[string]time.Time{hostile: at("30d")})
	golden(t, "usage-hostile-credential", usageFamilies(t, u))
}

func TestMissingUsageHeadersKeepTheLastValue(t *testing.T) {
	const limit, remaining, today = `runzero_api_usage_limit{credential="default"} 1000`, `runzero_api_usage_remaining{credential="default"} 963`, `runzero_api_usage_today{credential="default"} 37`
	u := NewUsage(time.Now).Credential("default")
	for _, test := range []struct {
		usage runzero.Usage
		want  []string
	}{
		{runzero.Usage{}, nil},
		{runzero.Usage{Today: known(37)}, []string{today}},
		{runzero.Usage{Limit: known(1000), Remaining: known(963)}, []string{limit, remaining, today}},
		{runzero.Usage{}, []string{limit, remaining, today}},
		{runzero.Usage{Total: known(4821)}, []string{limit, remaining, today, `runzero_api_usage_total{credential="default"} 4821`}},
	} {
		observe(u, exchange(200, test.usage))
		wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage", test.want...)
	}
}

func TestUp(t *testing.T) {
	ok, rejected := exchange(200, runzero.Usage{}), exchange(401, runzero.Usage{})
	token := func(code int) runzero.Exchange {
		return runzero.Exchange{Endpoint: runzero.TokenEndpoint, Code: code, Authenticated: true}
	}
	health := func(code int) runzero.Exchange { return runzero.Exchange{Endpoint: healthPath, Code: code} }
	for _, test := range []struct {
		name string
		all  []runzero.Exchange
		want string
	}{
		{"no request yet", nil, "0"},
		{"rejected credential", []runzero.Exchange{ok, rejected}, "0"},
		{"accepted again", []runzero.Exchange{rejected, ok}, "1"},
		{"no response", []runzero.Exchange{ok, exchange(0, runzero.Usage{})}, "0"},
		{"server error", []runzero.Exchange{ok, exchange(502, runzero.Usage{})}, "0"},
		{"too many requests, after a success", []runzero.Exchange{ok, exchange(429, runzero.Usage{})}, "1"},
		{"not found, at first", []runzero.Exchange{exchange(404, runzero.Usage{})}, "0"},
		{"login page", []runzero.Exchange{ok, {Endpoint: "/export/org/sites.json", Code: 200, Page: true, Authenticated: true}}, "0"},
		{"forbidden, after a success", []runzero.Exchange{ok, exchange(403, runzero.Usage{})}, "1"},
		{"OAuth2 client rejected", []runzero.Exchange{ok, token(400)}, "0"},
		{"OAuth2 token issued", []runzero.Exchange{token(200)}, "1"},
		{"unauthenticated failures, after a success", []runzero.Exchange{ok, health(0), health(500)}, "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := NewUsage(time.Now).Credential("default")
			observe(u, test.all...)
			wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_up", "runzero_up "+test.want)
		})
	}
}

// Responses to concurrent requests can arrive in any order.
func TestUsageIgnoresOvertakenResponses(t *testing.T) {
	u := NewUsage(time.Now).Credential("default")
	respond := func(sent time.Time, today, left int64) {
		e := exchange(200, runzero.Usage{Today: known(today), Remaining: known(left)})
		e.Sent = sent
		observe(u, e)
	}
	sent := time.Now()
	respond(sent, 11, 89)
	respond(sent, 10, 90)
	wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage_remaining", `runzero_api_usage_remaining{credential="default"} 89`)
	wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage_today", `runzero_api_usage_today{credential="default"} 11`)
	respond(time.Now(), 1, 99) // sent after those responses: the quota was reset
	wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage_remaining", `runzero_api_usage_remaining{credential="default"} 99`)
}

func TestUsageIsRestored(t *testing.T) {
	before := NewUsage(time.Now).Credential("default")
	observe(before, exchange(200, runzero.Usage{Total: known(4821), Limit: known(1000), Remaining: known(963)}))
	after := NewUsage(time.Now).Credential("default")
	after.Restore(before.Saved())
	for _, u := range []*CredentialUsage{before, after} {
		families := Snapshot{Families: usageFamilies(t, u)}
		wantSeries(t, families, "runzero_up", "runzero_up 1")
		wantSeries(t, families, "runzero_api_usage", `runzero_api_usage_limit{credential="default"} 1000`,
			`runzero_api_usage_remaining{credential="default"} 963`, `runzero_api_usage_total{credential="default"} 4821`)
	}
}

func TestUsageByCredential(t *testing.T) {
	account := NewUsage(time.Now)
	exports, all := account.Credential("exports"), account.Credential("account")
	account.SetExpirations(map[string]time.Time{"exports": at("30d"), "account": {}})
	observe(exports, exchange(200, runzero.Usage{Total: known(7), Remaining: known(963)}))
	observe(all, exchange(200, runzero.Usage{Total: known(90), Remaining: known(962)}))
	golden(t, "usage-several", usageFamilies(t, all))
	observe(exports, exchange(401, runzero.Usage{}))
	observe(all, exchange(200, runzero.Usage{}))
	up := func(want string) {
		t.Helper()
		wantSeries(t, Snapshot{Families: usageFamilies(t, all)}, "runzero_up", "runzero_up "+want)
	}
	up("0") // one of them is still rejected
	observe(exports, exchange(0, runzero.Usage{}))
	observe(exports, exchange(200, runzero.Usage{}))
	up("1")
	observe(exports, exchange(401, runzero.Usage{}))
	account.SetExpirations(map[string]time.Time{"account": {}})
	up("1") // the rejected one is gone
	wantSeries(t, Snapshot{Families: usageFamilies(t, all)}, "runzero_api_usage_total", `runzero_api_usage_total{credential="account"} 90`)
	if account.Credential("account") != all {
		t.Error("the usage of a credential is lost")
	}
}
