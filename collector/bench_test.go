package collector

import (
	"bytes"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// benchBody is the response of a console with this number of assets to a collector.
func benchBody(tb testing.TB, collect Collector, assets int) []byte {
	tb.Helper()
	console := simulator.New(simulator.Options{Seed: 1, Assets: assets})
	recorder := httptest.NewRecorder()
	api := client(tb, console.ExportToken(0), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		console.ServeHTTP(recorder, r)
		http.NotFound(w, r) // the poll is only there to make the request
	}))
	if _, err := collect(tb.Context(), Poll{API: api}); err == nil || recorder.Code != http.StatusOK {
		tb.Fatalf("status %d, error %v", recorder.Code, err)
	}
	return recorder.Body.Bytes()
}

// serve serves a body to every request.
func serve(tb testing.TB, body []byte) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(body)
	}))
	tb.Cleanup(server.Close)
	return server
}

func exportClient(tb testing.TB, server *httptest.Server) *runzero.Client {
	api, err := runzero.New(runzero.Config{URL: server.URL, HTTP: config.HTTPClientConfig{
		Authorization: &config.Authorization{Credentials: exportToken},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return api
}

func poll(tb testing.TB, server *httptest.Server, collect Collector) {
	if _, err := collect(tb.Context(), Poll{API: exportClient(tb, server), Now: time.Now()}); err != nil {
		tb.Fatal(err)
	}
}

// The exports of services, software, certificates and vulnerabilities can have a hundred records per asset. The id of
// an asset is allocated, and so is a severity in lower case; other label values only when they are new.
func TestAllocationsPerRecord(t *testing.T) {
	for _, test := range []struct {
		collector string
		tags      []string
		assets    int // enough for some thousand records
		most      float64
	}{
		{"assets", nil, 1500, 1.05},
		{"assets", []string{"env", "location"}, 1500, 1.05},
		{"services", nil, 300, 0.05},
		{"software", nil, 60, 0.05},
		{"certificates", nil, 3000, 0.05},
		{"vulnerabilities", nil, 300, 1.05},
	} {
		settings := top(5)
		settings.AssetTags = test.tags
		collect := collectorOf(t, test.collector, settings)
		body := benchBody(t, collect, test.assets)
		records := bytes.Count(body, []byte("\n"))
		// What a poll allocates once, and for new values, is in both.
		more := allocations(t, collect, slices.Repeat(body, 2)) - allocations(t, collect, body)
		if each := float64(more) / float64(records); each > test.most || records < 1000 {
			t.Errorf("%.3f allocations for each of %d records of %s by tags %v, want at most %v", each, records, test.collector, test.tags, test.most)
		}
	}
}

// allocations returns how often a poll of an export allocates. The server of the test and the
// runtime allocate now and then, too: the least of a few polls is what the poll itself does.
func allocations(t *testing.T, collect Collector, body []byte) int {
	t.Helper()
	server := serve(t, body)
	least := math.MaxInt
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		poll(t, server, collect)
		runtime.ReadMemStats(&after)
		least = min(least, int(after.Mallocs-before.Mallocs))
	}
	return least
}
