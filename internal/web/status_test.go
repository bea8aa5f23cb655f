package web_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

var update = flag.Bool("update", false, "rewrite testdata/status.json")

// north is an account of which everything is known, and east one of which nothing is.
func northAndEast(now time.Time) []poller.AccountStatus {
	north := poller.AccountStatus{
		Name: "north", Console: "console.example.com",
		Credentials: []poller.CredentialStatus{
			{Name: "export", Kind: runzero.ExportToken, State: poller.CredentialWorks},
			{Name: "account", Kind: runzero.AccountCredential, State: poller.CredentialRejected, Advice: "check that it has not been revoked"},
		},
		Polls: []*poller.Status{
			{Collector: "console", State: poller.StateGood, LastSuccess: now.Add(-time.Minute), Next: now.Add(time.Hour), Interval: time.Hour, Duration: 1500 * time.Millisecond, Outcomes: "++-+", Series: 2},
			{
				Organization: "Example", Collector: "explorers", State: poller.StateFailing, Running: true, LastSuccess: now.Add(-2 * time.Hour), Next: now.Add(time.Hour),
				Interval: 15 * time.Minute, Failures: 2, Outcomes: "+--", Series: 14, Cause: runzero.Rejected, Credential: "account",
				Error: "/account/agents: 401 Unauthorized", Advice: "check that it has not been revoked",
			},
			{Collector: "license", State: poller.StateUnsupported, Interval: 6 * time.Hour, Error: "not supported: it takes an account credential"},
		},
	}
	q := &north.Quota
	q.Share.Share, q.Share.Reserve, q.Succeeded, q.Spent, q.Budget = 0.5, 0.1, true, 321, 500
	q.Limit, q.LimitSource, q.Remaining = 1000, "header", runzero.Known(90)
	q.Reset, q.Exhaustion, q.Paused = now.Add(9*time.Hour), now.Add(time.Hour), map[string]bool{"reserve": true, "auth": true, "quota": false}
	east := poller.AccountStatus{
		Name: "east", Console: "east.example.com", Credentials: []poller.CredentialStatus{{Name: "default", State: poller.CredentialUntried}},
		Polls: []*poller.Status{{Collector: "discovery", State: poller.StateWaiting}},
	}
	return []poller.AccountStatus{north, east}
}

func TestStatusIsWhatItsDocumentSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := get(handler(func(c *web.Config) {
			now := time.Now()
			c.Started = now.Add(-time.Hour)
			c.Status = func() []poller.AccountStatus { return northAndEast(now) }
			c.Replica = sharing(poller.Replica{Leader: "pod-a", Since: now.Add(-3 * time.Hour), StoreUp: true, Synced: now.Add(-1200 * time.Millisecond)})
		}), "/api/v1/status")
		if kind := got.Header().Get("Content-Type"); got.Code != 200 || kind != "application/json" {
			t.Fatalf("%d, %s", got.Code, kind)
		}
		const golden = "testdata/status.json"
		if *update {
			if err := os.WriteFile(golden, got.Body.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != got.Body.String() {
			t.Errorf("%v: it differs from %s: %s", err, golden, got.Body)
		}
		document, err := openapi3.NewLoader().LoadFromFile("../../docs/status-api.yml")
		if err != nil {
			t.Fatal(err)
		}
		if err := document.Validate(t.Context()); err != nil {
			t.Error(err)
		}
		var status any
		if err := json.Unmarshal(got.Body.Bytes(), &status); err != nil {
			t.Fatal(err)
		}
		schemas := document.Components.Schemas
		if err := schemas["Status"].Value.VisitJSON(status); err != nil {
			t.Error(err)
		}
		seen := map[string]bool{}
		collect(status, seen)
		for name, schema := range schemas {
			for field := range schema.Value.Properties {
				if !seen[field] {
					t.Errorf("nothing has the field %s of %s", field, name)
				}
			}
		}
	})
}

// collect notes the names of all fields.
func collect(value any, names map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for name, each := range v {
			names[name] = true
			collect(each, names)
		}
	case []any:
		for _, each := range v {
			collect(each, names)
		}
	}
}
