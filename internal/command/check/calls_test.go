//go:build port

package check

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestCheckNeverExportsAll(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 200_000})
	var sent atomic.Int64
	count := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&countingWriter{ResponseWriter: w, n: &sent}, r)
		})
	}
	for _, args := range [][]string{nil, {"--collector.assets.search=alive:t or alive:f"}, everything()} {
		sent.Store(0)
		got := checkConsole(t, console, count, console.ExportToken(0), args...)
		for _, collector := range []string{"assets", "services", "software", "vulnerabilities"} {
			if collector == "assets" || slices.Contains(args, "--collector."+collector) {
				got.want(t, fine, "collector "+collector, "yes")
			}
		}
		if n := sent.Load(); n > 8<<20 {
			t.Errorf("%v: %d bytes were sent", args, n)
		}
		calls := console.Calls()
		if last := calls[len(calls)-1]; args == nil && !strings.Contains(last.Query, "search="+url.QueryEscape(nothing)) {
			t.Errorf("asked %s?%s, which is more than it takes", last.Path, last.Query)
		}
	}
}

type countingWriter struct {
	http.ResponseWriter

	n *atomic.Int64
}

func (w *countingWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.n.Add(int64(n))
	return n, err
}

func TestCheckSpendsNoMoreThanItAnnounced(t *testing.T) {
	// Each request is redirected three times, which the announcement knows nothing of.
	redirecting := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hops := r.URL.Query().Get("hops"); len(hops) < 3 {
				query := r.URL.Query()
				query.Set("hops", hops+"x")
				http.Redirect(w, r, r.URL.Path+"?"+query.Encode(), http.StatusTemporaryRedirect)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	console := simulator.New(simulator.Options{Assets: 40})
	var requests atomic.Int64
	counted := func(next http.Handler) http.Handler {
		next = redirecting(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			next.ServeHTTP(w, r)
		})
	}
	got := checkConsole(t, console, counted, console.AccountToken())
	if announced := got.announced(t); requests.Load() != int64(announced) {
		t.Errorf("%d requests, and %d were announced: %s", requests.Load(), announced, got.out)
	}
	got.want(t, warning, "collector sites", errAnnounced.Error())

	for _, fault := range []simulator.Fault{{Status: 500}, {Status: 403}, {Status: 404}, {Status: 429}, {Drop: true}, {Truncate: 10}} {
		for _, path := range []string{"", "/health", "/account/orgs", "/org", "/account/sites", "/export/org/tasks.jsonl", "/export/org/assets.json", "/export/org/users.jsonl"} {
			fault.Path = path
			for kind := range 4 {
				console := simulator.New(simulator.Options{Assets: 40})
				console.Inject(fault)
				token := []string{console.ExportToken(0), console.OrganizationToken(0), console.AccountToken(), "unknown"}[kind]
				checkConsole(t, console, nil, token, "--collector.hosted_zones", "--collector.directory")
			}
		}
	}
}
