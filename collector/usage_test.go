package collector

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// exchange is an authenticated call of the assets export that was answered with code.
func exchange(code int, usage runzero.Usage) runzero.Exchange {
	return runzero.Exchange{Endpoint: assetsPath, Code: code, Authenticated: true, Usage: usage}
}

func told(u *CredentialUsage, all ...runzero.Exchange) {
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
	u := NewUsage().Credential("default")
	golden(t, "usage-before-any-call", usageFamilies(t, u))
	told(u,
		runzero.Exchange{Endpoint: healthPath, Code: 200},
		runzero.Exchange{Endpoint: runzero.TokenEndpoint, Code: 200, Authenticated: true},
		exchange(200, runzero.Usage{Total: known(4821), Today: known(37), Limit: known(1000), Remaining: known(963)}),
		exchange(401, runzero.Usage{}), exchange(403, runzero.Usage{}), exchange(500, runzero.Usage{}), exchange(0, runzero.Usage{}),
		exchange(200, runzero.Usage{}), exchange(429, runzero.Usage{Today: known(1000), Remaining: known(0)}))
	golden(t, "usage", usageFamilies(t, u))
	told(u, exchange(503, runzero.Usage{}))
	golden(t, "usage-down", usageFamilies(t, u))
	const hostile = " a\xff\ncredential "
	u = NewUsage().Credential(hostile)
	u.account.SetExpirations(map[string]time.Time{hostile: at("30d")})
	golden(t, "usage-hostile-credential", usageFamilies(t, u))
}

// Each header speaks for itself: one that is missing leaves what was known of it.
func TestUsageHeadersOneByOne(t *testing.T) {
	full := runzero.Usage{Total: known(4821), Today: known(37), Limit: known(1000), Remaining: known(963)}
	lines := map[string]string{
		"limit":     `runzero_api_usage_limit{credential="default"} 1000`,
		"remaining": `runzero_api_usage_remaining{credential="default"} 963`,
		"today":     `runzero_api_usage_today{credential="default"} 37`,
		"total":     `runzero_api_usage_total{credential="default"} 4821`,
	}
	for missing, hide := range map[string]func(*runzero.Usage){
		"limit":     func(u *runzero.Usage) { u.Limit = runzero.Count{} },
		"remaining": func(u *runzero.Usage) { u.Remaining = runzero.Count{} },
		"today":     func(u *runzero.Usage) { u.Today = runzero.Count{} },
		"total":     func(u *runzero.Usage) { u.Total = runzero.Count{} },
		"nothing":   func(*runzero.Usage) {},
	} {
		t.Run(missing, func(t *testing.T) {
			usage := full
			hide(&usage)
			u := NewUsage().Credential("default")
			var want, all []string
			for name, line := range lines {
				all = append(all, line)
				if name != missing {
					want = append(want, line)
				}
			}
			told(u, exchange(200, usage), exchange(200, runzero.Usage{}))
			wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage", want...)
			told(u, exchange(200, full), exchange(200, usage))
			wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage", all...)
		})
	}
}

func TestUp(t *testing.T) {
	ok, refused := exchange(200, runzero.Usage{}), exchange(401, runzero.Usage{})
	token := func(code int) runzero.Exchange {
		return runzero.Exchange{Endpoint: runzero.TokenEndpoint, Code: code, Authenticated: true}
	}
	health := func(code int) runzero.Exchange { return runzero.Exchange{Endpoint: healthPath, Code: code} }
	for _, test := range []struct {
		name string
		all  []runzero.Exchange
		want string
	}{
		{"nothing was asked yet", nil, "0"},
		{"an answer", []runzero.Exchange{ok}, "1"},
		{"the credential is refused", []runzero.Exchange{ok, refused}, "0"},
		{"and accepted again", []runzero.Exchange{refused, ok}, "1"},
		{"nobody answers", []runzero.Exchange{ok, exchange(0, runzero.Usage{})}, "0"},
		{"the server fails", []runzero.Exchange{ok, exchange(502, runzero.Usage{})}, "0"},
		{"the quota is used up, while it answered before", []runzero.Exchange{ok, exchange(429, runzero.Usage{})}, "1"},
		{"an old console does not have that, while it answered before", []runzero.Exchange{ok, exchange(404, runzero.Usage{})}, "1"},
		{"nothing is there: no console, for all we know", []runzero.Exchange{exchange(404, runzero.Usage{})}, "0"},
		{"a login page is no answer", []runzero.Exchange{ok, {Endpoint: "/export/org/sites.json", Code: 200, Page: true, Authenticated: true}}, "0"},
		{"one thing is forbidden, which says nothing of the others", []runzero.Exchange{ok, exchange(403, runzero.Usage{})}, "1"},
		{"one thing is forbidden, while nobody answered before", []runzero.Exchange{exchange(0, runzero.Usage{}), exchange(403, runzero.Usage{})}, "0"},
		{"no token for this client", []runzero.Exchange{ok, token(400)}, "0"},
		{"a token", []runzero.Exchange{token(200)}, "1"},
		{"public endpoints say nothing of the credential", []runzero.Exchange{health(200)}, "0"},
		{"nor when they fail", []runzero.Exchange{ok, health(0), health(500)}, "1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := NewUsage().Credential("default")
			told(u, test.all...)
			wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_up", "runzero_up "+test.want)
		})
	}
}

