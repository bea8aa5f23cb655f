// Package simulate serves a simulated runZero console, or writes the history that Prometheus
// would have scraped from an exporter that polls it.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Options are what the flags set.
type Options struct {
	Flags     config.Flags // of the exporter of a history
	Address   string       // where the console listens
	Console   simulator.Options
	Incidents bool // things go wrong in the console, before the present
	History   History
}

// newConsole makes the console. Incidents lie before now.
func (o Options) newConsole(now time.Time) *simulator.Console {
	if o.Incidents {
		o.Console.Incidents = simulator.DemoIncidents(now)
	}
	return simulator.New(o.Console)
}

// Run serves the simulated console until ctx ends, or writes its history.
func Run(ctx context.Context, env command.Env, o Options) error {
	if o.Console.Organizations < 0 || o.Console.Assets < 0 {
		return errors.New("--simulate.organizations and --simulate.assets must not be negative")
	}
	if o.History.Length != 0 {
		return o.writeHistory(ctx, env)
	}
	console := o.newConsole(time.Now())
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return fmt.Errorf("invalid --simulate.listen-address: %w", err)
	}
	id, secret := console.Client()
	_, err = fmt.Fprintf(env.Stdout, "A simulated runZero console is at http://%s\n\n"+
		"export token:        %s\norganization token:  %s\naccount token:       %s\nOAuth2 client:       %s, secret %s\n\n"+
		"Try it:  RUNZERO_TOKEN=%s %s --runzero.url=http://%s\n",
		listener.Addr(), console.ExportToken(0), console.OrganizationToken(0), console.AccountToken(), id, secret,
		console.AccountToken(), exporter.Name, listener.Addr())
	if err != nil {
		return err
	}
	server := &http.Server{Handler: console, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	level.Info(env.Logger).Log("msg", "serving a simulated console", "address", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
