package collector

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

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
			golden(t, test.name, collect(t, NewQuery(test.query), answers{assetsPath: {body: test.body}}, Poll{}).Families)
		})
	}
}

func TestAQueryAsksOnceForWhatItSearches(t *testing.T) {
	for _, of := range runzero.CountOf() {
		var asked []string
		api := client(t, accountToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, strings.TrimPrefix(r.URL.Path, "/api/v1.0")+" "+r.URL.Query().Get("_oid")+" "+r.URL.Query().Get("search"))
			w.Header().Set("Content-Type", "application/json")
		}))
		collect(t, NewQuery(Query{Name: "q", Of: of, Search: "a:b or c"}), nil, Poll{API: api})
		if want := "/export/org/" + of + ".jsonl " + acmeID + " a:b or c"; len(asked) != 1 || asked[0] != want {
			t.Errorf("asked %q, want %q once", asked, want)
		}
	}
}

// A query that is wrong is a failure that somebody must mend; what a console does not
// have is not asked for each time.
func TestQueriesThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		name        string
		answer      answer
		unsupported bool
	}{
		{"a search that is not understood", answer{status: 422, body: `{"detail":"invalid search"}`}, false},
		{"and on older consoles", answer{status: 400, body: `{"error":"invalid search"}`}, false},
		{"no such export", answer{status: 404}, true},
		{"not licensed", answer{status: 403}, true},
		{"the token was revoked", answer{status: 401}, false},
		{"a failure", answer{status: 500}, false},
		{"a row of another organization", answer{body: `{"id":"1","organization_id":"` + otherID + `"}`}, false},
	} {
		for _, token := range []string{exportToken, "0123456789abcdef0123456789abcdef"} {
			t.Run(test.name+"/"+token[:2], func(t *testing.T) {
				poll := Poll{API: serve(t, token, answers{assetsPath: test.answer})}
				_, err := try(t, NewQuery(Query{Name: "exposed", Of: "assets"}), nil, poll)
				if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported || !strings.Contains(err.Error(), "query exposed") {
					t.Errorf("error is %v, want unsupported %v", err, test.unsupported)
				}
			})
		}
	}
	if _, err := try(t, NewQuery(Query{Name: "q", Of: "printers"}), nil, Poll{}); err == nil || errors.Is(err, ErrUnsupported) {
		t.Errorf("error is %v", err)
	}
}

func TestQuerySpec(t *testing.T) {
	spec := QuerySpec(Query{Name: "exposed", Of: "assets"}, time.Hour)
	if spec.Name != "queries/exposed" || spec.Scope != PerOrganization || spec.Needs != runzero.ExportToken || spec.Interval != time.Hour || spec.AccountWide != nil || spec.OffByDefault {
		t.Errorf("spec is %+v", spec)
	}
	s := collect(t, spec.New(defaults()), answers{assetsPath: {body: `{"id":"1"}`}}, Poll{})
	wantSeries(t, s, "runzero_query", `runzero_query_results{query="exposed"} 1`)
}
