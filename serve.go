package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// serveOptions is what the flags say of serving.
type serveOptions struct {
	web                    *toolkit.FlagConfig
	telemetryPath          string
	maxRequests            int
	withoutExporterMetrics bool
	pprof                  bool
	demo                   bool
	intervalSet            bool
}

// The longest that ending may take; what is not done then is left.
const stopWithin = 4 * time.Second

// plainPath is what a path may be made of without meaning more than itself.
var plainPath = regexp.MustCompile(`^/([A-Za-z0-9_.~-]+/?)*$`)

// exporter is the parts that ask and the parts that tell, put together.
type exporter struct {
	poller   *poller.Poller
	registry *prometheus.Registry
	close    func()
}

// newExporter puts the parts together; nothing is asked yet.
func newExporter(logger log.Logger, flags config.Flags, o *serveOptions) (*exporter, error) {
	e := &exporter{registry: prometheus.NewRegistry(), close: func() {}}
	dial := e.demo(&flags, o)
	c, err := flags.Validate()
	if err != nil {
		e.close()
		return nil, err
	}
	usage := collector.NewUsage("default")
	account := poller.NewAccount(c.Share, poller.NewGate())
	c.Runzero.Observer = observers{account, usage}
	c.Runzero.Admit = account.Admit
	c.Runzero.UserAgent = version.ComponentUserAgent(name)
	c.Runzero.DialContext = dial
	client, err := runzero.New(c.Runzero)
	if err != nil {
		e.close()
		return nil, err
	}
	target := poller.Target{Client: client, Account: account, Usage: usage, Shape: c.Shape(), Organizations: c.Organizations}
	for _, enabled := range c.Collectors {
		if enabled.Scope == collector.Unasked {
			e.registry.MustRegister(usage)
			continue
		}
		target.Collectors = append(target.Collectors, poller.Collector{
			Name: enabled.Name, Scope: enabled.Scope, Interval: enabled.Interval, Collector: enabled.New(c.Settings),
		})
	}
	settings := poller.Config{Logger: logger, MaxAge: c.MaxAge, Advise: config.Advice}
	if c.CacheDir != "" {
		if settings.Store, err = store.Open(c.CacheDir, storeLog(logger)); err != nil {
			e.close()
			return nil, err
		}
	}
	e.poller = poller.New(settings, []poller.Target{target})
	e.registry.MustRegister(versioncollector.NewCollector(name), account.Metrics())
	if settings.Store != nil {
		e.registry.MustRegister(e.poller.StoreMetrics())
	}
	return e, nil
}

// storeLog writes what the store has to say, whose first value is the level.
func storeLog(logger log.Logger) func(...any) {
	return func(keyvals ...any) {
		at := level.Warn(logger)
		if len(keyvals) > 1 && keyvals[0] == "level" {
			if keyvals[1] == "info" {
				at = level.Info(logger)
			}
			keyvals = keyvals[2:]
		}
		_ = at.Log(keyvals...)
	}
}

// observers tells several of every exchange.
type observers []runzero.Observer

func (o observers) Answered(e runzero.Exchange) {
	for _, each := range o {
		each.Answered(e)
	}
}

func (o observers) Finished(e runzero.Exchange) {
	for _, each := range o {
		each.Finished(e)
	}
}

// Gather hands out what was polled and what is known now, in one order.
func (e *exporter) Gather() ([]*dto.MetricFamily, error) {
	polled, _ := e.poller.Gather()
	live, err := e.registry.Gather()
	families := slices.Concat(polled, live)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, err
}

// serve runs the exporter until ctx ends.
func serve(ctx context.Context, logger log.Logger, flags config.Flags, o *serveOptions) error {
	if !plainPath.MatchString(o.telemetryPath) || strings.HasPrefix(o.telemetryPath, "/-/") || strings.HasPrefix(o.telemetryPath, "/debug/") {
		return fmt.Errorf("--web.telemetry-path must be a plain path like /metrics, not below /-/ or /debug/, and %q is not", o.telemetryPath)
	}
	if err := toolkit.Validate(*o.web.WebConfigFile); err != nil {
		// On one line; the YAML library writes several.
		return fmt.Errorf("--web.config.file cannot be used: %s", strings.Join(strings.Fields(err.Error()), " "))
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
		Version:       version.Info(),
		Demo:          o.demo,
		Pprof:         o.pprof,
	}
	if !o.withoutExporterMetrics {
		e.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
		handler.Registry = e.registry
	}
	level.Info(logger).Log("msg", "starting "+name, "version", version.Info(), "build", version.BuildContext())

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           web.New(handler),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // a CPU profile may take as long
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
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
		return fmt.Errorf("the web server cannot run: %w", err)
	}
	return nil
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
