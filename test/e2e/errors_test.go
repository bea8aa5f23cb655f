//go:build e2e

package e2e

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// What newcomers get wrong, and the sentence that tells them what to do. These end
// the program before it asks anything.
func TestMistakesThatEndTheProgram(t *testing.T) {
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	empty := writeFile(t, "token", "\n")
	for _, mistake := range []struct {
		name string
		env  []string
		args []string
		code int
		says []string
	}{
		{"no token", nil, nil, 1, []string{"--runzero.token-file", "RUNZERO_TOKEN", "--demo"}},
		{"empty token file", nil, []string{"--runzero.token-file=" + empty}, 1, []string{"--runzero.token-file"}},
		{"no token file", nil, []string{"--runzero.token-file=/nowhere/token"}, 1, []string{"/nowhere/token"}},
		{"URL without a scheme", []string{"RUNZERO_TOKEN=ET0"}, []string{"--runzero.url=console.example.com"}, 1, []string{"write it like https://"}},
		{"token unencrypted", []string{"RUNZERO_TOKEN=ET0"}, []string{"--runzero.url=http://console.example.com"}, 1, []string{"--runzero.allow-http"}},
		{"download token", []string{"RUNZERO_TOKEN=DT0123456789ABCDEF0123456789ABCDEF"}, nil, 1, []string{"download token", "make an export token"}},
		{"token and client", []string{"RUNZERO_TOKEN=ET0"}, []string{"--runzero.client-id=x"}, 1, []string{"leave out"}},
		{"client without secret", nil, []string{"--runzero.client-id=x"}, 1, []string{"--runzero.client-secret-file"}},
		{"unknown flag", nil, []string{"--runzero.tokenfile=x"}, 2, []string{"--runzero.tokenfile", "--help"}},
		{"bad duration", nil, []string{"--cache.interval=soon"}, 2, []string{"15m", "--help"}},
		{"bad label", nil, []string{"--demo", "--collector.assets.labels=site"}, 1, []string{"--collector.assets.labels", "site_name"}},
		{"interval too short", nil, []string{"--demo", "--cache.interval=1ms"}, 1, []string{"--cache.interval", "at least"}},
		{"bad telemetry path", nil, []string{"--demo", "--web.telemetry-path=metrics"}, 1, []string{"--web.telemetry-path", "/metrics"}},
		{"port in use", nil, []string{"--demo", "--web.listen-address=" + busy.Addr().String()}, 1, []string{"--web.listen-address", busy.Addr().String()}},
		{"bad web config", nil, []string{"--demo", "--web.config.file=" + writeFile(t, "web.yml", "basic_auth: {}\n")}, 1, []string{"--web.config.file", "basic_auth"}},
		{"no web config", nil, []string{"--demo", "--web.config.file=/nowhere/web.yml"}, 1, []string{"--web.config.file", "/nowhere/web.yml"}},
	} {
		t.Run(mistake.name, func(t *testing.T) {
			args := mistake.args
			if !strings.Contains(strings.Join(args, " "), "--web.listen-address") {
				args = append([]string{anyPort}, args...)
			}
			p := start(t, mistake.env, args...)
			if code := p.exitCode(10 * time.Second); code != mistake.code {
				t.Errorf("the exit code is %d, not %d", code, mistake.code)
			}
			var said []string
			for line := range strings.Lines(p.stderr.String()) {
				if !strings.Contains(line, "level=info") {
					said = append(said, strings.TrimSpace(line))
				}
			}
			if len(said) != 1 {
				t.Fatalf("%d lines were written, not one: %q", len(said), said)
			}
			for _, part := range append(mistake.says, "runzero_exporter: ") {
				if !strings.Contains(said[0], part) {
					t.Errorf("%q does not say %q", said[0], part)
				}
			}
			if out := p.stdout.String(); out != "" {
				t.Errorf("standard output is %q", out)
			}
		})
	}
}

// A start that fails must not cost calls: something restarts it for ever.
func TestFailedStartAsksNothing(t *testing.T) {
	console, address, env := serveConsole(t)
	for _, flag := range []string{
		"--web.listen-address=" + strings.TrimPrefix(address, "http://"), // in use
		"--web.config.file=/nowhere/web.yml",
	} {
		args := []string{"--runzero.url=" + address, flag}
		if !strings.HasPrefix(flag, "--web.listen-address") {
			args = append(args, anyPort)
		}
		// Several times, because one start may happen to fail before it asks.
		for range 5 {
			if code := start(t, env, args...).exitCode(10 * time.Second); code != 1 {
				t.Errorf("%s: the exit code is %d", flag, code)
			}
		}
		if calls := console.Calls(); len(calls) > 0 {
			t.Errorf("%s: %d calls were made, the first %s", flag, len(calls), calls[0].Path)
		}
	}
}

