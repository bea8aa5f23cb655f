package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-kit/log"
)

// NewServer makes the server of the handler. Nobody can hold one of its connections for
// long: not who is slow to ask, nor who is slow to listen.
func NewServer(logger log.Logger, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // a CPU profile may take as long
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// The scanners that knock at every port are no errors of ours.
		ErrorLog: slog.NewLogLogger(Slog(logger).Handler(), slog.LevelWarn),
	}
}