// Answers to requests that were on their way together may come in any order; what the
// later of them said is what is left.
func TestOvertakenAnswersDoNotTurnUsageBack(t *testing.T) {
	u := NewUsage().Credential("default")
	answer := func(sent time.Time, today, left int64) {
		e := exchange(200, runzero.Usage{Today: known(today), Remaining: known(left)})
		e.Sent = sent
		told(u, e)
	}
	sent := time.Now()
	answer(sent, 11, 89)
	answer(sent, 10, 90)
	wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage_remaining", `runzero_api_usage_remaining{credential="default"} 89`)
	wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage_today", `runzero_api_usage_today{credential="default"} 11`)
	answer(time.Now(), 1, 99) // asked after those were answered: a new day
	wantSeries(t, Snapshot{Families: usageFamilies(t, u)}, "runzero_api_usage_remaining", `runzero_api_usage_remaining{credential="default"} 99`)
}

func TestUsageOutlivesARestart(t *testing.T) {
	before := NewUsage().Credential("default")
	told(before, exchange(200, runzero.Usage{Total: known(4821), Limit: known(1000), Remaining: known(963)}))
	after := NewUsage().Credential("default")
	after.Restore(before.Saved())
	for _, u := range []*CredentialUsage{before, after} {
		families := Snapshot{Families: usageFamilies(t, u)}
		wantSeries(t, families, "runzero_up", "runzero_up 1")
		wantSeries(t, families, "runzero_api_usage", `runzero_api_usage_limit{credential="default"} 1000`,
			`runzero_api_usage_remaining{credential="default"} 963`, `runzero_api_usage_total{credential="default"} 4821`)
	}
}

// An account's credentials have one quota, and headers, ends and refusals of their own.
func TestUsageOfSeveralCredentials(t *testing.T) {
	account := NewUsage()
	exports, whole := account.Credential("exports"), account.Credential("account")
	account.SetExpirations(map[string]time.Time{"exports": at("30d"), "account": {}})
	told(exports, exchange(200, runzero.Usage{Total: known(7), Remaining: known(963)}))
	told(whole, exchange(200, runzero.Usage{Total: known(90), Remaining: known(962)}))
	golden(t, "usage-several", usageFamilies(t, whole))
	told(exports, exchange(401, runzero.Usage{}))
	told(whole, exchange(200, runzero.Usage{}))
	up := func(want string) {
		t.Helper()
		wantSeries(t, Snapshot{Families: usageFamilies(t, whole)}, "runzero_up", "runzero_up "+want)
	}
	up("0") // one of them is refused still
	told(exports, exchange(0, runzero.Usage{}))
	told(exports, exchange(200, runzero.Usage{}))
	up("1")
	told(exports, exchange(401, runzero.Usage{}))
	account.SetExpirations(map[string]time.Time{"account": {}})
	up("1") // what is refused is no more
	wantSeries(t, Snapshot{Families: usageFamilies(t, whole)}, "runzero_api_usage_total", `runzero_api_usage_total{credential="account"} 90`)
	if account.Credential("account") != whole {
		t.Error("what is known of a credential is lost")
	}
}
