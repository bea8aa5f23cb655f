package collector_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const (
	benchAssets = 100_000
	testAssets  = 20_000 // enough to tell, and quick under the race detector
)

// benchBody is what a console of that many assets answers the collector of this name.
func benchBody(tb testing.TB, name string, assets int) []byte {
	tb.Helper()
	console := simulator.New(simulator.Options{Seed: 1, Assets: assets})
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		console.ServeHTTP(w, r)
	}))
	defer server.Close()
	if _, err := benchCollector(tb, name, 100).Collect(tb.Context(), collector.Poll{API: benchClient(tb, server.URL)}); err == nil {
		tb.Fatal("answered without a token: it is asked for its query alone")
	}
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, asked, nil)
	request.Header.Set("Authorization", "Bearer "+console.ExportToken(0))
	console.ServeHTTP(recorder, request)
	return recorder.Body.Bytes()
}

// benchCollector is the collector of this name, which keeps so many values.
func benchCollector(tb testing.TB, name string, top int) collector.Collector {
	tb.Helper()
	for _, spec := range collector.Specs() {
		if spec.Name == name {
			return spec.New(collector.Settings{AssetLabels: []string{"site_name", "asset_type", "os", "alive"}, AssetTop: top})
		}
	}
	tb.Fatalf("no collector %s", name)
	return nil
}

func benchClient(tb testing.TB, url string) *runzero.Client {
	tb.Helper()
	client, err := runzero.New(runzero.Config{URL: url, HTTP: config.HTTPClientConfig{
		Authorization: &config.Authorization{Credentials: "ET0123456789"},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// link serves body at that many bytes a second; 0 is as fast as it goes.
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

// count is our side: decoding and counting, as a poll does it.
func count(tb testing.TB, server *httptest.Server) { poll(tb, server, "assets", 100) }

func poll(tb testing.TB, server *httptest.Server, name string, top int) {
	if _, err := benchCollector(tb, name, top).Collect(tb.Context(), collector.Poll{API: benchClient(tb, server.URL), Now: time.Now()}); err != nil {
		tb.Fatal(err)
	}
}

// jsonAsset is what the standard decoder needs for the same fields.
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

// decode is the other side: the standard decoder, which does not even count.
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

// read reads and does nothing else.
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

// compare runs both sides in turn and reports their times and ratio.
func compare(b *testing.B, server *httptest.Server, ours, theirs string, other func(testing.TB, *httptest.Server)) {
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
	compare(b, link(b, benchBody(b, "assets", benchAssets), "", 0), "counted", "decoded", decode)
}

func BenchmarkAssetsOverGigabit(b *testing.B) {
	compare(b, link(b, benchBody(b, "assets", benchAssets), "", 1e9/8), "counted", "read", read)
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
	compare(b, link(b, compressed.Bytes(), "gzip", 1e8/8), "counted", "read", read)
}

// TestAnAssetCostsOneAllocation allows for what new values cost: systems nobody had
// before.
func TestAnAssetCostsOneAllocation(t *testing.T) {
	if each := allocations(t, "assets", testAssets); each > 1.05 {
		t.Errorf("%.3f allocations an asset, want one, its id", each)
	}
}

// TestARowOfTheInventoryCostsAtMostOneAllocation is about exports that may have a hundred
// rows for each asset. Severities alone cost one, which is their lower case.
func TestARowOfTheInventoryCostsAtMostOneAllocation(t *testing.T) {
	for name, most := range map[string]float64{"services": 0.05, "software": 0.05, "certificates": 0.05, "vulnerabilities": 1.05} {
		if each := allocations(t, name, testAssets/10); each > most {
			t.Errorf("%.3f allocations a row of %s, want at most %v", each, name, most)
		}
	}
}

// allocations counts what each row of the second half of an export adds, which leaves
// out what a poll costs however many rows there are.
func allocations(t *testing.T, name string, assets int) float64 {
	t.Helper()
	whole := benchBody(t, name, assets)
	half := whole[:bytes.LastIndexByte(whole[:len(whole)/2], '\n')+1]
	more := bytes.Count(whole, []byte("\n")) - bytes.Count(half, []byte("\n"))
	allocated := func(body []byte) int {
		server := link(t, body, "", 0)
		poll(t, server, name, 5)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		poll(t, server, name, 5)
		runtime.ReadMemStats(&after)
		return int(after.Mallocs - before.Mallocs)
	}
	return float64(allocated(whole)-allocated(half)) / float64(more)
}
