package command

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// The demo polls more often than a real account could bear, so that a dashboard moves while
// someone looks at it, and its simulated licence is large enough for that.
const (
	demoInterval = time.Minute
	demoLimit    = 100_000
)

// Demo says whether a command uses a simulated console in its own process instead of a real
// one.
type Demo struct {
	Enabled bool
	// Incidents lets things go wrong in the simulated console.
	Incidents bool
}

// Start makes the simulated console, if it is wanted, and changes flags to use it. The
// function it returns ends the console.
func (d Demo) Start(env Env, flags config.Flags) (Env, config.Flags, func()) {
	if !d.Enabled {
		return env, flags, func() {}
	}
	options := simulator.Options{Seed: 1, Limit: demoLimit}
	if d.Incidents {
		options.Incidents = simulator.DemoIncidents(time.Now())
	}
	console := simulator.New(options)
	var stop func()
	env.Dial, stop = simulator.Pipe(console)
	// Where calls are short, the intervals are those of a real account.
	if !flags.Set["cache.interval"] && !d.Incidents {
		flags.CacheInterval = demoInterval
	}
	return env, Simulated(flags, console), stop
}

// Simulated changes flags to those of an exporter of a simulated console in this process.
func Simulated(flags config.Flags, console *simulator.Console) config.Flags {
	flags.Demo, flags.URL = true, "http://localhost"
	flags.Token, flags.TokenFile = console.AccountToken(), ""
	flags.ClientID, flags.ClientSecretFile = "", ""
	return flags
}
