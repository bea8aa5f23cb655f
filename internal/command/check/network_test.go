package check

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
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

// secure serves a console over TLS with a self-signed certificate, and returns the file of
// that. It takes a real connection: in a pipe, a client that rejects the certificate and the
// server would wait for each other.
func secure(t *testing.T, console http.Handler, expires time.Time) (url, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example\nPrivate CA"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: expires, IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(console)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func TestReportsTLS(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name     string
		expires  time.Duration
		trusted  bool
		requests bool
		want     []string
	}{
		{"valid", 365 * day, true, true, []string{`ok TLS: TLS 1.3, with a certificate that is issued by "CN=Example Private CA" and expires on `}},
		{"expires soon", 10*day + time.Minute, true, true, []string{"warning TLS: , in 10d: renew it"}},
		{"untrusted", 365 * day, false, false, []string{"error console: --runzero.ca-file"}},
		{"expired", -time.Hour, true, false, []string{"error console: expired"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			console := simulator.New(simulator.Options{Assets: 40})
			url, caFile := secure(t, console, time.Now().Add(c.expires))
			o := options(console.ExportToken(0))
			o.Flags.URL = url
			if c.trusted {
				o.Flags.CAFile = caFile
			}
			checkAll(t, o, nil, console).want(t, c.want...)
			if got := console.Count() > 0; got != c.requests {
				t.Errorf("the console was sent requests: %v, want %v", got, c.requests)
			}
		})
	}
}

func TestWarnsOfInsecureConnections(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	url, _ := secure(t, console, time.Now().Add(-time.Hour))
	o := fileOptions(t, fmt.Sprintf("accounts:\n- {name: a, url: '%s', credentials: [{authorization: {credentials: %s}, tls_config: {insecure_skip_verify: true}}]}\n",
		url, console.ExportToken(0)))
	checkAll(t, o, nil, console).want(t, "warning a/default TLS: insecure_skip_verify", "error a/default TLS: expired on")

	o = options(console.ExportToken(0))
	o.Flags.URL, o.Flags.AllowHTTP = "http://console.example", true
	check(t, o, console, nil).want(t, "warning TLS: none: the credential is sent unencrypted")
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
			if strings.Contains(got.out, "collector assets") {
				t.Errorf("collectors were tried: %s", got.out)
			}
		})
	}
}
