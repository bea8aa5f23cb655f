//go:build port

package faults

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// faultCommand is a command that asks, and what it asks for.
type faultCommand struct {
	name   string
	shapes []shape
	run    func(w *commandWorld) error
}

func faultCommands() []faultCommand {
	return []faultCommand{
		{"once", []shape{array, lines, object}, func(w *commandWorld) error {
			return once(w.t.Context(), log.NewLogfmtLogger(&w.out), w.flags, w.options(), &w.out)
		}},
		// It reads no more of an export than that there is one.
		{"check", []shape{array, object}, func(w *commandWorld) error {
			return (&check{}).run(w.t.Context(), w.flags, w.options(), &w.out)
		}},
		{"scan", []shape{array, object}, func(w *commandWorld) error { return w.scan() }},
	}
}

// commandWorld is a console, and what a command says of it.
type commandWorld struct {
	t       *testing.T
	console *simulator.Console
	line    *line
	flags   config.Flags
	out     bytes.Buffer
}

func newCommandWorld(t *testing.T, on connection) *commandWorld {
	t.Helper()
	console := simulator.New(simulator.Options{Organizations: 2, Sites: 2, Assets: 20})
	w := &commandWorld{t: t, console: console, line: newLine(t, console, on)}
	w.flags = settings(t, "--runzero.url="+w.line.url(), "--runzero.token-file="+write(t, console.AccountToken()),
		"--runzero.ca-file="+w.line.caFile, "--runzero.timeout="+faultTimeout.String())
	return w
}

func (w *commandWorld) options() *serveOptions {
	return &serveOptions{dial: w.line.dial, web: &toolkit.FlagConfig{WebConfigFile: new(string)}}
}

// scan starts a scan of the first site.
func (w *commandWorld) scan() error {
	w.flags.Organizations = []string{w.console.Organizations()[0].ID}
	s := &scan{site: w.site(), zone: "auto", options: map[string]string{}}
	return s.run(w.t.Context(), w.flags, w.options(), &w.out)
}

func (w *commandWorld) site() string { return w.console.Organizations()[0].Sites[0].ID }

// puts counts what would have changed something.
func (w *commandWorld) puts() int {
	n := 0
	for _, call := range w.console.Calls() {
		if call.Method == http.MethodPut {
			n++
		}
	}
	return n
}

// The longest that a command may take, of requests that take their time or get none.
const commandTimeout = 15 * time.Minute

// strike lets a fault hit all that a command asks.
func (w *commandWorld) strike(f fault, c faultCommand) {
	t := w.t
	t.Helper()
	if f.line == nil {
		w.console.Inject(f.fault)
	}
	w.line.bend.Store(f.line)
	began := time.Now()
	err := c.run(w)
	if took := time.Since(began); took > commandTimeout {
		t.Errorf("%s took %s", c.name, took)
	}
	w.want(f.wanted(c.shapes), err)
	if n := w.puts(); f.fails(c.shapes) && n != 0 {
		t.Errorf("%s: %d requests that would have changed something", c.name, n)
	}
}

// strikeScan lets a fault hit the request for a scan alone.
func (w *commandWorld) strikeScan(f fault) {
	t := w.t
	t.Helper()
	f.fault.Path = "/org/sites/" + w.site() + "/scan"
	w.console.Inject(f.fault)
	err := w.scan()
	wanted := f.wanted([]shape{object})
	if f.scan != "" {
		wanted = []string{f.scan}
	}
	w.want(wanted, err)
	if n := w.puts(); n != 1 {
		t.Errorf("a scan was asked for %d times", n)
	}
	if len(wanted) > 0 && err != nil && !strings.Contains(err.Error(), "whether the scan was started is not known") && !strings.Contains(err.Error(), "no scan was started") {
		t.Errorf("it is not said what has become of the scan: %v", err)
	}
}

// want sees to what was said: one of these, or nothing of an error.
func (w *commandWorld) want(texts []string, err error) {
	t := w.t
	t.Helper()
	said := w.out.String()
	if err != nil {
		said += err.Error()
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has several lines: %v", err)
		}
	}
	if (err != nil) != (len(texts) > 0) {
		t.Errorf("error %v: %s", err, said)
	}
	if err != nil && !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(said, text) }) {
		t.Errorf("it says none of %q:\n%s", texts, said)
	}
	for _, secret := range []string{"PLANTED", w.console.AccountToken()} {
		if strings.Contains(said, secret) {
			t.Errorf("it repeats %s:\n%s", secret, said)
		}
	}
}

// wanted is what may be said where answers of these shapes are asked for.
func (f fault) wanted(shapes []shape) []string {
	var texts []string
	for _, s := range shapes {
		if text, fails := f.says[s]; fails {
			texts = append(texts, strings.Split(text, "|")...)
		}
	}
	return texts
}

func (f fault) fails(shapes []shape) bool { return len(f.wanted(shapes)) > 0 }
