package collector

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

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

// decode reads the same export with encoding/json, and does not count anything.
func decode(tb testing.TB, server *httptest.Server) {
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	decoder := json.NewDecoder(response.Body)
	for {
		var asset jsonAsset
		if err := decoder.Decode(&asset); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkAssetsAgainstEncodingJSON runs a poll and the decoder in turn, and reports their times and ratio.
func BenchmarkAssetsAgainstEncodingJSON(b *testing.B) {
	const assets = 100_000
	collect := collectorOf(b, "assets", defaults())
	server := serve(b, benchBody(b, collect, assets))
	var counted, decoded time.Duration
	for b.Loop() {
		start := time.Now()
		poll(b, server, collect)
		counted += time.Since(start)
		start = time.Now()
		decode(b, server)
		decoded += time.Since(start)
	}
	b.ReportMetric(counted.Seconds()*1e9/float64(b.N)/assets, "counted-ns/asset")
	b.ReportMetric(decoded.Seconds()*1e9/float64(b.N)/assets, "decoded-ns/asset")
	b.ReportMetric(counted.Seconds()/decoded.Seconds(), "ratio")
}
