package web

import (
	"context"
	"log/slog"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// Slog makes a slog.Logger that writes to a go-kit logger: exporter-toolkit wants the former,
// and this exporter logs with the latter.
func Slog(logger log.Logger) *slog.Logger {
	return slog.New(&slogHandler{logger: logger})
}

type slogHandler struct {
	logger log.Logger
	prefix string // of the open groups
}

// Enabled leaves the choice to the filter of the go-kit logger.
func (h *slogHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *slogHandler) Handle(_ context.Context, r slog.Record) error {
	values := []any{"msg", r.Message}
	r.Attrs(func(a slog.Attr) bool {
		values = h.append(values, h.prefix, a)
		return true
	})
	switch {
	case r.Level >= slog.LevelError:
		return level.Error(h.logger).Log(values...)
	case r.Level >= slog.LevelWarn:
		return level.Warn(h.logger).Log(values...)
	case r.Level >= slog.LevelInfo:
		return level.Info(h.logger).Log(values...)
	}
	return level.Debug(h.logger).Log(values...)
}

func (h *slogHandler) append(values []any, prefix string, a slog.Attr) []any {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		logged := value.Any()
		if text, ok := logged.(string); ok && a.Key == "err" {
			logged = plain(text)
		}
		return append(values, prefix+a.Key, logged)
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, member := range value.Group() {
		values = h.append(values, prefix, member)
	}
	return values
}

func (h *slogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var values []any
	for _, a := range attrs {
		values = h.append(values, h.prefix, a)
	}
	return &slogHandler{logger: log.With(h.logger, values...), prefix: h.prefix}
}

func (h *slogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &slogHandler{logger: h.logger, prefix: h.prefix + name + "."}
}
