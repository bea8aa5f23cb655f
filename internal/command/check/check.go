// Package check tries out a configuration with a few API calls and prints one finding a line:
// what each credential reaches, the quota, the clock, TLS. It announces first how many calls
// that takes at most. It knows the configuration and the API, and reads no more of a response
// than that the request is permitted; it exports nothing and caches nothing.
package check

import (
	"context"
	"errors"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// Options are what the flags set.
type Options struct {
	Flags         config.Flags
	Demo          command.Demo
	WebConfigFile string
	// ShowConfig also prints the effective configuration.
	ShowConfig bool
}

var (
	errCheck       = errors.New(`the check found errors: see the lines that begin with "error"`)
	errInterrupted = errors.New("interrupted before the check was complete")
)

// Run checks the configuration as serve would use it. It returns an error if there is a finding of severity error.
func Run(ctx context.Context, env command.Env, o Options) error {
	env, flags, stop := o.Demo.Start(env, o.Flags)
	defer stop()
	loaded, err := flags.Load()
	if err != nil {
		return err
	}
	found := newFindings(env.Stdout, loaded)
	gates := map[string]*quota.Gate{}
	var checks []*accountCheck
	for _, account := range loaded.Accounts {
		if gates[account.URL] == nil {
			gates[account.URL] = quota.NewGate(time.Now)
		}
		checks = append(checks, newAccountCheck(found, loaded, account, env.Dial, gates[account.URL]))
	}
	for _, c := range checks {
		c.announce()
	}
	if o.ShowConfig {
		found.print(loaded.String())
	}
	reportConfiguration(found, flags, loaded)
	reportWeb(found, o.WebConfigFile)
	for _, c := range checks {
		if err := c.run(ctx); err != nil {
			return err
		}
	}
	return found.finish()
}

func reportConfiguration(f *findings, flags config.Flags, c *config.Config) {
	source := "the flags are"
	if flags.File != "" {
		source = flags.File + " and the flags are"
	}
	credentials := 0
	for _, a := range c.Accounts {
		credentials += len(a.Credentials)
	}
	f.add(fine, "configuration", "%s valid: %s, %s, %s", source,
		command.Plural(len(c.Accounts), "account"), command.Plural(credentials, "credential"), command.Plural(len(c.Collectors), "collector"))
}

func reportWeb(f *findings, file string) {
	switch err := web.CheckFile(file); {
	case err != nil:
		f.add(wrong, "web", "invalid --web.config.file: %v", err)
	case file == "":
		f.add(fine, "web", "without --web.config.file, metrics are served unencrypted and without authentication")
	default:
		f.add(fine, "web", "%s is valid", file)
	}
}
