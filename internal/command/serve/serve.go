// Package serve runs the exporter: it polls in the background, answers scrapes and reloads at SIGHUP, until SIGTERM.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/go-kit/log"
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
	Settings               string // shown before the configuration in force
	// Hangups receives each SIGHUP since the process began.
	Hangups <-chan os.Signal
}

const (
	// shutdownTimeout bounds how long everything may take to end. What hangs longer is left behind.
	shutdownTimeout = 4 * time.Second
	// clientTimeout is how much of it clients have to read their responses.
	clientTimeout = 2 * time.Second
)

func (o Options) check() error {
	if err := web.CheckTelemetryPath(o.Handler.TelemetryPath); err != nil {
		return fmt.Errorf("invalid --web.telemetry-path: %w", err)
	}
	if _, err := o.grafanaURL(); err != nil {
		return err
	}
	if err := web.CheckFile(*o.Web.WebConfigFile); err != nil {
		return fmt.Errorf("invalid --web.config.file: %w", err)
	}
	return nil
}

func (o Options) grafanaURL() (string, error) {
	return command.GrafanaURL("--web.grafana-url", o.Handler.GrafanaURL)
}

// Run serves until ctx ends, and for at most shutdownTimeout longer.
func Run(ctx context.Context, env command.Env, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	level.Info(env.Logger).Log("msg", "starting "+exporter.Name, "version", version.Info(), "build", version.BuildContext())
	env, flags, stopDemo := o.Demo.Start(env, o.Flags)
	defer stopDemo()
	e, err := exporter.New(exporter.Options{Logger: env.Logger, Load: o.load(flags), Dial: env.Dial})
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := web.NewServer(env.Logger, web.New(o.handler(env, e)))
	// No request is made before the port is open: a start that fails because it is in use must not cost calls.
	listening, listens := context.WithCancel(ctx)
	server.BaseContext = func(l net.Listener) context.Context {
		o.logPage(env.Logger, l.Addr(), server.TLSConfig)
		listens()
		return context.Background()
	}
	served, polled := make(chan error, 1), make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() {
		served <- toolkit.ListenAndServe(server, o.Web, web.Slog(env.Logger))
		cancel()
	})
	running.Go(func() {
		<-listening.Done()
		if ctx.Err() == nil {
			polled <- e.Run(ctx)
			cancel()
		}
	})
	running.Go(func() { reloadOnHangup(ctx, e, o.Hangups) })

	<-ctx.Done()
	level.Info(env.Logger).Log("msg", "stopping")
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	timeout := time.After(shutdownTimeout)
	closeServer(server)
	select {
	case <-ended:
	case <-timeout:
		level.Warn(env.Logger).Log("msg", "not everything ended in time; what hangs is left behind", "timeout", shutdownTimeout)
	}
	select {
	case err := <-polled:
		if err != nil {
			return err
		}
	default:
	}
	select {
	case err := <-served:
		return serverError(err)
	default:
		return nil
	}
}

// load returns how the configuration is loaded. Everybody who reaches the port can read the addresses that
// discoveries find, unless clients authenticate: it warns of that, at the start and at each reload.
func (o Options) load(flags config.Flags) func() (*config.Config, error) {
	return func() (*config.Config, error) {
		c, err := flags.Load()
		if err == nil && !o.Demo.Enabled && c.Discovers() {
			if warning := web.OpenTargets(*o.Web.WebConfigFile); warning != "" {
				c.Warnings = append(c.Warnings, warning)
			}
		}
		return c, err
	}
}

// logPage logs where a browser finds the status page, in plain words also for those who only try the demo.
func (o Options) logPage(logger log.Logger, address net.Addr, encryption *tls.Config) {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return // no browser reaches a vsock
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	page := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/"}
	if encryption != nil && encryption.GetConfigForClient != nil { // which exporter-toolkit sets for --web.config.file
		page.Scheme = "https"
	}
	text := "open the status page"
	if o.Demo.Enabled {
		text = "this is a demo: console and account are simulated; open the status page"
	}
	level.Info(logger).Log("msg", text, "url", page.String())
}

// closeServer closes all connections, those in use after clientTimeout: a client may never read its response.
func closeServer(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // the process ends, whatever else is wrong with a connection
	}
}

func (o Options) handler(env command.Env, e *exporter.Exporter) web.Config {
	handler := o.Handler
	handler.Logger, handler.Version, handler.Started, handler.Demo = env.Logger, version.Version, time.Now(), o.Demo.Enabled
	handler.Gatherer = e
	handler.Configuration = func() string { return o.Settings + e.Configuration() }
	handler.Organizations, handler.Of, handler.Targets = e.Organizations, e.Of, e.Targets
	handler.GrafanaURL, _ = o.grafanaURL() // which check has accepted
	handler.Ready, handler.Status, handler.Replica = e.Ready, e.Status, e.Replica
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