// These may pass by themselves, so the program goes on, serves and says in its log
// what to do.
func TestMistakesThatAreLogged(t *testing.T) {
	_, simulated, _ := serveConsole(t)
	page := serve(t, http.StatusOK, "text/html", "<!DOCTYPE html><html><body>Log in</body></html>")
	missing := serve(t, http.StatusNotFound, "text/plain", "404 page not found")
	for _, mistake := range []struct {
		name, token, url, does string
	}{
		{"console unreachable", "ET0123456789ABCDEF0123456789ABCDEF", "http://" + closedPort(t), "check the host and port in --runzero.url"},
		{"wrong export token", "ET0123456789ABCDEF0123456789ABCDEF", simulated, "the console refuses the token"},
		{"wrong account token", "CT0123456789ABCDEF0123456789ABCDEF", simulated, "the console refuses the token"},
		{"web page", "CT0123456789ABCDEF0123456789ABCDEF", page, "check that the URL is a runZero console"},
		{"not a console", "CT0123456789ABCDEF0123456789ABCDEF", missing, "check that --runzero.url, or url in the file, is the address of a runZero console"},
		{"no TLS spoken", "CT0123456789ABCDEF0123456789ABCDEF", strings.Replace(simulated, "http:", "https:", 1), "check the scheme and port in --runzero.url"},
	} {
		t.Run(mistake.name, func(t *testing.T) {
			p := start(t, []string{"RUNZERO_TOKEN=" + mistake.token}, anyPort, "--runzero.url="+mistake.url)
			base := p.url()
			line := p.find(&p.stderr, `^(.*level=error.*collector=discovery.*|.*collector=discovery.*level=error.*)$`)
			if n := strings.Count(line, mistake.does); n != 1 {
				t.Errorf("the log says %d times %q: %s", n, mistake.does, line)
			}
			if strings.Contains(p.stderr.String(), mistake.token) {
				t.Error("the log holds the token")
			}
			families := parse(t, get(t, base+"/metrics").body)
			for _, metric := range families["runzero_collector_success"].GetMetric() {
				if len(metric.Label) != 2 || metric.Label[0].GetValue() == "discovery" && metric.Gauge.GetValue() != 0 {
					t.Errorf("runzero_collector_success is %v", metric)
				}
			}
			get(t, base+"/-/healthy")
			if landing := string(get(t, base+"/").body); !strings.Contains(landing, "failing") {
				t.Error("the page does not say that polls fail")
			}
		})
	}
}

func TestPrivateCA(t *testing.T) {
	console := simulator.New(simulator.Options{Seed: 7, Assets: 300})
	server := httptest.NewTLSServer(console)
	defer server.Close()
	server.Config.ErrorLog = nil
	env := []string{"RUNZERO_TOKEN=" + console.AccountToken()}
	p := start(t, env, anyPort, "--runzero.url="+server.URL)
	line := p.find(&p.stderr, `^(.*level=error.*collector=discovery.*)$`)
	if strings.Count(line, "--runzero.ca-file") != 1 {
		t.Errorf("the log does not name --runzero.ca-file: %s", line)
	}
	if n := console.Count(); n != 0 {
		t.Errorf("a console that cannot be trusted was sent %d requests", n)
	}
	ca := writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	startReady(t, env, "--runzero.url="+server.URL, "--runzero.ca-file="+ca)
}

func TestHelpAndVersion(t *testing.T) {
	for flag, says := range map[string]string{
		"--help":    `(?s)\$RUNZERO_CACHE_INTERVAL\).*demo .*Commands:`,
		"--version": `^runzero_exporter, version 0\.0\.0-e2e`,
	} {
		// Kubernetes sets such variables for a service named runzero-exporter.
		p := start(t, []string{"RUNZERO_EXPORTER_VERSION=1", "RUNZERO_VERSION=2", "RUNZERO_EXPORTER_PORT=tcp://10.0.0.1:10026"}, flag)
		if code := p.exitCode(10 * time.Second); code != 0 {
			t.Errorf("%s: the exit code is %d", flag, code)
		}
		if out := p.stdout.String(); !regexp.MustCompile(says).MatchString(out) {
			t.Errorf("%s prints %q", flag, out)
		}
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve answers everything alike.
func serve(t *testing.T, code int, contentType, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}
