// Package web serves what the exporter exposes: metrics to Prometheus, the status page to
// people, health and readiness to whatever runs it.
//
// It knows nothing of polls but their published state, and makes no API call.
package web

import (
	"context"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

// Config says what the handler serves, and where.
type Config struct {
	Logger        log.Logger
	TelemetryPath string
	// Gatherer gathers the metrics.
	Gatherer prometheus.Gatherer
	// Registry gets the metrics of the scrapes themselves; nil when they are not wanted.
	Registry *prometheus.Registry
	// MaxRequests bounds the number of scrapes at the same time; 0 is no limit.
	MaxRequests int
	// Ready reports whether every collector has had a result.
	Ready func() bool
	// Status is the state of every poll, and Quota a sentence on the quota of each account.
	Status func() []*poller.Status
	Quota  func() []string
	// Configuration is the one in force, without secrets.
	Configuration func() string
	// Version is shown on the page.
	Version string
	// Demo says on the page that the console is simulated.
	Demo bool
	// Pprof serves profiles under /debug/pprof/.
	Pprof bool
	// Reload loads the configuration again; nil when the web may not do that.
	Reload func(context.Context) error
}

// New makes the handler of everything.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+c.TelemetryPath, metrics(c))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, "runzero_exporter is healthy.")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if c.Ready() {
			respond(w, http.StatusOK, "runzero_exporter is ready.")
		} else {
			respond(w, http.StatusServiceUnavailable, "runzero_exporter is not ready: not every collector has had a result yet.")
		}
	})
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, strings.TrimSuffix(c.Configuration(), "\n"))
	})
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		mux.Handle(method+" /-/reload", reload(c))
	}
	if c.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	if c.TelemetryPath != "/" {
		mux.Handle("GET /{$}", page(c))
	}
	// A page of another site must not be able to reload the configuration through a visitor's browser.
	return withHeaders(http.NewCrossOriginProtection().Handler(mux))
}

func reload(c Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Reload == nil {
			respond(w, http.StatusForbidden, "Reloading over the web is disabled: start runzero_exporter with --web.enable-lifecycle, or send it SIGHUP.")
			return
		}
		// The error may name files and accounts: it is in the log, not on the web.
		if err := c.Reload(r.Context()); err != nil {
			respond(w, http.StatusInternalServerError, "The reload failed, and the previous configuration stays in force: see the log.")
			return
		}
		respond(w, http.StatusOK, "The configuration was reloaded.")
	})
}

func metrics(c Config) http.Handler {
	options := promhttp.HandlerOpts{
		ErrorLog:            errorLog{c.Logger},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: c.MaxRequests,
		EnableOpenMetrics:   true,
	}
	if c.Registry == nil {
		return promhttp.HandlerFor(c.Gatherer, options)
	}
	options.Registry = c.Registry
	return promhttp.InstrumentMetricHandler(c.Registry, promhttp.HandlerFor(c.Gatherer, options))
}

type errorLog struct{ logger log.Logger }

func (l errorLog) Println(v ...any) {
	level.Error(l.logger).Log("msg", "a scrape failed", "err", v)
}

func respond(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}
