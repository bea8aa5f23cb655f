package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// simulateOptions is what the flags say of the simulated console.
type simulateOptions struct {
	address   string
	console   simulator.Options
	incidents bool
	history   historyOptions
}

func addSimulateFlags(command *kingpin.CmdClause) *simulateOptions {
	o := &simulateOptions{}
	command.Flag("simulate.listen-address", "Address of the simulated console.").Default("127.0.0.1:10027").StringVar(&o.address)
	command.Flag("simulate.seed", "Which console: the same seed makes the same.").Default("1").Uint64Var(&o.console.Seed)
	command.Flag("simulate.organizations", "Organizations, beside a demo and an inactive one.").Default("3").IntVar(&o.console.Organizations)
	command.Flag("simulate.assets", "Assets of the largest organization.").Default("1200").IntVar(&o.console.Assets)
	command.Flag("simulate.limit", "API calls a day; negative sends no usage headers, like some self-hosted consoles.").Default("10000").IntVar(&o.console.Limit)
	command.Flag("simulate.incidents", "Let things go wrong: scans that stop, an Explorer that is offline, calls that others spend, a licence that is nearly full and sets the limit. The same for all that begin within an hour.").BoolVar(&o.incidents)
	duration(command.Flag("simulate.history", "Instead of serving, write what Prometheus would have scraped of an exporter of the console since then, as OpenMetrics text for promtool tsdb create-blocks-from openmetrics. Collectors and intervals are as their flags say.").Default("0s"), &o.history.length)
	duration(command.Flag("simulate.history-step", "Time between two scrapes of the history.").Default("5m"), &o.history.step)
	command.Flag("simulate.history-job", "Label job of the history.").Default("runzero").StringVar(&o.history.job)
	command.Flag("simulate.history-instance", "Label instance of the history.").Default("localhost:10026").StringVar(&o.history.instance)
	return o
}

// make makes the console, as of an instant.
func (o *simulateOptions) make(now time.Time) *simulator.Console {
	if o.incidents {
		o.console.Incidents = simulator.DemoIncidents(now)
	}
	return simulator.New(o.console)
}

// simulate serves the simulated console until ctx ends, or writes its history.
func simulate(ctx context.Context, logger log.Logger, flags config.Flags, o *simulateOptions, stdout io.Writer) error {
	if o.console.Organizations < 0 || o.console.Assets < 0 {
		return errors.New("--simulate.organizations and --simulate.assets must not be negative")
	}
	if o.history.length != 0 {
		return writeHistory(ctx, flags, o, stdout)
	}
	console := o.make(time.Now())
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.address)
	if err != nil {
		return fmt.Errorf("--simulate.listen-address cannot be used: %w", err)
	}
	id, secret := console.Client()
	_, err = fmt.Fprintf(stdout, "A simulated runZero console is at http://%s\n\n"+
		"export token:        %s\norganization token:  %s\naccount token:       %s\nOAuth2 client:       %s, secret %s\n\n"+
		"Ask it:  RUNZERO_TOKEN=%s %s --runzero.url=http://%s\n",
		listener.Addr(), console.ExportToken(0), console.OrganizationToken(0), console.AccountToken(), id, secret,
		console.AccountToken(), name, listener.Addr())
	if err != nil {
		return err
	}
	server := &http.Server{Handler: console, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	level.Info(logger).Log("msg", "serving a simulated console", "address", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// The demo polls more often than a real account could bear, so that a dashboard moves
// while one looks at it, and its simulated licence is large enough for that.
const (
	demoInterval = time.Minute
	demoLimit    = 100_000
)

// demo replaces the console and the credential by a simulated console in this
// process, reached without a network. It returns how to dial the console that is asked,
// and how to end it.
func demo(flags *config.Flags, o *serveOptions) (dial dialFunc, stop func()) {
	if !o.demo {
		return o.dial, func() {}
	}
	simulated := simulateOptions{console: simulator.Options{Seed: 1, Limit: demoLimit}, incidents: o.demoIncidents}
	console := simulated.make(time.Now())
	dial, stop = simulator.Pipe(console)
	askSimulated(flags, console)
	// Where calls are short, the intervals are those of a real account.
	if !flags.Set["cache.interval"] && !o.demoIncidents {
		flags.CacheInterval = demoInterval
	}
	return dial, stop
}

// askSimulated makes the flags those of an exporter of a simulated console in this
// process.
func askSimulated(flags *config.Flags, console *simulator.Console) {
	flags.Demo, flags.URL = true, "http://localhost"
	flags.Token, flags.TokenFile = console.AccountToken(), ""
	flags.ClientID, flags.ClientSecretFile = "", ""
}
