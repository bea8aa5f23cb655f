package web

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
)

// scrapeTimeout is how long a response to a scrape may take, reading included. A client that reads more slowly would
// take a place from Prometheus, of which there are MaxRequests; Prometheus itself gives up after 10 s by default.
const scrapeTimeout = 30 * time.Second

// plainPath matches paths without anything that a URL would have to escape.
var plainPath = regexp.MustCompile(`^/([A-Za-z0-9_.~-]+/?)*$`)

// CheckTelemetryPath checks the path of the metrics: http.ServeMux must leave it as it is, and nothing else may be
// served there.
func CheckTelemetryPath(p string) error {
	bare := strings.TrimSuffix(p, "/")
	switch {
	case !plainPath.MatchString(p) || path.Clean(p) != "/"+strings.TrimPrefix(bare, "/"):
		return fmt.Errorf("%q is not a plain path: write it like /metrics", p)
	case bare == "/config" || strings.HasPrefix(p, "/-/") || strings.HasPrefix(p, "/debug/") || strings.HasPrefix(p, "/sd/") || strings.HasPrefix(p, "/api/v1/"):
		return fmt.Errorf("%q is taken: the path must not be /config and not begin with /-/, /api/v1/, /debug/ or /sd/; write it like /metrics", p)
	}
	return nil
}

// exactly is the pattern that matches the path and nothing below it.
func exactly(p string) string {
	if strings.HasSuffix(p, "/") {
		return "GET " + p + "{$}"
	}
	return "GET " + p
}

// metrics serves everything, or with ?organization= the series of these organizations alone.
func metrics(c Config) http.Handler {
	options := promhttp.HandlerOpts{
		ErrorLog:          errorLog{c.Logger},
		ErrorHandling:     promhttp.ContinueOnError,
		EnableOpenMetrics: true,
	}
	if c.Registry != nil {
		options.Registry = c.Registry
	}
	everything := exposition.NewHandler(c.Gatherer, options)
	handler := atMost(c.MaxRequests, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		organizations, selected := r.URL.Query()["organization"]
		if !selected {
			everything.ServeHTTP(w, r)
			return
		}
		gatherer, err := c.Of(organizations)
		if err != nil {
			respond(w, http.StatusNotFound, fmt.Sprintf("Not found: %v; %s lists those that are.", err, organizationsPath))
			return
		}
		promhttp.HandlerFor(gatherer, options).ServeHTTP(w, r)
	}))
	if c.Registry != nil {
		handler = promhttp.InstrumentMetricHandler(c.Registry, handler)
	}
	return limited(handler)
}

// atMost refuses requests while so many are being answered; 0: never. promhttp has the same for each of its handlers,
// but all scrapes share the places.
func atMost(requests int, next http.Handler) http.Handler {
	if requests <= 0 {
		return next
	}
	places := make(chan struct{}, requests)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(w, r)
		default:
			respond(w, http.StatusServiceUnavailable, fmt.Sprintf("Already %d scrapes at the same time, which is --web.max-requests: try again later.", requests))
		}
	})
}

// limited ends a response after scrapeTimeout.
func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// It fails for a writer that is not a connection's. Those do not block.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(scrapeTimeout))
		next.ServeHTTP(&scrapeWriter{ResponseWriter: w}, r)
	})
}

// scrapeWriter marks errors of the connection, so that they are told apart from our own.
type scrapeWriter struct{ http.ResponseWriter }

var errClient = errors.New("the client is gone or reads too slowly")

func (w *scrapeWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	if err != nil {
		err = fmt.Errorf("%w: %w", errClient, err)
	}
	return n, err
}

type errorLog struct{ logger log.Logger }

// Println logs an error of promhttp, its last argument. Clients that go away are not our errors, and promhttp reports
// each family that it could not send to them.
func (l errorLog) Println(v ...any) {
	if err, ok := v[len(v)-1].(error); ok && errors.Is(err, errClient) {
		level.Debug(l.logger).Log("msg", "a scrape ended early", "err", err)
		return
	}
	level.Error(l.logger).Log("msg", "a scrape failed", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}
