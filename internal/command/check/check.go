// Package check tries a configuration out with a few API calls: what each credential reaches,
// the quota, the clock, TLS.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

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
	// ShowConfig prints the configuration in force, too.
	ShowConfig bool
}

// errCheck makes the exit code; the findings have said the rest.
var errCheck = errors.New("something is wrong: the lines that begin with error say what, and what to do")

// Run checks the configuration as serve would use it.
func Run(ctx context.Context, env command.Env, o Options) error {
	env, flags, stop := o.Demo.Start(env, o.Flags)
	defer stop()
	loaded, err := flags.Load()
	if err != nil {
		return err
	}
	found := newFindings(env.Stdout, loaded)
	consoles := map[string]*quota.Gate{}
	var checks []*accountCheck
	for _, configured := range loaded.Accounts {
		if consoles[configured.URL] == nil {
			consoles[configured.URL] = quota.NewGate(time.Now)
		}
		checks = append(checks, newAccountCheck(found, loaded, configured, env.Dial, consoles[configured.URL]))
	}
	for _, each := range checks {
		each.announce()
	}
	if o.ShowConfig {
		found.print(loaded.String())
	}
	found.configuration(flags, loaded)
	found.web(o.WebConfigFile)
	for _, each := range checks {
		if err := each.run(ctx); err != nil {
			return err
		}
	}
	return found.verdict()
}

// severity is the first word of a finding.
type severity string

const (
	fine    severity = "ok"
	warning severity = "warning" // the exporter would run all the same
	wrong   severity = "error"
)

// findings are told as they are made, one a line: how bad it is, what it is about, and
// what there is to say.
type findings struct {
	out   io.Writer
	width int // of what they are about
	count map[severity]int
	err   error // of the first that could not be told
}

func newFindings(out io.Writer, c *config.Config) *findings {
	f := &findings{out: out, count: map[severity]int{}}
	for _, account := range c.Accounts {
		for _, credential := range account.Credentials {
			f.width = max(f.width, utf8.RuneCountInString(topic(account, credential.Name, "organizations")))
			for _, enabled := range c.Collectors {
				f.width = max(f.width, utf8.RuneCountInString(topic(account, credential.Name, "collector "+enabled.Name)))
			}
		}
	}
	return f
}

// topic is what a finding is about, with the names of the account, where it has one, and
// of the credential, where it is about one.
func topic(a config.Account, credential, what string) string {
	switch {
	case a.Name == "":
		return what
	case credential == "":
		return a.Name + " " + what
	}
	return a.Name + "/" + credential + " " + what
}

func (f *findings) say(s severity, about, format string, args ...any) {
	f.count[s]++
	// Some errors have several lines.
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	f.print(fmt.Sprintf("%-7s  %-*s  %s\n", s, f.width, about, text))
}

func (f *findings) print(text string) {
	if _, err := io.WriteString(f.out, text); err != nil && f.err == nil {
		f.err = fmt.Errorf("the findings cannot be printed: %w", err)
	}
}

func (f *findings) configuration(flags config.Flags, c *config.Config) {
	from := "the flags are"
	if flags.File != "" {
		from = flags.File + " and the flags are"
	}
	credentials := 0
	for _, a := range c.Accounts {
		credentials += len(a.Credentials)
	}
	f.say(fine, "configuration", "%s valid: %s, %s, %s", from,
		command.Plural(len(c.Accounts), "account"), command.Plural(credentials, "credential"), command.Plural(len(c.Collectors), "collector"))
}

// web checks how metrics are served.
func (f *findings) web(file string) {
	switch err := web.CheckFile(file); {
	case err != nil:
		f.say(wrong, "web", "--web.config.file cannot be used: %v", err)
	case file == "":
		f.say(fine, "web", "without --web.config.file, metrics are served unencrypted and to everybody")
	default:
		f.say(fine, "web", "%s is valid", file)
	}
}

// verdict ends the findings, and is an error if one of them is.
func (f *findings) verdict() error {
	f.print(fmt.Sprintf("%s, %s\n", command.Plural(f.count[wrong], "error"), command.Plural(f.count[warning], "warning")))
	switch {
	case f.err != nil:
		return f.err
	case f.count[wrong] > 0:
		return errCheck
	}
	return nil
}
