package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-kit/log"
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
