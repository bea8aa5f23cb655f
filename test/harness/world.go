package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Addresses for the consoles of several accounts.
const (
	North = "127.0.0.1:1"
	South = "127.0.0.2:1"
	East  = "127.0.0.3:1"
)

// Dial connects to a console.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Setup says what exporter runs on which consoles. The zero Setup is an exporter with an
// export token, all flags at their defaults, on one console.
type Setup struct {
	// Console makes the only console; On is used instead of a new one.
	Console simulator.Options
	On      *simulator.Console
	// Handler stands before the only console; nil is the console itself.
	Handler func(*simulator.Console) http.Handler
	// Network is the way to On, instead of a plain connection.
	Network *Network
	// Token chooses the credential for the only console; nil is an export token.
	Token func(*simulator.Console) string
	// Dials reach the consoles of a File, by address, instead of the only console.
	Dials map[string]Dial
	// File is the configuration file, which can be replaced later.
	File string
	// CacheDir is the folder of --cache.dir; empty caches nothing.
	CacheDir string
	// Cache is the way to a Redis that replicas share, instead of a CacheDir.
	Cache *Way
	// Disk wraps how the cache is written; nil leaves it as it is.
	Disk func(store.WriteFile) store.WriteFile
	// Flags changes flags.
	Flags func(*config.Flags)
	// Now is the exporter's clock; nil is that of the bubble.
	Now func() time.Time
	// Random spreads polls; nil is a seeded source.
	Random func() float64
	// Idle does not start polling.
	Idle bool
}

// World is a running exporter with its consoles.
type World struct {
	t        testing.TB
	Exporter *exporter.Exporter
	Console  *simulator.Console // the only one; nil with Setup.Dials
	Log      *Log
	Flags    config.Flags
	dial     Dial
	cache    *Way
	now      func() time.Time
	random   func() float64
	disk     func(store.WriteFile) store.WriteFile
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// Start starts an exporter, which stops when the test ends. It must be called inside a
// bubble unless the setup is idle.
func Start(t testing.TB, s Setup) *World {
	t.Helper()
	w := &World{t: t, Log: &Log{}, Flags: DefaultFlags(), Console: s.On, cache: s.Cache, disk: s.Disk, now: s.Now, random: s.Random}
	w.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		d, ok := s.Dials[address]
		if !ok {
			return nil, fmt.Errorf("no console at %s", address)
		}
		return d(ctx, network, address)
	}
	if s.Dials == nil {
		if w.Console == nil {
			w.Console = simulator.New(s.Console)
		}
		handler := http.Handler(w.Console)
		if s.Handler != nil {
			handler = s.Handler(w.Console)
		}
		network := s.Network
		if network == nil {
			network = NewNetwork(t, handler)
		}
		w.dial = network.Dial
		w.Flags.URL, w.Flags.CAFile, w.Flags.Token = network.URL, network.CAFile, w.Console.ExportToken(0)
		if s.Token != nil {
			w.Flags.Token = s.Token(w.Console)
		}
	}
	if s.File != "" {
		w.Flags.File = filepath.Join(t.TempDir(), "config.yml")
		w.WriteFile(s.File)
		w.Flags.URL, w.Flags.Token = "", ""
	}
	w.Flags.CacheDir = s.CacheDir
	if w.cache != nil {
		w.Flags.Cache = store.Redis{URL: "redis://redis:6379"}
	}
	if s.Flags != nil {
		s.Flags(&w.Flags)
	}
	w.load()
	if !s.Idle {
		w.run()
		t.Cleanup(w.Stop)
	}
	return w
}

func (w *World) load() {
	w.t.Helper()
	random := w.random
	if random == nil {
		random = rand.New(rand.NewPCG(1, 2)).Float64
	}
	o := exporter.Options{
		Logger: log.NewLogfmtLogger(w.Log), Load: func() (*config.Config, error) { return w.Flags.Load() }, Dial: w.dial, Disk: w.disk,
		Now: w.now, Random: random,
	}
	if w.cache != nil {
		o.DialCache = w.cache.Dial
	}
	var err error
	if w.Exporter, err = exporter.New(o); err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) run() {
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	w.running.Go(func() { _ = w.Exporter.Run(ctx) })
}

// Pipes reaches each console at its address.
func Pipes(t testing.TB, consoles map[string]*simulator.Console) map[string]Dial {
	t.Helper()
	dials := map[string]Dial{}
	for address, console := range consoles {
		dial, stop := simulator.Pipe(console)
		t.Cleanup(stop)
		dials[address] = dial
	}
	return dials
}

// Stop ends the exporter as SIGTERM does, and returns when it has ended.
func (w *World) Stop() {
	if w.cancel == nil { // it is idle, and holds its cache all the same
		ended, end := context.WithCancel(context.Background())
		end()
		_ = w.Exporter.Run(ended)
		return
	}
	w.cancel()
	w.running.Wait()
}

// Restart stops the exporter and starts it again a minute later, with the flags and the configuration file of now.
func (w *World) Restart() {
	w.t.Helper()
	w.Stop()
	w.Pass(time.Minute)
	w.load()
	w.run()
}

// Pass lets simulated time pass, and everything happen that happens in it.
func (w *World) Pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// WriteFile replaces the configuration file.
func (w *World) WriteFile(text string) {
	w.t.Helper()
	if err := os.WriteFile(w.Flags.File, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Reload reloads the configuration as SIGHUP does.
func (w *World) Reload() error { return w.Exporter.Reload(w.t.Context()) }

// Account is an account of a configuration file, with one token.
func Account(name, address, token string) string {
	return fmt.Sprintf("  - name: %s\n    url: http://%s\n    credentials: [{authorization: {credentials: %s}}]\n", name, address, token)
}
