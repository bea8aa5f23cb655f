package collector

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const benchAssets = 100_000

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

// race runs a poll and other in turn, and reports their times and ratio.
func race(b *testing.B, server *httptest.Server, ours, theirs string, other func(testing.TB, *httptest.Server)) {
	var mine, its time.Duration
	for b.Loop() {
		start := time.Now()
		poll(b, server, "assets", 100)
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
