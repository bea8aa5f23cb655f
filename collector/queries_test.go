package collector

import (
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestQueries(t *testing.T) {
	for _, test := range []struct {
		name, body string
		query      Query
	}{
		{"query", `{"id":"1","organization_id":"` + acmeID + `"}` + "\n" + `{"id":"2"}`, Query{Name: "exposed", Of: "assets", Search: "has_public:t"}},
		{"query-none", ``, Query{Name: " not\nclean ", Of: "assets"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			golden(t, test.name, collect(t, test.query.collect, responses{assetsPath: {body: test.body}}, Poll{}).Families)
		})
	}
}

func TestQueryMakesOneRequest(t *testing.T) {
	for _, of := range runzero.CountOf() {
		var requests []string
		api := client(t, accountToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests = append(requests, strings.TrimPrefix(r.URL.Path, "/api/v1.0")+" "+r.URL.Query().Get("_oid")+" "+r.URL.Query().Get("search"))
			w.Header().Set("Content-Type", "application/json")
		}))
		collect(t, Query{Name: "q", Of: of, Search: "a:b or c"}.collect, nil, Poll{API: api})
		if want := "/export/org/" + of + ".jsonl " + acmeID + " a:b or c"; len(requests) != 1 || requests[0] != want {
			t.Errorf("requests are %q, want %q once", requests, want)
		}
	}
}

func TestQuerySpec(t *testing.T) {
	spec := QuerySpec(Query{Name: "exposed", Of: "assets"})
	if spec.Name != "queries/exposed" || spec.Scope != PerOrganization || spec.Needs != runzero.ExportToken || spec.AccountWide != nil || spec.OffByDefault {
		t.Errorf("spec is %+v", spec)
	}
	s := collect(t, spec.Collect, responses{assetsPath: {body: `{"id":"1"}`}}, Poll{})
	wantSeries(t, s, "runzero_query", `runzero_query_results{query="exposed"} 1`)
}
