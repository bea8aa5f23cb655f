//go:build port

package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestCheckOfTheClock(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		s     severity
		says  string
	}{
		{0, fine, "the same"},
		{20 * time.Second, fine, "ahead of"},
		{-3 * time.Minute, warning, "behind"},
		{3 * time.Minute, warning, "ahead of"},
		{2 * time.Hour, wrong, "ahead of"},
		{-2 * time.Hour, wrong, "behind"},
	} {
		t.Run(c.ahead.String(), func(t *testing.T) {
			console := simulator.New(simulator.Options{Assets: 40})
			skewed := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
					next.ServeHTTP(w, r)
				})
			}
			got := checkConsole(t, console, skewed, console.ExportToken(0))
			got.want(t, c.s, "clock", c.says)
		})
	}
	console := simulator.New(simulator.Options{Assets: 40})
	undated := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = nil
			next.ServeHTTP(w, r)
		})
	}
	if got := checkConsole(t, console, undated, console.ExportToken(0)); strings.Contains(got.out, "clock") {
		t.Errorf("a console that tells no time has a clock: %s", got.out)
	}
}

func TestAClockIsAheadByWhatIsSure(t *testing.T) {
	sent := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	now := sent.Add(10 * time.Second) // the answer took its time
	for told, want := range map[time.Duration]time.Duration{
		0: 0, -500 * time.Millisecond: 0, 10 * time.Second: 0, // some instant of the exchange
		-time.Hour: -time.Hour + time.Second, time.Hour: time.Hour - 10*time.Second,
	} {
		if got := ahead(sent.Add(told), sent, now); got != want {
			t.Errorf("told %s after sending: ahead by %s, want %s", told, got, want)
		}
	}
}

// secure serves h over TLS with a certificate of its own that ends then, and returns
// the file of its CA.
func secure(t *testing.T, h http.Handler, end time.Time) (url, caFile string) {
	t.Helper()
	own, caFile := certificate(t, net.IPv4(127, 0, 0, 1), end)
	server := httptest.NewUnstartedServer(h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS13}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // who does not trust it says so
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, caFile
}

// certificate makes one that is its own CA, and a file of it.
func certificate(t testing.TB, of net.IP, end time.Time) (own tls.Certificate, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example\nPrivate CA"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end, IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{of},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func TestCheckOfTLS(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	token := write(t, console.ExportToken(0))
	run := func(args ...string) checked {
		return checkConsoles(t, []*simulator.Console{console}, append([]string{"--runzero.token-file", token}, args...)...)
	}
	for _, c := range []struct {
		left time.Duration
		s    severity
	}{{365 * 24 * time.Hour, fine}, {10*24*time.Hour + time.Minute, warning}} {
		url, ca := secure(t, console, time.Now().Add(c.left))
		got := run("--runzero.url", url, "--runzero.ca-file", ca)
		got.want(t, c.s, "TLS", "TLS 1.3; the console's certificate expires on "+time.Now().Add(c.left).UTC().Format(time.DateOnly))
		got.want(t, c.s, "TLS", `issued by "CN=Example`)
		if got.code != 0 {
			t.Errorf("exit code %d: %s", got.code, got.out)
		}
	}

	// An untrusted, an expired certificate: nobody is told the token.
	before := console.Count()
	untrusted, _ := secure(t, console, time.Now().Add(time.Hour))
	run("--runzero.url", untrusted).want(t, wrong, "console", "--runzero.ca-file")
	url, ca := secure(t, console, time.Now().Add(-time.Hour))
	run("--runzero.url", url, "--runzero.ca-file", ca).want(t, wrong, "console", "expired")
	if console.Count() != before {
		t.Errorf("%d requests", console.Count()-before)
	}
	file := write(t, fmt.Sprintf("accounts:\n- {name: a, url: %q, credentials: [{authorization: {credentials_file: %s}, tls_config: {insecure_skip_verify: true}}]}\n", url, token))
	got := checkConsoles(t, []*simulator.Console{console}, "--config.file", file)
	got.want(t, warning, "a/default TLS", "insecure_skip_verify")
	got.want(t, wrong, "a/default TLS", "expired on")
}

func TestCheckThroughAProxy(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	var proxied atomic.Int64
	proxy := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "localhost:1" && r.Header.Get("Proxy-Authorization") != "" {
			proxied.Add(1)
		}
		console.ServeHTTP(w, r)
	}))
	host := strings.TrimPrefix(proxy, "http://")
	file := write(t, fmt.Sprintf("accounts:\n- {name: a, url: 'http://localhost:1', credentials: [{authorization: {credentials_file: %s}, proxy_url: 'http://user:PLANTED@%s'}]}\n",
		write(t, console.ExportToken(0)), host))
	got := checkConsoles(t, []*simulator.Console{console}, "--config.file", file)
	got.want(t, fine, "a/default proxy", host)
	got.want(t, fine, "a/default collector assets", "yes")
	if got.code != 0 || proxied.Load() == 0 {
		t.Errorf("exit code %d, %d requests by the proxy: %s", got.code, proxied.Load(), got.out)
	}
}

func TestCheckOfAConsoleThatIsNone(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>Log in"))
	})
	console := simulator.New(simulator.Options{})
	token := write(t, console.ExportToken(0))
	for _, c := range []struct {
		what, url, about, says string
	}{
		{"nothing listens", gone.URL, "console", "nothing listens there"},
		{"no such name", "https://console.invalid", "console", "console.invalid"},
		{"something else", listen(t, http.NotFoundHandler()), "organizations", "check that --runzero.url, or url in the file, is the address of a runZero console"},
		{"a login", listen(t, page), "console", "web page"},
		{"one that fails", listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })), "console", "502"},
		{"one that is not well", listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"degraded"}`)) })), "console", `"degraded"`},
	} {
		t.Run(c.what, func(t *testing.T) {
			got := checkConsoles(t, nil, "--runzero.url", c.url, "--runzero.token-file", token)
			got.want(t, wrong, c.about, c.says)
			if strings.Contains(got.out, "collector assets") {
				t.Errorf("collectors were tried: %s", got.out)
			}
		})
	}
}
