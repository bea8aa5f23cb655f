package web_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// Whatever --web.telemetry-path is, it is refused, or the metrics are there and nowhere else.
func TestTelemetryPath(t *testing.T) {
	accepted := []string{"/", "/metrics", "/metrics/", "/m", "/a/b", "/a.b/~c_d-e", "/...", "/configuration", "/debugging", "/-", "/nothing", "/sd", "/api/metrics"}
	paths := slices.Clone(accepted)
	paths = append(paths, "", "metrics", "/..", "/.", "/../", "/a/..", "/a/../metrics", "/./metrics", "/metrics/.", "/../../etc", "//", "//a", "/a//b", "/a//",
		"/config", "/config/", "/-/", "/-/ready", "/-/healthy", "/-/reload", "/-/x", "/debug/", "/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/x", "/sd/", "/sd/organizations", "/sd/x", "/api/v1/status", "/api/v1/",
		"/{x}", "/{$}", "/a b", "/a?b", "/a#b", "/%2e%2e", "/a%2fb", "GET /metrics", "/ü", "/a\n")
	for _, path := range paths {
		err := web.CheckTelemetryPath(path)
		if (err == nil) != slices.Contains(accepted, path) {
			t.Errorf("%q: %v", path, err)
		}
		if err != nil {
			if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, "write it like /metrics") {
				t.Errorf("%q: the error is %q", path, text)
			}
			continue
		}
		h := handler(func(c *web.Config) { c.TelemetryPath, c.Pprof = path, true })
		for _, requested := range []string{path, "/", "/metrics", path + "x", path + "/x", "/somewhere", "/config"} {
			got := get(h, strings.ReplaceAll(requested, "//", "/"))
			if metrics := strings.Contains(got.Body.String(), "promhttp_metric_handler_requests_total"); metrics != (requested == path) {
				t.Errorf("with %q, %q has metrics: %t, status %d", path, requested, metrics, got.Code)
			}
		}
	}
}

// large gathers about 5 MB.
var large = prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
	var families []*dto.MetricFamily
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		help, value := strings.Repeat("x", 1<<20), 1.0
		families = append(families, &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}}})
	}
	return families, nil
})

// Clients that request the metrics and never read them take all places, for at most 30 s.
func TestSlowReadersLoseTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		logger := level.NewFilter(log.NewLogfmtLogger(log.NewSyncWriter(&logged)), level.AllowInfo())
		connect := serve(t, logger, handler(func(c *web.Config) { c.Logger, c.Gatherer, c.MaxRequests = logger, large, 40 }))
		const request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
		scrape := func() (code int, size int64) {
			connection := connect()
			go func() { _, _ = io.WriteString(connection, request) }()
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Fatal(err)
			}
			size, err = io.Copy(io.Discard, response.Body)
			if err != nil {
				t.Error(err)
			}
			return response.StatusCode, size
		}
		for range 40 {
			if _, err := io.WriteString(connect(), request); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if code, _ := scrape(); code != http.StatusServiceUnavailable {
			t.Errorf("while nobody reads: %d", code)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if code, size := scrape(); code != http.StatusOK || size < 5<<20 {
			t.Errorf("after 30 s: %d, %d bytes", code, size)
		}
		if logged.Len() > 0 {
			t.Errorf("logged: %s", logged.String())
		}
	})
}

func TestFailedScrapesAreLogged(t *testing.T) {
	var logged bytes.Buffer
	h := handler(func(c *web.Config) {
		c.Logger = log.NewLogfmtLogger(&logged)
		c.Gatherer = prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, errors.New("two series are the same") })
	})
	if got := get(h, "/metrics"); got.Code != http.StatusInternalServerError {
		t.Errorf("status %d", got.Code)
	}
	if want := "level=error msg=\"a scrape failed\" err=\"error gathering metrics: two series are the same\"\n"; logged.String() != want {
		t.Errorf("logged %s, want %s", logged.String(), want)
	}
}
