package collector

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const (
	benchAssets = 100_000
	testAssets  = 20_000 // enough, and fast with the race detector
)

// benchBody is the response of a console with this number of assets to a collector.
func benchBody(tb testing.TB, name string, assets int) []byte {
	tb.Helper()
	console := simulator.New(simulator.Options{Seed: 1, Assets: assets})
	recorder := httptest.NewRecorder()
	api := client(tb, console.ExportToken(0), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		console.ServeHTTP(recorder, r)
		http.NotFound(w, r) // the poll is only there to make the request
	}))
	if _, err := collectorOf(tb, name, defaults()).Collect(tb.Context(), Poll{API: api}); err == nil || recorder.Code != http.StatusOK {
		tb.Fatalf("status %d, error %v", recorder.Code, err)
	}
	return recorder.Body.Bytes()
}

// link serves body at a number of bytes per second; 0: unlimited.
func link(tb testing.TB, body []byte, encoding string, bytesPerSecond int) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		start := time.Now()
		for sent := 0; sent < len(body); {
			chunk := body[sent:min(sent+64<<10, len(body))]
			if _, err := w.Write(chunk); err != nil {
				return
			}
			sent += len(chunk)
			if bytesPerSecond > 0 {
				due := time.Duration(float64(sent) / float64(bytesPerSecond) * float64(time.Second))
				if wait := due - time.Since(start); wait > 0 {
					<-time.After(wait)
				}
			}
		}
	}))
	tb.Cleanup(server.Close)
	return server
}

// count makes a poll.
func count(tb testing.TB, server *httptest.Server) { poll(tb, server, "assets", 100) }

func poll(tb testing.TB, server *httptest.Server, name string, n int) {
	api, err := runzero.New(runzero.Config{URL: server.URL, HTTP: config.HTTPClientConfig{
		Authorization: &config.Authorization{Credentials: exportToken},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := collectorOf(tb, name, top(n)).Collect(tb.Context(), Poll{API: api, Now: time.Now()}); err != nil {
		tb.Fatal(err)
	}
}

// jsonAsset has the same fields for encoding/json.
type jsonAsset struct {
	ID             string   `json:"id"`
	OrganizationID string   `json:"organization_id"`
	SiteID         string   `json:"site_id"`
	SiteName       string   `json:"site_name"`
	Type           string   `json:"type"`
	OS             string   `json:"os"`
	OSVendor       string   `json:"os_vendor"`
	OSProduct      string   `json:"os_product"`
	Risk           string   `json:"risk"`
	Criticality    string   `json:"criticality"`
	Alive          bool     `json:"alive"`
	Scanned        bool     `json:"scanned"`
	FirstSeen      int64    `json:"first_seen"`
	LastSeen       int64    `json:"last_seen"`
	EOL            int64    `json:"eol_os"`
	EOLExtended    int64    `json:"eol_os_ext"`
	Sources        []string `json:"sources"`
	Services       int64    `json:"service_count"`
	Software       int64    `json:"software_count"`
	Vulns          int64    `json:"vulnerability_count"`
}

// decode uses encoding/json and does not count anything.
func decode(tb testing.TB, server *httptest.Server) {
	fetch(tb, server, func(body io.Reader) {
		decoder := json.NewDecoder(body)
		for {
			var asset jsonAsset
			if err := decoder.Decode(&asset); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				tb.Fatal(err)
			}
		}
	})
}

// read only reads the response.
func read(tb testing.TB, server *httptest.Server) {
	fetch(tb, server, func(body io.Reader) {
		if _, err := io.Copy(io.Discard, body); err != nil {
			tb.Fatal(err)
		}
	})
}

func fetch(tb testing.TB, server *httptest.Server, f func(io.Reader)) {
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	f(response.Body)
}

// race runs count and other in turn, and reports their times and ratio.
func race(b *testing.B, server *httptest.Server, ours, theirs string, other func(testing.TB, *httptest.Server)) {
	var mine, its time.Duration
	for b.Loop() {
		start := time.Now()
		count(b, server)
		mine += time.Since(start)
		start = time.Now()
		other(b, server)
		its += time.Since(start)
	}
	b.ReportMetric(mine.Seconds()*1e9/float64(b.N)/benchAssets, ours+"-ns/asset")
	b.ReportMetric(its.Seconds()*1e9/float64(b.N)/benchAssets, theirs+"-ns/asset")
	b.ReportMetric(mine.Seconds()/its.Seconds(), "ratio")
}

func BenchmarkAssetsAgainstEncodingJSON(b *testing.B) {
	race(b, link(b, benchBody(b, "assets", benchAssets), "", 0), "counted", "decoded", decode)
}

func BenchmarkAssetsOverGigabit(b *testing.B) {
	race(b, link(b, benchBody(b, "assets", benchAssets), "", 1e9/8), "counted", "read", read)
}

func BenchmarkAssetsCompressedOverHundredMegabit(b *testing.B) {
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	if _, err := writer.Write(benchBody(b, "assets", benchAssets)); err != nil {
		b.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		b.Fatal(err)
	}
	race(b, link(b, compressed.Bytes(), "gzip", 1e8/8), "counted", "read", read)
}

// The id is allocated for each asset; label values only when they are new.
func TestOneAllocationPerAsset(t *testing.T) {
	if each := allocations(t, "assets", testAssets); each > 1.05 {
		t.Errorf("%.3f allocations an asset, want one, its id", each)
	}
}

// These exports can have a hundred records per asset. Lower-casing severities allocates.
func TestAtMostOneAllocationPerRecord(t *testing.T) {
	for name, most := range map[string]float64{"services": 0.05, "software": 0.05, "certificates": 0.05, "vulnerabilities": 1.05} {
		if each := allocations(t, name, testAssets/10); each > most {
			t.Errorf("%.3f allocations a row of %s, want at most %v", each, name, most)
		}
	}
}

// allocations returns the allocations for each record in the second half of an export, which
// leaves out the fixed cost of a poll.
func allocations(t *testing.T, name string, assets int) float64 {
	t.Helper()
	body := benchBody(t, name, assets)
	half := body[:bytes.LastIndexByte(body[:len(body)/2], '\n')+1]
	more := bytes.Count(body, []byte("\n")) - bytes.Count(half, []byte("\n"))
	allocated := func(body []byte) int {
		server := link(t, body, "", 0)
		poll(t, server, name, 5)
		least := math.MaxInt
		// The server of the test and the runtime allocate now and then, too: the least of a few
		// polls is what the poll itself allocates.
		for range 4 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			poll(t, server, name, 5)
			runtime.ReadMemStats(&after)
			least = min(least, int(after.Mallocs-before.Mallocs))
		}
		return least
	}
	return float64(allocated(body)-allocated(half)) / float64(more)
}
