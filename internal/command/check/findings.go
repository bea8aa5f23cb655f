package check

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

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
	err        error // the first error of out
}

func newFindings(out io.Writer, c *config.Config) *findings {
	f := &findings{out: out, count: map[severity]int{}}
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
