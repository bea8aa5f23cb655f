package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// NewServer makes the server of the handler. Its timeouts keep slow clients from holding a connection for long.
func NewServer(logger log.Logger, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // a CPU profile may take as long
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// Network scanners that try every port are no errors of ours.
		ErrorLog: slog.NewLogLogger(Slog(logger).Handler(), slog.LevelWarn),
	}
}

// Slog makes a slog.Logger, which exporter-toolkit wants, that writes to a go-kit logger. It leaves group names out.
func Slog(logger log.Logger) *slog.Logger { return slog.New(slogHandler{logger}) }

type slogHandler struct{ logger log.Logger }

// Enabled leaves the choice to the filter of the go-kit logger.
func (slogHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h slogHandler) Handle(_ context.Context, r slog.Record) error {
	at := level.Debug
	switch {
	case r.Level >= slog.LevelError:
		at = level.Error
	case r.Level >= slog.LevelWarn:
		at = level.Warn
	case r.Level >= slog.LevelInfo:
		at = level.Info
	}
	values := []any{"msg", r.Message}
	r.Attrs(func(a slog.Attr) bool {
		values = append(values, a.Key, loggable(a))
		return true
	})
	return at(h.logger).Log(values...)
}

func (h slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	logger := h.logger
	for _, a := range attrs {
		logger = log.With(logger, a.Key, loggable(a))
	}
	return slogHandler{logger}
}

func (h slogHandler) WithGroup(string) slog.Handler { return h }

// loggable is the value of an attribute. An error may quote --web.config.file.
func loggable(a slog.Attr) any {
	value := a.Value.Resolve().Any()
	if text, ok := value.(string); ok && a.Key == "err" {
		return plain(text)
	}
	return value
}

const (
	policyHeader  = "Content-Security-Policy"
	defaultPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// withHeaders keeps browsers from doing anything with a page but show it: other sites must not embed it, because it
// contains untrusted names, and caches must not keep it. A header that --web.config.file sets stays.
func withHeaders(next http.Handler) http.Handler {
	ours := map[string]string{
		policyHeader:                   defaultPolicy,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range ours {
			if w.Header().Get(name) == "" {
				w.Header().Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}
