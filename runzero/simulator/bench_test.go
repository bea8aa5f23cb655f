package simulator

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

const typicalFields = "id,organization_id,site_id,site_name,alive,scanned,type,os,os_vendor,os_product,risk,criticality,first_seen,last_seen,eol_os,sources,outlier_score,service_count,vulnerability_count"

type sink struct {
	header http.Header
	n      int64
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(b []byte) (int, error) { s.n += int64(len(b)); return len(b), nil }

func benchmarkAssets(b *testing.B, path string) { benchmarkRows(b, "assets", path) }

// benchmarkRows writes an export; the fleet is always the same.
func benchmarkRows(b *testing.B, of, path string) {
	const assets = 100000
	c, _ := newConsole(Options{Assets: assets, Limit: -1, Burst: 1 << 30})
	rows := c.Rows(0, of)
	b.ReportAllocs()
	var n int64
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/api/v1.0"+path, nil)
		r.Header.Set("Authorization", "Bearer "+c.ExportToken(0))
		w := &sink{header: http.Header{}}
		c.ServeHTTP(w, r)
		n = w.n
	}
	b.SetBytes(n)
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkProjectedLines(b *testing.B) {
	benchmarkAssets(b, "/export/org/assets.jsonl?fields="+typicalFields)
}

func BenchmarkFullLines(b *testing.B) { benchmarkAssets(b, "/export/org/assets.jsonl") }

func BenchmarkServices(b *testing.B) {
	benchmarkRows(b, "services", "/export/org/services.jsonl?fields=id,organization_id,service_port,service_protocol,service_transport")
}

func BenchmarkVulnerabilities(b *testing.B) {
	benchmarkRows(b, "vulnerabilities", "/export/org/vulnerabilities.jsonl?fields=id,organization_id,site_name,vulnerability_severity")
}

func BenchmarkSoftware(b *testing.B) {
	benchmarkRows(b, "software", "/export/org/software.jsonl?fields=id,organization_id,software_vendor,software_product")
}

func BenchmarkCertificates(b *testing.B) {
	benchmarkRows(b, "certificates", "/export/org/certificates.jsonl")
}

func BenchmarkFindings(b *testing.B) { benchmarkRows(b, "findings", "/export/org/findings.json") }

func BenchmarkSites(b *testing.B) {
	c, clk := newConsole(Options{Assets: 100000})
	for b.Loop() {
		clk.Advance(3600e9)
		c.view().counts(c.orgs[0])
	}
}
