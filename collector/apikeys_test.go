package collector

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const keysBody = `[
	{"id":"a1000000-0000-4000-8000-000000000001","client_id":"PLANTED","organization_id":"` + zeroID + `","created_by":"PLANTED@example.com","comment":"runzero_exporter","type":"client",
	 "last_used_at":@-1m,"last_used_ip":"10.66.6.66","last_used_ua":"PLANTED","counter":10,"usage_today":100,"usage_limit":10000,"token":"CT11226D9EEEA2B035D42569585900","inactive":false},
	{"id":"a2000000-0000-4000-8000-000000000002","organization_id":"` + acmeID + `","comment":" SIEM\n","type":"org","usage_today":"2000","last_used_at":@-2h},
	{"id":"a3000000-0000-4000-8000-000000000003","organization_id":"` + otherID + `","comment":"SIEM","type":"org","usage_today":0,"last_used_at":0},
	{"id":"a4000000-0000-4000-8000-000000000004","organization_id":null,"comment":null,"type":null},
	{"id":"a5000000-0000-4000-8000-000000000005","comment":"revoked today","type":"service","usage_today":5,"inactive":true},
	{"id":"a6000000-0000-4000-8000-000000000006","comment":"revoked","type":"org","usage_today":0,"last_used_at":@-9d,"inactive":true},
	{"id":"a7000000-0000-4000-8000-000000000007","comment":"revoked today","inactive":true},
	{"id":"a8000000-0000-4000-8000-000000000008","comment":"leaver@example.com","type":"export","usage_today":1},
	{"id":"a9000000-0000-4000-8000-000000000009","comment":"CMDB on 10.66.6.66","type":"org","organization_id":"` + beaconID + `","usage_today":3},
	{"id":"aa000000-0000-4000-8000-000000000010","comment":"OT11226D9EEEA2B035D42569585900","type":"org","usage_today":2},
	{"id":"a1000000-0000-4000-8000-000000000001","comment":"the same row again"}]`

func TestAPIKeys(t *testing.T) {
	goldens(t, collectorOf(t, "api_keys", defaults()), apiKeysPath, Poll{Organizations: organizations()}, map[string]string{
		"api-keys": keysBody, "api-keys-none": `[]`,
	})
}

func TestKeyNames(t *testing.T) {
	for comment, want := range map[string]string{
		"": unknown, "SIEM": "SIEM", " nightly\treport ": "nightly report", "@team": "@team", "10 @ night": "10 @ night", "SIEM @": "SIEM @", "Team::Backup": "Team::Backup",
		"v5.1.260818.0": "v5.1.260818.0", "10:30 report": "10:30 report", "10.0.0": "10.0.0",
		"a@b": unknown, "key of Jörg@example.com": unknown, "<user@example.com>": unknown, "x@ü": unknown,
		"10.0.0.5": unknown, "CMDB (10.0.0.5)": unknown, "to 10.0.0.5:8089.": unknown, "net 10.0.0.0/8": unknown, "ip=10.0.0.5": unknown,
		"fe80::1%eth0": unknown, "[2001:db8::1]:443": unknown, "::1": unknown,
		"CT11226D9EEEA2B035D42569585900": unknown, strings.Repeat("x", 200) + " user@example.com": unknown,
	} {
		if got := keyName(comment); got != want {
			t.Errorf("%q is named %q, want %q", comment, got, want)
		}
	}
}

// The keys with the most calls are exported, ties by name, and the label of each is the same whatever the others spend.
func TestOfManyKeysThoseWithTheMostCallsAreExported(t *testing.T) {
	var rows []string
	for i := range maxAPIKeys + 2 {
		rows = append(rows, fmt.Sprintf(`{"id":"%s","comment":"key %03d","usage_today":%d}`, uuid(i), i/2, i/3))
	}
	s := collect(t, collectorOf(t, "api_keys", defaults()), responses{apiKeysPath: {body: "[" + strings.Join(rows, ",") + "]"}}, Poll{Organizations: organizations()})
	keys := by(s, "runzero_api_key_calls_today", "key")
	wantSeries(t, s, "runzero_collector_folded_values", `runzero_collector_folded_values{collector="api_keys",label="key",org_name=""} 2`)
	_, first := keys["key 000 (00000001)"]
	_, last := keys["key 001 (00000003)"]
	if len(keys) != maxAPIKeys || keys["key 250 (000001f6)"] != 167 || !first || last {
		t.Errorf("%d keys; of those without calls the first is exported: %v, the last: %v", len(keys), first, last)
	}
}

func TestAPIKeysOfTheSimulatedConsole(t *testing.T) {
	console := simulator.New(simulator.Options{Now: func() time.Time { return noon }})
	api := client(t, console.AccountToken(), console)
	names := map[string]string{}
	for _, org := range console.Organizations() {
		names[org.ID] = org.Name
	}
	console.Spend(7)
	got := collect(t, collectorOf(t, "api_keys", defaults()), nil, Poll{API: api, Organizations: names})
	want := sums{}
	for _, key := range console.APIKeys() {
		want[names[key.OrganizationID]] += float64(key.UsedToday)
	}
	equal(t, "calls by organization", by(got, "runzero_api_key_calls_today", "org_name"), want)
	if calls := console.Calls(); len(calls) != 1 || calls[0].Status != http.StatusOK {
		t.Errorf("calls %v", calls)
	}
}
