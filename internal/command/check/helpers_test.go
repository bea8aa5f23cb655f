package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// north is the console of most tests.
const north = "http://" + harness.North

// result is what a check printed and returned.
type result struct {
	out string
	err error
}

// want fails the test unless there is a finding with the severity, topic and text given as "severity topic: text".
func (r result) want(t *testing.T, findings ...string) {
	t.Helper()
	for _, finding := range findings {
		head, text, _ := strings.Cut(finding, ": ")
		level, about, _ := strings.Cut(head, " ")
		found := false
		for line := range strings.Lines(r.out) {
			first, rest, _ := strings.Cut(line, " ")
			found = found || first == level && strings.HasPrefix(strings.TrimSpace(rest), about+"  ") && strings.Contains(rest, text)
		}
		if !found {
			t.Errorf("no finding %q in\n%s", finding, r.out)
		}
	}
}

// announced returns the sum of the calls announced in the first lines.
func (r result) announced(t *testing.T) int {
	t.Helper()
	all := regexp.MustCompile(`(?m)^ok +(?:\S+ )?calls +this check makes at most (\d+) API calls? `).FindAllStringSubmatch(r.out, -1)
	if len(all) == 0 || !strings.HasPrefix(r.out, all[0][0]) {
		t.Fatalf("the calls are not announced first: %s", r.out)
	}
	sum := 0
	for _, each := range all {
		n, _ := strconv.Atoi(each[1]) // has matched as a number
		sum += n
	}
	return sum
}

// options are those of a check of the console at north with a token.
func options(token string) Options {
	o := Options{Flags: harness.DefaultFlags()}
	o.Flags.URL, o.Flags.Token = north, token
	return o
}

// fileOptions are those of a check with a configuration file.
func fileOptions(t testing.TB, text string) Options {
	t.Helper()
	o := Options{Flags: harness.DefaultFlags()}
	o.Flags.File = write(t, text)
	return o
}

// check runs the command with the console at north, behind handler if there is one, and
// tests what must hold for every check.
func check(t *testing.T, o Options, console *simulator.Console, handler http.Handler) result {
	t.Helper()
	if handler == nil {
		handler = console
	}
	dial, stop := simulator.Pipe(handler)
	defer stop()
	return checkAll(t, o, dial, console)
}

// checkAll is check with several consoles, or another way to reach one.
func checkAll(t *testing.T, o Options, dial command.Dial, consoles ...*simulator.Console) result {
	t.Helper()
	before := 0
	for _, console := range consoles {
		before += console.Count()
	}
	var out bytes.Buffer
	err := Run(t.Context(), command.Env{Stdout: &out, Dial: dial}, o)
	r := result{out.String(), err}
	requests := -before
	for _, console := range consoles {
		requests += console.Count()
		_, clientSecret := console.Client()
		for _, secret := range []string{console.AccountToken(), console.ExportToken(0), console.OrganizationToken(0), clientSecret} {
			if strings.Contains(r.out+fmt.Sprint(err), secret) {
				t.Errorf("a secret is printed: %s (%v)", r.out, err)
			}
		}
	}
	if planted := simulator.Planted(r.out + fmt.Sprint(err)); planted != "" {
		t.Errorf("%s is printed: %s (%v)", planted, r.out, err)
	}
	if announced := r.announced(t); requests > announced {
		t.Errorf("%d requests, %d announced: %s", requests, announced, r.out)
	}
	shape := regexp.MustCompile(`^(ok|warning|error) {2,}\S|^\d+ errors?, \d+ warnings?$`)
	for line := range strings.Lines(r.out) {
		if !shape.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("%q is not a finding", line)
		}
	}
	if failed := regexp.MustCompile(`(?m)^error `).MatchString(r.out); failed != errors.Is(err, errCheck) {
		t.Errorf("error %v of\n%s", err, r.out)
	}
	return r
}

// route dials each address in its own way.
func route(dials map[string]command.Dial) command.Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		dial, ok := dials[address]
		if !ok {
			return nil, fmt.Errorf("no console at %s", address)
		}
		return dial(ctx, network, address)
	}
}

// write writes a text to a file of its own.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
