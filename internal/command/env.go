// Package command holds what the commands share: their environment, the demo, and the wording of messages.
//
// Each command is a package below this one, with Options and Run. Commands do not import each other, and know nothing
// of the command line, which internal/commandline parses.
package command

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Dial connects to a console; nil is the ordinary network.
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Env is the environment that a command runs in.
type Env struct {
	Logger log.Logger
	Stdout io.Writer
	Dial   Dial
	// Progress shows what is being waited for; nil shows nothing, as where there is no terminal.
	Progress *Progress
}

// Demo replaces the console by a simulated one in this process.
type Demo struct {
	Enabled   bool
	Incidents bool // things go wrong in the simulated console
}

// Uncached returns flags without a cache if the demo is enabled: what is cached of a real account stays as it is.
func (d Demo) Uncached(env Env, flags config.Flags) config.Flags {
	if !d.Enabled {
		return flags
	}
	if flags.CacheDir != "" || flags.Cache.URL != "" {
		level.Info(env.Logger).Log("msg", "--demo ignores --cache.dir and --cache.url: nothing is cached")
	}
	return flags.Uncached()
}

// Start starts the simulated console if the demo is enabled. It returns env and flags that use it, and how to stop it.
func (d Demo) Start(env Env, flags config.Flags) (Env, config.Flags, func()) {
	if !d.Enabled {
		return env, flags, func() {}
	}
	flags = d.Uncached(env, flags)
	options := simulator.Options{Seed: 1, Limit: 100_000}
	if d.Incidents {
		options.Incidents = simulator.DemoIncidents(time.Now())
	}
	console := simulator.New(options)
	var stop func()
	env.Dial, stop = simulator.Pipe(console)
	// Dashboards must move while someone watches. Incidents reduce the limit to a real one, which needs real intervals.
	if !flags.Set["cache.interval"] && !d.Incidents {
		flags.CacheInterval = time.Minute
		if !flags.Set["collector.assets.max-interval"] {
			flags.AssetMaxInterval = 5 * time.Minute
		}
	}
	return env, Simulated(flags, console), stop
}

// Simulated returns flags that poll a simulated console with an account token.
func Simulated(flags config.Flags, console *simulator.Console) config.Flags {
	flags.Demo, flags.URL = true, "http://localhost"
	flags.Token, flags.TokenFile = console.AccountToken(), ""
	flags.ClientID, flags.ClientSecretFile = "", ""
	return flags
}
