package web

import (
	"context"
	"log/slog"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// Slog makes a slog.Logger that writes to a go-kit logger: exporter-toolkit wants the former, and this exporter logs
// with the latter. The names of groups, which exporter-toolkit does not use, are left out.
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
