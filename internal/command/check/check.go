// Package check tries out a configuration with a few API calls and prints one finding a line: what each credential
// reaches, the quota, the clock, TLS. It announces first how many calls that takes at most. It reads no more of a
// response than that the request is permitted; it exports nothing and caches nothing.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

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
	ShowConfig    bool // also print the effective configuration
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
	reportWeb(found, o.WebConfigFile, loaded.Discovers() && !o.Demo.Enabled)
	reportCache(ctx, found, env, loaded)
	defer env.Progress.Show(func() string { return found.waiting.Load().(string) })()
	for _, c := range checks {
		if err := c.run(ctx); err != nil {
			return err
		}
	}
	return found.finish()
}

func reportConfiguration(f *findings, flags config.Flags, c *config.Config) {
	source, credentials := "the flags are", 0
	if flags.File != "" {
		source = flags.File + " and the flags are"
	}
	for _, a := range c.Accounts {
		credentials += len(a.Credentials)
	}
	f.add(fine, "configuration", "%s valid: %s, %s, %s", source,
		command.Plural(len(c.Accounts), "account"), command.Plural(credentials, "credential"), command.Plural(len(c.Collectors), "collector"))
	for _, text := range c.Warnings {
		f.add(warning, "configuration", "%s", text)
	}
}

func reportWeb(f *findings, file string, addresses bool) {
	switch err := web.CheckFile(file); {
	case err != nil:
		f.add(wrong, "web", "invalid --web.config.file: %v", err)
	case file == "":
		f.add(fine, "web", "without --web.config.file, metrics are served unencrypted and without authentication")
	default:
		f.add(fine, "web", "%s is valid", file)
		if text := exposedKey(file); text != "" {
			f.add(warning, "web", "%s", text)
		}
	}
	if text := web.OpenTargets(file); addresses && text != "" {
		f.add(warning, "web", "%s", text)
	}
}

// exposedKey returns a warning if every user of this machine may read the web server's TLS key.
func exposedKey(file string) string {
	var c struct {
		TLS struct {
			KeyFile string `yaml:"key_file"`
		} `yaml:"tls_server_config"`
	}
	text, err := os.ReadFile(file)
	if err != nil || yaml.Unmarshal(text, &c) != nil || c.TLS.KeyFile == "" {
		return ""
	}
	name := c.TLS.KeyFile
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	return config.ExposedSecret("the TLS key file", name)
}

// severity is the first word of a finding.
type severity string

const (
	fine    severity = "ok"
	warning severity = "warning" // the exporter can run with it
	wrong   severity = "error"
)

// findings prints findings as they are made, one a line: severity, topic, text.
type findings struct {
	out        io.Writer
	topicWidth int
	count      map[severity]int
	err        error        // the first error of out
	waiting    atomic.Value // text: what is being waited for
}

func newFindings(out io.Writer, c *config.Config) *findings {
	f := &findings{out: out, count: map[severity]int{}}
	f.waiting.Store("checking")
	for _, account := range c.Accounts {
		for _, credential := range account.Credentials {
			f.topicWidth = max(f.topicWidth, utf8.RuneCountInString(topic(account, credential.Name, "organizations")))
			for _, enabled := range c.Collectors {
				f.topicWidth = max(f.topicWidth, utf8.RuneCountInString(topic(account, credential.Name, "collector "+enabled.Name)))
			}
		}
	}
	return f
}

// topic is what a finding is about, after the names of the account and the credential, as far as these apply.
func topic(a config.Account, credential, what string) string {
	switch {
	case a.Name == "":
		return what
	case credential == "":
		return a.Name + " " + what
	}
	return a.Name + "/" + credential + " " + what
}

func (f *findings) add(s severity, about, format string, args ...any) {
	f.count[s]++
	// Some errors have several lines.
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	f.print(fmt.Sprintf("%-7s  %-*s  %s\n", s, f.topicWidth, about, text))
}

func (f *findings) print(text string) {
	if _, err := io.WriteString(f.out, text); err != nil && f.err == nil {
		f.err = fmt.Errorf("printing findings: %w", err)
	}
}

// finish prints the totals, and returns an error if there is a finding of severity error.
func (f *findings) finish() error {
	f.print(fmt.Sprintf("%s, %s\n", command.Plural(f.count[wrong], "error"), command.Plural(f.count[warning], "warning")))
	switch {
	case f.err != nil:
		return f.err
	case f.count[wrong] > 0:
		return errCheck
	}
	return nil
}
