package exporter_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Prometheus gets bytes that were ready, the same that promhttp would send, from an exporter of two accounts.
func TestScrapesAreAsOfPromhttp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomers(t, "")
		theirs := promhttp.HandlerFor(c.Exporter, promhttp.HandlerOpts{EnableOpenMetrics: true})
		for _, accept := range []string{
			"text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.3",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,*/*;q=0.1",
		} {
			scrape := func(h http.Handler) (header http.Header, body string) {
				request := httptest.NewRequest(http.MethodGet, "http://exporter:10026/metrics", nil)
				request.Header.Set("Accept", accept)
				request.Header.Set("Accept-Encoding", "gzip")
				recorder := httptest.NewRecorder()
				h.ServeHTTP(recorder, request)
				unzip, err := gzip.NewReader(recorder.Body)
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(unzip)
				if err != nil {
					t.Fatal(err)
				}
				return recorder.Header(), string(text)
			}
			got, body := scrape(c.handler)
			want, wanted := scrape(theirs)
			if got.Get("Content-Length") == "" || got.Get("Content-Type") != want.Get("Content-Type") || body != wanted || len(body) < 10_000 {
				t.Errorf("%s: %v, %d bytes, want %v, %d bytes", accept, got, len(body), want, len(wanted))
			}
		}
	})
}
