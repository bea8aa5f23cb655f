package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
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

// BenchmarkExport writes exports of the same assets.
func BenchmarkExport(b *testing.B) {
	for _, path := range []string{
		"assets.jsonl", "assets.jsonl?fields=" + typicalFields,
		"services.jsonl?fields=id,organization_id,service_port,service_protocol,service_transport",
		"vulnerabilities.jsonl?fields=id,organization_id,site_name,vulnerability_severity",
		"software.jsonl?fields=id,organization_id,software_vendor,software_product",
		"certificates.jsonl", "findings.json",
	} {
		b.Run(path, func(b *testing.B) {
			c, _ := newConsole(Options{Assets: 100000, Limit: -1, Burst: 1 << 30})
			export, _, _ := strings.Cut(path, ".")
			rows := c.Rows(0, export)
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/api/v1.0/export/org/"+path, nil)
				r.Header.Set("Authorization", "Bearer "+c.ExportToken(0))
				w := &sink{header: http.Header{}}
				c.ServeHTTP(w, r)
				b.SetBytes(w.n)
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkSites(b *testing.B) {
	c, clk := newConsole(Options{Assets: 100000})
	for b.Loop() {
		clk.Advance(3600e9)
		c.view().counts(c.orgs[0])
	}
}
