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
	case bare == "/config" || strings.HasPrefix(p, "/-/") || strings.HasPrefix(p, "/debug/"):
		return fmt.Errorf("%q is taken: the path must not be /config and not begin with /-/ or /debug/; write it like /metrics", p)
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

func metrics(c Config) http.Handler {
	options := promhttp.HandlerOpts{
		ErrorLog:            errorLog{c.Logger},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: c.MaxRequests,
		EnableOpenMetrics:   true,
	}
	if c.Registry == nil {
		return limited(promhttp.HandlerFor(c.Gatherer, options))
	}
	options.Registry = c.Registry
	return limited(promhttp.InstrumentMetricHandler(c.Registry, promhttp.HandlerFor(c.Gatherer, options)))
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
