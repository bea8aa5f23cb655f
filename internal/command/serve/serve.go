// Package serve runs the exporter: it polls in the background, answers scrapes and reloads at SIGHUP, until SIGTERM.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// Options are what the flags set.
type Options struct {
	Flags                  config.Flags
	Demo                   command.Demo
	Web                    *toolkit.FlagConfig
	Handler                web.Config // TelemetryPath, MaxRequests and Pprof; Run sets the rest
	DisableExporterMetrics bool
	EnableLifecycle        bool
}

// shutdownTimeout bounds how long everything may take to end. What hangs longer is left behind.
const shutdownTimeout = 4 * time.Second

// plainPath matches paths that mean nothing but themselves.
var plainPath = regexp.MustCompile(`^/([A-Za-z0-9_.~-]+/?)*$`)

func (o Options) check() error {
	path := o.Handler.TelemetryPath
	if !plainPath.MatchString(path) || strings.HasPrefix(path, "/-/") || strings.HasPrefix(path, "/debug/") || path == "/config" {
		return fmt.Errorf("invalid --web.telemetry-path %q: it must be a plain path like /metrics, but not /config and not below /-/ or /debug/", path)
	}
	if err := web.CheckFile(*o.Web.WebConfigFile); err != nil {
		return fmt.Errorf("invalid --web.config.file: %w", err)
	}
	return nil
}

// Run serves until ctx ends, and for at most shutdownTimeout longer.
func Run(ctx context.Context, env command.Env, o Options) error {
	// From the first moment on, a SIGHUP must not end the process.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	if err := o.check(); err != nil {
		return err
	}
	env, flags, stopDemo := o.Demo.Start(env, o.Flags)
	defer stopDemo()
	e, err := exporter.New(exporter.Options{Logger: env.Logger, Load: flags.Load, Dial: env.Dial})
	if err != nil {
		return err
	}
	level.Info(env.Logger).Log("msg", "starting "+exporter.Name, "version", version.Info(), "build", version.BuildContext())

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := web.NewServer(env.Logger, web.New(o.handler(env, e)))
	// No request is made before the port is open: a start that fails because it is in use must not cost calls.
	listening, listens := context.WithCancel(ctx)
	server.BaseContext = func(net.Listener) context.Context {
		listens()
		return context.Background()
	}
	served := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() {
		served <- toolkit.ListenAndServe(server, o.Web, web.Slog(env.Logger))
		cancel()
	})
	running.Go(func() {
		<-listening.Done()
		if ctx.Err() == nil {
			e.Run(ctx)
		}
	})
	running.Go(func() { reloadOnHangup(ctx, e, hangups) })

	<-ctx.Done()
	level.Info(env.Logger).Log("msg", "stopping")
	grace, done := context.WithTimeout(context.Background(), shutdownTimeout)
	defer done()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-grace.Done():
		level.Warn(env.Logger).Log("msg", "not everything ended in time; what hangs is left behind", "timeout", shutdownTimeout)
	}
	return serverError(<-served)
}

func (o Options) handler(env command.Env, e *exporter.Exporter) web.Config {
	handler := o.Handler
	handler.Logger, handler.Version, handler.Demo = env.Logger, version.Info(), o.Demo.Enabled
	handler.Gatherer, handler.Configuration = e, e.Configuration
	handler.Ready, handler.Status, handler.Quota = e.Ready, e.Status, e.Quota
	if o.EnableLifecycle {
		handler.Reload = e.Reload
	}
	if !o.DisableExporterMetrics {
		e.Registry().MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		handler.Registry = e.Registry()
	}
	return handler
}

// reloadOnHangup reloads the configuration at each SIGHUP until ctx ends.
func reloadOnHangup(ctx context.Context, e *exporter.Exporter, hangups <-chan os.Signal) {
	for {
		select {
		case <-hangups:
			_ = e.Reload(ctx) // which has logged what is wrong
		case <-ctx.Done():
			return
		}
	}
}

func serverError(err error) error {
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	if opening := (*net.OpError)(nil); errors.As(err, &opening) && opening.Op == "listen" {
		return fmt.Errorf("invalid --web.listen-address: %w", err)
	}
	return fmt.Errorf("the web server cannot run: %w", web.Plain(err))
}
