//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Mistakes that only an operating system can show, and one of each exit code. internal/commandline
// and internal/config have the others.
func TestMistakesEndTheProgramWithOneLine(t *testing.T) {
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		parts []string
	}{
		{"port in use", []string{"--demo", "--web.listen-address=" + busy.Addr().String()}, 1, []string{"--web.listen-address", busy.Addr().String()}},
		{"bad web config", []string{"--demo", "--web.config.file=" + writeFile(t, "web.yml", "basic_auth: {}\n")}, 1, []string{"--web.config.file", "basic_auth"}},
		{"no web config", []string{"--demo", "--web.config.file=/nowhere/web.yml"}, 1, []string{"--web.config.file", "/nowhere/web.yml"}},
		{"unwritable cache", []string{"--runzero.token-file=" + writeFile(t, "token", "ET0123456789"), "--cache.dir=" + writeFile(t, "file", "") + "/below"}, 1, []string{"--cache.dir"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(strings.Join(c.args, " "), "--web.listen-address") {
				c.args = append(c.args, anyPort)
			}
			p := start(t, nil, c.args...)
			if code := p.exitCode(); code != c.code {
				t.Errorf("the exit code is %d, want %d", code, c.code)
			}
			var lines []string
			for line := range strings.Lines(p.stderr.String()) {
				if !strings.Contains(line, "level=info") {
					lines = append(lines, strings.TrimSpace(line))
				}
			}
			if len(lines) != 1 {
				t.Fatalf("%d lines instead of one: %q", len(lines), lines)
			}
			for _, part := range append(c.parts, "runzero_exporter: ") {
				if !strings.Contains(lines[0], part) {
					t.Errorf("%q lacks %q", lines[0], part)
				}
			}
			if out := p.stdout.String(); out != "" {
				t.Errorf("standard output is %q", out)
			}
		})
	}
}

// A start that fails must cost no calls, because a supervisor repeats it forever.
func TestFailedStartsMakeNoRequest(t *testing.T) {
	t.Parallel()
	console, address, env := serveConsole(t)
	for _, flags := range [][]string{
		{"--web.listen-address=" + strings.TrimPrefix(address, "http://")}, // in use
		{"--web.config.file=/nowhere/web.yml", anyPort},
	} {
		// Several times, because one start may happen to fail before it polls.
		for range 5 {
			if code := start(t, env, append(flags, "--runzero.url="+address)...).exitCode(); code != 1 {
				t.Errorf("%s: the exit code is %d", flags, code)
			}
		}
		if calls := console.Calls(); len(calls) > 0 {
			t.Errorf("%s: %d calls were made, the first to %s", flags, len(calls), calls[0].Path)
		}
	}
}

// What may pass by itself does not end the exporter. It serves, and logs what to do.
func TestConsolesThatCannotBePolledAreLoggedWithAdvice(t *testing.T) {
	t.Parallel()
	_, simulated, _ := serveConsole(t)
	untrusted := simulator.New(simulator.Options{Seed: 7, Assets: 300})
	tlsServer := httptest.NewTLSServer(untrusted)
	defer tlsServer.Close()
	const export, account = "ET0123456789ABCDEF0123456789ABCDEF", "CT0123456789ABCDEF0123456789ABCDEF"
	accounts := []struct{ name, token, url, advice string }{
		{"unreachable", export, "http://" + closedPort(t), "--runzero.url, or url in the file"},
		{"wrong-export-token", export, simulated, "the console refuses the token"},
		{"wrong-account-token", account, simulated, "the console refuses the token"},
		{"web-page", account, serveBody(t, http.StatusOK, "text/html", "<!DOCTYPE html><html><body>Log in</body></html>"), "check that the URL is a runZero console"},
		{"no-console", account, serveBody(t, http.StatusNotFound, "text/plain", "404 page not found"), "--runzero.url, or url in the file"},
		{"no-tls", account, strings.Replace(simulated, "http:", "https:", 1), "check the scheme and port"},
		{"untrusted", account, tlsServer.URL, "--runzero.ca-file"},
	}
	text := "accounts:\n"
	for _, a := range accounts {
		text += fmt.Sprintf("  - {name: %s, url: %q, credentials: [{authorization: {credentials: %s}}]}\n", a.name, a.url, a.token)
	}
	p := start(t, nil, anyPort, "--config.file="+writeFile(t, "config.yml", text))
	base := p.url()
	for _, a := range accounts {
		line := p.waitForLine(&p.stderr, `^(.*level=error.*account_name=`+a.name+` collector=discovery.*)$`)
		if n := strings.Count(line, a.advice); n != 1 {
			t.Errorf("%s: the log has the advice %q %d times: %s", a.name, a.advice, n, line)
		}
	}
	failing := 0
	for labels, ok := range scrape(t, base).values("runzero_collector_success") {
		if strings.Contains(labels, `"discovery"`) && ok == 0 {
			failing++
		}
	}
	if failing != len(accounts) {
		t.Errorf("discovery fails for %d accounts", failing)
	}
	get(t, base+"/-/healthy")
	if n := untrusted.Count(); n != 0 {
		t.Errorf("an untrusted console received %d requests", n)
	}
}

// serveBody responds to everything alike.
func serveBody(t *testing.T, code int, contentType, body string) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}
