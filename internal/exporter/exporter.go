// Package exporter wires configuration, quotas, cache, poller and registries together, and reloads them as one.
//
// It knows no flags, command or web server. The configuration in force is published through one atomic pointer, so
// that scrapes and pages never wait for a reload.
package exporter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Name is the program's name.
const Name = "runzero_exporter"

// Options are what an Exporter needs. Only Logger and Load are required.
type Options struct {
	Logger    log.Logger
	Load      func() (*config.Config, error)                                    // called at the start and at each reload
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the ordinary network
	DialCache func(ctx context.Context, network, addr string) (net.Conn, error) // of --cache.url; nil: the ordinary network
	Now       func() time.Time                                                  // nil: time.Now
	Random    func() float64                                                    // spreads polls, in [0, 1); nil: rand/v2
	Observe   func(runzero.Observer) runzero.Observer                           // wraps all observers; nil: not
	Disk      func(store.WriteFile) store.WriteFile                             // wraps writes of the cache; nil: not
	// Unpaced ignores the burst limit of the console, for a simulated console under a simulated clock.
	Unpaced bool

	permit func() error // as Permit of a quota.Gate
}

// Exporter polls the accounts of a configuration and exposes the results. Methods without a context never wait.
type Exporter struct {
	options  Options
	store    store.Store // nil without --cache.dir and --cache.url
	poller   *poller.Poller
	registry *prometheus.Registry // of the exporter itself
	inForce  atomic.Pointer[inForce]
	reloads  chan struct{} // holds a token while a reload is under way
}

// inForce is the configuration in force and what was made of it. It is replaced, never changed.
type inForce struct {
	config   *config.Config
	accounts *accounts
	registry *prometheus.Registry // of the accounts
	loaded   time.Time
	failed   bool // the last reload was refused
}

// New loads the configuration and what is cached. No request is made yet.
func New(o Options) (*Exporter, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Observe == nil {
		o.Observe = func(observer runzero.Observer) runzero.Observer { return observer }
	}
	e := &Exporter{registry: prometheus.NewRegistry(), reloads: make(chan struct{}, 1)}
	o.permit = e.permit
	e.options = o
	c, accounts, err := o.load(&accounts{})
	if err != nil {
		return nil, err
	}
	if err := e.openStore(c); err != nil {
		return nil, err
	}
	e.registry.MustRegister(versioncollector.NewCollector(Name), collector.NewConfigReload(e.reloaded))
	e.use(c, accounts)
	e.poller = poller.New(poller.Config{Logger: o.Logger, MaxAge: c.MaxAge, Advise: config.Advice, Store: e.store, Now: o.Now, Random: o.Random}, accounts.polled(c))
	return e, nil
}

func (e *Exporter) use(c *config.Config, a *accounts) {
	a.activate()
	for _, warning := range c.Warnings {
		level.Warn(e.options.Logger).Log("msg", warning)
	}
	e.inForce.Store(&inForce{config: c, accounts: a, registry: a.registry(c), loaded: e.options.Now()})
}

// Reload loads the configuration again; a bad one changes nothing. It waits for other reloads until ctx ends.
func (e *Exporter) Reload(ctx context.Context) error {
	select {
	case e.reloads <- struct{}{}:
		defer func() { <-e.reloads }()
	case <-ctx.Done():
		return ctx.Err()
	}
	before := e.inForce.Load()
	c, next, err := e.options.load(before.accounts)
	if err != nil {
		level.Error(e.options.Logger).Log("msg", "reload failed; the previous configuration stays in force", "err", err)
		refused := *before
		refused.failed = true
		e.inForce.Store(&refused)
		return err
	}
	e.use(c, next)
	e.poller.Reload(ctx, next.polled(c))
	level.Info(e.options.Logger).Log("msg", "configuration reloaded")
	return nil
}

// reloaded reports whether the last reload succeeded, and when a configuration was last put in force.
func (e *Exporter) reloaded() (ok bool, last time.Time) {
	current := e.inForce.Load()
	return !current.failed, current.loaded
}

// saveTimeout bounds how long the end waits for the cache to be written. A disk may hang.
const saveTimeout = 3 * time.Second

// Run polls until ctx ends, and returns when the last poll has ended and everything is cached, or saveTimeout later. It
// returns an error only when the cache is required and another exporter has it for too long.
func (e *Exporter) Run(ctx context.Context) error {
	ctx, end := e.write(ctx)
	e.poller.Run(ctx)
	return end()
}

// Once polls everything once, and returns what failed.
func (e *Exporter) Once(ctx context.Context) error {
	ctx, end := e.write(ctx)
	failed := e.poller.Once(ctx)
	return cmp.Or(end(), failed)
}

// Step replaces Run under a simulated clock: it makes every poll that is due, and returns how long nothing is due.
func (e *Exporter) Step(ctx context.Context) time.Duration { return e.poller.Step(ctx) }

// write starts the store's writer. The returned context is that of polling: it also ends when the writer cannot run, and
// end then returns why. end waits until everything is written, at most for saveTimeout.
func (e *Exporter) write(ctx context.Context) (polling context.Context, end func() error) {
	if e.store == nil {
		return ctx, func() error { return nil }
	}
	polling, stop := context.WithCancel(ctx)
	writing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := e.store.Run(writing)
		_ = e.store.Close() // the end of the process closes it, too
		ended <- err
		if err != nil {
			stop()
		}
	}()
	return polling, func() error {
		stop()
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(saveTimeout):
			level.Warn(e.options.Logger).Log("msg", "the cache could not be written in time; a restart may cost API calls", "timeout", saveTimeout)
			return nil
		}
	}
}

// Registry holds the metrics of the exporter itself. Those who serve it add their own.
func (e *Exporter) Registry() *prometheus.Registry { return e.registry }

// Exposition implements exposition.Source: the results of polls, and what is known live, sorted by name.
func (e *Exporter) Exposition() (*exposition.View, []*dto.MetricFamily, error) {
	view := e.poller.View()
	accounts, err := e.inForce.Load().registry.Gather()
	own, ownErr := e.registry.Gather()
	live := slices.Concat(view.Ages(e.options.Now()), accounts, own)
	slices.SortFunc(live, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return view, live, errors.Join(err, ownErr)
}

// Gather implements prometheus.Gatherer.
func (e *Exporter) Gather() ([]*dto.MetricFamily, error) {
	view, live, err := e.Exposition()
	return append(view.Families(), live...), err
}

// Organizations returns the organizations that are polled.
func (e *Exporter) Organizations() []poller.Organization { return e.poller.Organizations() }

// Of returns a gatherer of the series of these organizations, given by name or id, and of nothing else.
func (e *Exporter) Of(organizations []string) (prometheus.Gatherer, error) {
	return e.poller.Of(organizations)
}

// Targets returns what a discovery of the configuration file has found, as poller.Targets does.
func (e *Exporter) Targets(discovery string, organizations []string) ([]json.RawMessage, error) {
	return e.poller.Targets(discovery, organizations)
}

// Ready reports whether every poll has succeeded or failed once, or polling is paused. Once true it stays true.
func (e *Exporter) Ready() bool { return e.poller.Ready() }

// Status returns the state of each account and its polls.
func (e *Exporter) Status() []poller.AccountStatus { return e.poller.Status() }

// Configuration returns the configuration in force, without secrets.
func (e *Exporter) Configuration() string { return e.inForce.Load().config.String() }
