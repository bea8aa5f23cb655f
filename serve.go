package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// serveOptions is what the flags say of serving.
type serveOptions struct {
	web                    *toolkit.FlagConfig
	telemetryPath          string
	maxRequests            int
	withoutExporterMetrics bool
	pprof                  bool
	lifecycle              bool
	demo                   bool
	demoIncidents          bool
	dial                   dialFunc // instead of the network
}

// The longest that ending may take; what is not done then is left.
const stopWithin = 4 * time.Second

// plainPath is what a path may be made of without meaning more than itself.
var plainPath = regexp.MustCompile(`^/([A-Za-z0-9_.~-]+/?)*$`)

// exporter is the parts that ask and the parts that tell, put together.
type exporter struct {
	logger   log.Logger
	flags    config.Flags
	poller   *poller.Poller
	registry *prometheus.Registry // of the exporter itself
	close    func()

	// quotas is the registry of what tells of the accounts; a reload replaces it.
	quotas atomic.Pointer[prometheus.Registry]

	mu       sync.Mutex
	config   *config.Config // in force
	accounts *accounts
	loaded   time.Time // when a configuration was last taken
	failed   bool      // the last reload was refused
}

// newExporter puts the parts together; nothing is asked yet.
func newExporter(logger log.Logger, flags config.Flags, o *serveOptions) (*exporter, error) {
	dial, stop := demo(&flags, o)
	e := newExporterOf(logger, flags, dial)
	e.close = stop
	if err := e.start(); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func newExporterOf(logger log.Logger, flags config.Flags, dial dialFunc) *exporter {
	return &exporter{
		logger: logger, flags: flags, registry: prometheus.NewRegistry(), close: func() {},
		accounts: &accounts{dial: dial, gates: map[string]*poller.Gate{}},
	}
}

// start makes the poller of the configuration.
func (e *exporter) start() error {
	c, err := e.flags.Load()
	if err != nil {
		return err
	}
	settings := poller.Config{Logger: e.logger, MaxAge: c.MaxAge, Advise: config.Advice}
	if c.CacheDir != "" {
		if settings.Store, err = store.Open(c.CacheDir, e.logger); err != nil {
			return err
		}
	}
	if e.accounts, err = e.accounts.with(c); err != nil {
		return err
	}
	e.poller = poller.New(settings, e.accounts.targets(c))
	e.quotas.Store(e.accounts.metrics(c))
	e.config = c
	e.loaded = time.Now()
	e.registry.MustRegister(versioncollector.NewCollector(name), collector.NewConfigReload(e.reloaded))
	if settings.Store != nil {
		e.registry.MustRegister(e.poller.StoreMetrics())
	}
	return nil
}

// reload takes the configuration as it is now. A bad one changes nothing.
func (e *exporter) reload() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.flags.Load()
	var next *accounts
	if err == nil {
		next, err = e.accounts.with(c)
	}
	e.failed = err != nil
	if err != nil {
		level.Error(e.logger).Log("msg", "the configuration is not reloaded; the one before stays in force", "err", err)
		return err
	}
	e.config, e.accounts = c, next
	e.poller.Reload(next.targets(c))
	e.quotas.Store(next.metrics(c))
	e.loaded = time.Now()
	level.Info(e.logger).Log("msg", "the configuration is reloaded")
	return nil
}

// reloaded tells whether the last reload was taken, and when the configuration in
// force was.
func (e *exporter) reloaded() (ok bool, last time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.failed, e.loaded
}

// configuration shows what is in force, without secrets.
func (e *exporter) configuration() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.config.String()
}

// Gather hands out what was polled and what is known now, in one order.
func (e *exporter) Gather() ([]*dto.MetricFamily, error) {
	polled, _ := e.poller.Gather()
	quotas, err := e.quotas.Load().Gather()
	own, failed := e.registry.Gather()
	families := slices.Concat(polled, quotas, own)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, errors.Join(err, failed)
}

// serve runs the exporter until ctx ends.
func serve(ctx context.Context, logger log.Logger, flags config.Flags, o *serveOptions) error {
	if !plainPath.MatchString(o.telemetryPath) || strings.HasPrefix(o.telemetryPath, "/-/") || strings.HasPrefix(o.telemetryPath, "/debug/") || o.telemetryPath == "/config" {
		return fmt.Errorf("--web.telemetry-path must be a plain path like /metrics, not /config and not below /-/ or /debug/, and %q is not", o.telemetryPath)
	}
	if err := web.CheckFile(*o.web.WebConfigFile); err != nil {
		return fmt.Errorf("--web.config.file cannot be used: %w", err)
	}
	e, err := newExporter(logger, flags, o)
	if err != nil {
		return err
	}
	defer e.close()
	handler := web.Config{
		Logger:        logger,
		TelemetryPath: o.telemetryPath,
		Gatherer:      e,
		MaxRequests:   o.maxRequests,
		Ready:         e.poller.Ready,
		Status:        e.poller.Status,
		Quota:         e.poller.Quota,
		Configuration: e.configuration,
		Version:       version.Info(),
		Demo:          o.demo,
		Pprof:         o.pprof,
	}
	if o.lifecycle {
		handler.Reload = e.reload
	}
	if !o.withoutExporterMetrics {
		e.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		handler.Registry = e.registry
	}
	level.Info(logger).Log("msg", "starting "+name, "version", version.Info(), "build", version.BuildContext())

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := web.NewServer(logger, web.New(handler))
	// Nothing is asked before somebody can be told: a start that fails for a port in use,
	// and is tried again for ever, must not cost calls.
	listening := make(chan struct{})
	listens := sync.OnceFunc(func() { close(listening) })
	server.BaseContext = func(net.Listener) context.Context {
		listens()
		return context.Background()
	}
	failed := make(chan error, 1)
	var parts sync.WaitGroup
	parts.Go(func() {
		failed <- toolkit.ListenAndServe(server, o.web, web.Slog(logger))
		cancel()
	})
	parts.Go(func() { e.heed(ctx) })
	parts.Go(func() {
		select {
		case <-listening:
			e.poller.Run(ctx)
		case <-ctx.Done():
		}
	})
	<-ctx.Done()
	level.Info(logger).Log("msg", "stopping")
	grace, done := context.WithTimeout(context.Background(), stopWithin)
	defer done()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	parts.Wait()
	if err := <-failed; err != nil && !errors.Is(err, http.ErrServerClosed) {
		if opening := (*net.OpError)(nil); errors.As(err, &opening) && opening.Op == "listen" {
			return fmt.Errorf("--web.listen-address cannot be used: %w", err)
		}
		return fmt.Errorf("the web server cannot run: %w", web.Plain(err))
	}
	return nil
}

// heed reloads the configuration at each SIGHUP, until ctx ends.
func (e *exporter) heed(ctx context.Context) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-hangups:
			_ = e.reload() // has said what was wrong
		case <-ctx.Done():
			return
		}
	}
}

// once polls everything once and prints the metrics, as far as there are any.
func once(ctx context.Context, logger log.Logger, flags config.Flags, o *serveOptions, stdout io.Writer) error {
	e, err := newExporter(logger, flags, o)
	if err != nil {
		return err
	}
	defer e.close()
	failed := e.poller.Once(ctx)
	families, err := e.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(stdout, family); err != nil {
			return fmt.Errorf("the metrics cannot be printed: %w", err)
		}
	}
	if failed != nil {
		return errors.New("not everything could be polled; the log says what")
	}
	return nil
}
