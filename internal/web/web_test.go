package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

func handler(change func(*web.Config)) http.Handler {
	registry := prometheus.NewRegistry()
	c := web.Config{
		Logger:        log.NewNopLogger(),
		TelemetryPath: "/metrics",
		Gatherer:      registry,
		Registry:      registry,
		Organizations: func() []poller.Organization { return nil },
		Of: func(texts []string) (prometheus.Gatherer, error) {
			return nil, fmt.Errorf("no organization %q is polled", texts)
		},
		Targets: func(discovery string, _ []string) ([]json.RawMessage, error) {
			return nil, fmt.Errorf("there is no discovery %q", discovery)
		},
		Ready:         func() bool { return true },
		Status:        func() []poller.AccountStatus { return nil },
		Started:       time.Now().Add(-90 * time.Minute),
		Configuration: func() string { return "accounts: []\n" },
		Version:       "1.2.3",
	}
	if change != nil {
		change(&c)
	}
	return web.New(c)
}

func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

func TestPages(t *testing.T) {
	ready := false
	h := handler(func(c *web.Config) { c.Ready = func() bool { return ready } })
	for _, c := range []struct {
		path string
		code int
	}{
		{"/", 200}, {"/metrics", 200}, {"/-/healthy", 200}, {"/-/ready", 503}, {"/nothing", 404}, {"/debug/pprof/", 404}, {"/config", 200}, {"/sd/organizations", 200},
	} {
		if got := get(h, c.path); got.Code != c.code {
			t.Errorf("%s: %d, want %d", c.path, got.Code, c.code)
		}
	}
	ready = true
	if got := get(h, "/-/ready"); got.Code != 200 {
		t.Errorf("ready: %d", got.Code)
	}
	if got := get(handler(func(c *web.Config) { c.Pprof = true }), "/debug/pprof/goroutine?debug=1"); got.Code != 200 {
		t.Errorf("pprof, when enabled: %d", got.Code)
	}
}

func TestOpenMetricsIsNegotiated(t *testing.T) {
	got := get(handler(nil), "/metrics", "Accept", "application/openmetrics-text;version=1.0.0")
	if !strings.HasPrefix(got.Header().Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(got.Body.String(), "# EOF\n") {
		t.Errorf("%s: …%s", got.Header().Get("Content-Type"), got.Body.String()[max(0, got.Body.Len()-40):])
	}
}

func TestConcurrentScrapesAreBounded(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := prometheus.NewRegistry()
	slow.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "slow"}, func() float64 {
		entered <- struct{}{}
		<-leave
		return 1
	}))
	h := handler(func(c *web.Config) { c.Gatherer, c.MaxRequests = slow, 1 })
	done := make(chan int)
	go func() { done <- get(h, "/metrics").Code }()
	<-entered
	if got := get(h, "/metrics"); got.Code != http.StatusServiceUnavailable {
		t.Errorf("a second scrape: %d", got.Code)
	}
	close(leave)
	if code := <-done; code != 200 {
		t.Errorf("the first scrape: %d", code)
	}
}

func TestSlogWritesToTheGoKitLogger(t *testing.T) {
	var out bytes.Buffer
	logger := web.Slog(level.NewFilter(log.NewLogfmtLogger(&out), level.AllowInfo()))
	logger.Debug("filtered")
	logger.With("a", 1).Warn("logged", "b", 2)
	logger.Error("broken", "err", http.ErrServerClosed)
	want := "level=warn a=1 msg=logged b=2\nlevel=error msg=broken err=\"http: Server closed\"\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestReload(t *testing.T) {
	reloads, failure := 0, error(nil)
	allowed := func(c *web.Config) {
		c.Reload = func(context.Context) error { reloads++; return failure }
	}
	for _, c := range []struct {
		what    string
		method  string
		change  func(*web.Config)
		failure error
		code    int
		reloads int
		body    string
	}{
		{"off", http.MethodPost, nil, nil, http.StatusForbidden, 0, "--web.enable-lifecycle"},
		{"on", http.MethodPost, allowed, nil, http.StatusOK, 1, "was reloaded"},
		{"by PUT", http.MethodPut, allowed, nil, http.StatusOK, 1, "was reloaded"},
		{"by a link", http.MethodGet, allowed, nil, http.StatusMethodNotAllowed, 0, ""},
		{"of a bad file", http.MethodPost, allowed, errors.New("/etc/PLANTED.yml:3: no"), http.StatusInternalServerError, 1, "see the log"},
	} {
		reloads, failure = 0, c.failure
		recorder := httptest.NewRecorder()
		handler(c.change).ServeHTTP(recorder, httptest.NewRequest(c.method, "/-/reload", nil))
		if recorder.Code != c.code || reloads != c.reloads || !strings.Contains(recorder.Body.String(), c.body) || strings.Contains(recorder.Body.String(), "PLANTED") {
			t.Errorf("%s: %d after %d reloads: %s", c.what, recorder.Code, reloads, recorder.Body)
		}
	}
}
