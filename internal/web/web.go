// Package web serves what the exporter exposes: metrics to Prometheus, the status page to
// people, health and readiness to whatever runs it.
//
// It knows nothing of polls but their published state, and makes no API call.
package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

// Config says what the handler serves, and where.
type Config struct {
	Logger        log.Logger
	TelemetryPath string                       // which CheckTelemetryPath accepts
	Gatherer      prometheus.Gatherer          // an exposition.Source is scraped at the cost of copying
	Organizations func() []poller.Organization // that are polled
	// Of returns a gatherer of the series of the organizations that texts name; an error when one is not polled.
	Of func(texts []string) (prometheus.Gatherer, error)
	// Targets returns arrays of what a discovery has found in the organizations that texts name, of all without any; an
	// error when there is no such discovery or organization, poller.ErrIncomplete when the list would not be complete.
	Targets       func(discovery string, texts []string) ([]json.RawMessage, error)
	Registry      *prometheus.Registry          // for the metrics of the scrapes themselves; nil: not wanted
	MaxRequests   int                           // scrapes at the same time; 0: no limit
	Ready         func() bool                   // whether every poll has had a result
	Status        func() []poller.AccountStatus // of every account
	Configuration func() string                 // in force, without secrets
	Version       string                        // shown on the page
	Started       time.Time                     // when the process began
	Replica       func() (poller.Replica, bool) // this one of several; false: there are no others
	GrafanaURL    string                        // where the dashboards are, without a slash at the end; empty: unknown
	Demo          bool                          // the page says that the console is simulated
	Pprof         bool                          // serve profiles under /debug/pprof/
	Reload        func(context.Context) error   // loads the configuration again; nil: forbidden
}

// New makes the handler of everything.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(exactly(c.TelemetryPath), metrics(c))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, "runzero_exporter is healthy.")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !c.Ready() {
			respond(w, http.StatusServiceUnavailable, "runzero_exporter is not ready: "+c.leader(time.Now()).unready()+".")
			return
		}
		respond(w, http.StatusOK, "runzero_exporter is ready.")
	})
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, strings.TrimSuffix(c.Configuration(), "\n"))
	})
	mux.HandleFunc("GET "+organizationsPath, c.organizations)
	mux.Handle("GET "+discoveryPath+"{name}", targets(c))
	mux.HandleFunc("GET "+statusPath, c.serveStatus)
	mux.HandleFunc("POST /-/reload", c.reload)
	mux.HandleFunc("PUT /-/reload", c.reload)
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

func (c Config) reload(w http.ResponseWriter, r *http.Request) {
	switch {
	case c.Reload == nil:
		respond(w, http.StatusForbidden, "Reloading over the web is disabled: start runzero_exporter with --web.enable-lifecycle, or send it SIGHUP.")
	case c.Reload(r.Context()) != nil: // the error may name files and accounts: it is in the log, not on the web
		respond(w, http.StatusInternalServerError, "The reload failed, and the previous configuration stays in force: see the log.")
	default:
		respond(w, http.StatusOK, "The configuration was reloaded.")
	}
}

func respond(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}
