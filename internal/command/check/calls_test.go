package check

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestNeverReadsWholeExports(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 20_000})
	var sent atomic.Int64
	counting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		console.ServeHTTP(countingWriter{w, &sent}, r)
	})
	unlimited, all := options(console.ExportToken(0)), options(console.ExportToken(0))
	unlimited.Flags.AssetSearch = "alive:t or alive:f"
	harness.EnableAll(&all.Flags)
	for _, o := range []Options{unlimited, all} {
		sent.Store(0)
		check(t, o, console, counting).want(t, "ok collector assets: yes")
		if n := sent.Load(); n > 1<<20 {
			t.Errorf("the console sent %d bytes", n)
		}
	}
	for _, call := range console.Calls() {
		if strings.HasPrefix(call.Path, "/export/org/assets.jsonl") && !strings.Contains(call.Query, "search=") {
			t.Errorf("requested all assets, want the search %s: %s", url.QueryEscape(noAsset), call.Query)
		}
	}
}

type countingWriter struct {
	http.ResponseWriter

	n *atomic.Int64
}

func (w countingWriter) Write(b []byte) (int, error) {
	w.n.Add(int64(len(b)))
	return w.ResponseWriter.Write(b)
}

func TestStopsAtTheAnnouncedCalls(t *testing.T) {
	// Each request is redirected three times, which nobody could announce.
	console := simulator.New(simulator.Options{Assets: 40})
	var requests atomic.Int64
	redirecting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		query := r.URL.Query()
		if hops := query.Get("hops"); len(hops) < 3 {
			query.Set("hops", hops+"x")
			http.Redirect(w, r, r.URL.Path+"?"+query.Encode(), http.StatusTemporaryRedirect)
			return
		}
		console.ServeHTTP(w, r)
	})
	got := check(t, options(console.AccountToken()), console, redirecting)
	if announced := got.announced(t); requests.Load() != int64(announced) {
		t.Errorf("%d requests, %d announced: %s", requests.Load(), announced, got.out)
	}
	got.want(t, "warning collector sites: "+errAnnounced.Error())
}

// The check itself, in helpers_test.go, compares requests and announcement.
func TestAnnouncesEnoughWhateverFails(t *testing.T) {
	for _, fault := range []simulator.Fault{{Status: 500}, {Status: 404}, {Truncate: 10}} {
		for _, path := range []string{"", "/account/orgs", "/org", "/account/sites", "/export/org/tasks.jsonl", "/export/org/assets.json", "/export/org/users.jsonl"} {
			fault.Path = path
			console := simulator.New(simulator.Options{Assets: 40})
			console.Inject(fault)
			for _, token := range []string{console.ExportToken(0), console.OrganizationToken(0), console.AccountToken(), "unknown"} {
				o := options(token)
				o.Flags.Collectors["directory"] = config.CollectorFlags{Enabled: true}
				check(t, o, console, nil)
			}
		}
	}
}
