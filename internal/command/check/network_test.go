package check

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestReportsClockSkew(t *testing.T) {
	for ahead, want := range map[time.Duration]string{
		0:                "ok clock: agree",
		20 * time.Second: "ok clock: ahead of",
		-3 * time.Minute: "warning clock: behind",
		3 * time.Minute:  "warning clock: ahead of",
		2 * time.Hour:    "error clock: 2h ahead of this machine's, and so the exported ages are wrong",
		-2 * time.Hour:   "error clock: behind",
	} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := simulator.New(simulator.Options{Assets: 40})
				skewed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
					console.ServeHTTP(w, r)
				})
				check(t, options(console.ExportToken(0)), console, skewed).want(t, want)
			})
		})
	}
	console := simulator.New(simulator.Options{Assets: 40})
	undated := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		console.ServeHTTP(w, r)
	})
	if got := check(t, options(console.ExportToken(0)), console, undated); strings.Contains(got.out, "clock") {
		t.Errorf("a finding about an unknown clock: %s", got.out)
	}
}

func TestClockSkewAllowsForTheDurationOfARequest(t *testing.T) {
	sent := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	received := sent.Add(10 * time.Second)
	for date, want := range map[time.Duration]time.Duration{
		0: 0, -500 * time.Millisecond: 0, 10 * time.Second: 0, // some instant of the request
		-time.Hour: -time.Hour + time.Second, time.Hour: time.Hour - 10*time.Second,
	} {
		if got := clockSkew(sent.Add(date), sent, received); got != want {
			t.Errorf("date %s after sending: skew %s, want %s", date, got, want)
		}
	}
}

func TestReportsTLS(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	// A real connection: in a pipe, the server and a client that rejects its certificate would wait for each other.
	server := httptest.NewUnstartedServer(console)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	o := options(console.ExportToken(0))
	o.Flags.URL = server.URL
	checkAll(t, o, nil, console).want(t, "error console: --runzero.ca-file")
	if console.Count() != 0 {
		t.Errorf("%d requests to an untrusted server", console.Count())
	}

	o.Flags.CAFile = write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	checkAll(t, o, nil, console).want(t, `ok TLS: TLS 1.3, with a certificate that is issued by "O=Acme Co" and expires on `)

	o = fileOptions(t, fmt.Sprintf("accounts:\n- {name: a, url: '%s', credentials: [{authorization: {credentials: %s}, tls_config: {insecure_skip_verify: true}}]}\n",
		server.URL, console.ExportToken(0)))
	checkAll(t, o, nil, console).want(t, "warning a/default TLS: insecure_skip_verify")

	o = options(console.ExportToken(0))
	o.Flags.URL, o.Flags.AllowHTTP = "http://console.example", true
	check(t, o, console, nil).want(t, "warning TLS: none: the credential is sent unencrypted")
}

func TestWarnsOfATLSKeyThatEveryUserCanRead(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	console := simulator.New(simulator.Options{Assets: 40})
	o := options(console.ExportToken(0))
	certificate := write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	keyFile := write(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	o.WebConfigFile = write(t, fmt.Sprintf("tls_server_config: {cert_file: %s, key_file: %s}\n", certificate, keyFile))
	if got := check(t, o, console, nil); strings.Contains(got.out, "warning  web") {
		t.Error(got.out)
	}
	if err := os.Chmod(keyFile, 0o644); err != nil { //nolint:gosec // what is warned of
		t.Fatal(err)
	}
	check(t, o, console, nil).want(t, "warning web: the TLS key file "+keyFile+" is open to every user of this machine (mode 0644)")
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]string{
		-time.Hour:           "error expired on 2026-03-01: renew it",
		0:                    "error expired on 2026-03-01: renew it",
		250 * time.Hour:      "warning expires on 2026-03-11, in 10d10h: renew it",
		365 * 24 * time.Hour: "ok expires on 2027-03-01",
	} {
		if s, text := expiry(now.Add(left), now); string(s)+" "+text != want {
			t.Errorf("%s left: %s %s, want %s", left, s, text, want)
		}
	}
}

func TestReportsTheProxy(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	var proxied atomic.Int64
	proxy, stop := simulator.Pipe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == harness.North && r.Header.Get("Proxy-Authorization") != "" {
			proxied.Add(1)
		}
		console.ServeHTTP(w, r)
	}))
	defer stop()
	o := fileOptions(t, fmt.Sprintf("accounts:\n- {name: a, url: '%s', credentials: [{authorization: {credentials: %s}, proxy_url: 'http://user:PLANTED@%s'}]}\n",
		north, console.ExportToken(0), harness.South))
	got := checkAll(t, o, route(map[string]command.Dial{harness.South: proxy}), console)
	got.want(t, "ok a/default proxy: "+harness.South, "ok a/default collector assets: yes")
	if got.err != nil || proxied.Load() == 0 {
		t.Errorf("error %v, %d requests through the proxy: %s", got.err, proxied.Load(), got.out)
	}
}

func TestReportsWhatIsNoConsole(t *testing.T) {
	respond := func(status int, contentType, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	failing := func(err error) command.Dial {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	for _, c := range []struct {
		name    string
		dial    command.Dial
		handler http.Handler
		want    string
	}{
		{"nothing listens", failing(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), nil, "error console: nothing listens on this host"},
		{"unknown host", failing(&net.DNSError{Err: "no such host", Name: "console.invalid", IsNotFound: true}), nil, "error console: console.invalid"},
		{"another server", nil, respond(http.StatusNotFound, "text/plain", "not found"), "error organizations: is the address of a runZero console"},
		{"no health", nil, respond(http.StatusNotFound, "text/plain", "not found"), "warning console: does not report its health"},
		{"login page", nil, respond(http.StatusOK, "text/html", "<html>Log in"), "error console: web page"},
		{"bad gateway", nil, respond(http.StatusBadGateway, "text/plain", ""), "error console: 502"},
		{"degraded", nil, respond(http.StatusOK, "application/json", `{"status":"degraded"}`), `error console: reports the status "degraded"`},
		{"no version", nil, respond(http.StatusOK, "application/json", `{"status":"ok"}`), "ok console: is healthy, version unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dial := c.dial
			if c.handler != nil {
				var stop func()
				dial, stop = simulator.Pipe(c.handler)
				defer stop()
			}
			got := checkAll(t, options("ET0123456789ABCDEF0123456789ABCDEF"), dial)
			got.want(t, c.want)
			if c.handler == nil {
				got.want(t, "ok calls: 0 API calls made, of at most ", "ok calls: ; 1 request failed before anything was sent, which costs no call")
			}
			if strings.Contains(got.out, "collector assets") {
				t.Errorf("collectors were tried: %s", got.out)
			}
		})
	}
}

// Someone who waits for a silent console sees on the terminal what for, but not in what is kept of it.
func TestShowsWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Assets: 40})
		dial, stop := simulator.Pipe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(5 * time.Second)
			console.ServeHTTP(w, r)
		}))
		defer stop()
		var out, terminal bytes.Buffer
		progress := command.NewProgress(&terminal)
		if err := Run(t.Context(), command.Env{Stdout: progress.Beside(&out), Dial: dial, Progress: progress}, options(console.ExportToken(0))); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"waiting for " + north, "listing the organizations", "trying collector sites"} {
			if !strings.Contains(terminal.String(), want) || strings.Contains(out.String(), want) {
				t.Errorf("the terminal does not show %q, or it is printed: %q", want, terminal.String())
			}
		}
		if !strings.HasSuffix(terminal.String(), " \r") {
			t.Errorf("the line stays: %q", terminal.String())
		}
	})
}
