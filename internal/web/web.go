// Package web is what the exporter shows: metrics for Prometheus, a page for people,
// health and readiness for whoever runs it.
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

// Config is what the handler shows and where.
type Config struct {
	Logger        log.Logger
	TelemetryPath string
	// Gatherer hands out the metrics.
	Gatherer prometheus.Gatherer
	// Registry takes the metrics of the scrapes themselves; nil when they are not
	// wanted.
	Registry *prometheus.Registry
	// MaxRequests bounds the scrapes that go on at once; 0 does not.
	MaxRequests int
	Ready       func() bool
	Status      func() []*poller.Status
	// Quota says in plain words how the quota of each account stands.
	Quota func() []string
	// Configuration is the one in force, without secrets.
	Configuration func() string
	// Version stands on the page.
	Version string
	Demo    bool
	Pprof   bool
	// Reload takes the configuration anew; nil when that is not allowed here.
	Reload func(context.Context) error
}

// New makes the handler of everything.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+c.TelemetryPath, metrics(c))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, "runzero_exporter is healthy.")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if c.Ready() {
			say(w, http.StatusOK, "runzero_exporter is ready.")
		} else {
			say(w, http.StatusServiceUnavailable, "runzero_exporter is not ready: not every collector has had an answer yet.")
		}
	})
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, strings.TrimSuffix(c.Configuration(), "\n"))
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
		mux.Handle("GET /{$}", landing(c))
	}
	// What a page of another site has a browser send is not what its user wants.
	return headers(http.NewCrossOriginProtection().Handler(mux))
}

func reload(c Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Reload == nil {
			say(w, http.StatusForbidden, "Reloading over the web is off: start runzero_exporter with --web.enable-lifecycle, or send it SIGHUP.")
			return
		}
		// What is wrong may name files and accounts: it is in the log, not on the web.
		if err := c.Reload(r.Context()); err != nil {
			say(w, http.StatusInternalServerError, "The configuration is not reloaded, and the one before stays in force: the log says what is wrong.")
			return
		}
		say(w, http.StatusOK, "The configuration is reloaded.")
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
	level.Error(l.logger).Log("msg", "a scrape went wrong", "err", v)
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}
