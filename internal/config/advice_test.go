package config_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestAdvice(t *testing.T) {
	left := func(n int64) runzero.Usage { return runzero.Usage{Remaining: runzero.Known(n)} }
	for _, c := range []struct {
		name string
		err  error
		want string // empty: no advice
	}{
		{"wrong token", &runzero.Error{Status: 401}, "refuses the token"},
		{"wrong OAuth2 client", &runzero.Error{Endpoint: runzero.TokenEndpoint, Status: 400}, "--runzero.client-id"},
		{"licence", &runzero.Error{Status: 403}, "licence"},
		{"expired licence", &runzero.Error{Status: 402, API: true}, "licence has expired"},
		{"expired licence, not allowed", &runzero.Error{Status: 403, API: true, Message: "license is expired"}, "licence has expired"},
		{"a proxy wants payment", &runzero.Error{Status: 402}, ""},
		{"not a console", &runzero.Error{Status: 404}, "--runzero.url"},
		{"bad search", &runzero.Error{Status: 422}, "--collector.assets.search"},
		{"quota", &runzero.Error{Status: 429, Usage: left(0)}, "used up"},
		{"burst", &runzero.Error{Status: 429, Usage: left(10)}, "too many requests"},
		{"server error", &runzero.Error{Status: 500}, "repeated"},
		{"no such host", &net.DNSError{}, "DNS"},
		{"refused", syscall.ECONNREFUSED, "nothing listens"},
		{"proxy refused", &net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}, "the proxy cannot be reached: check HTTPS_PROXY"},
		{"no such proxy", &net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: &net.DNSError{}}}, "the proxy cannot be reached"},
		{"timeout", context.DeadlineExceeded, "--runzero.timeout"},
		{"missing token file", &os.PathError{Err: syscall.ENOENT}, "file exists"},
		{"unreadable token file", &os.PathError{Err: syscall.EACCES}, "user to read"},
		{"another name", x509.HostnameError{Certificate: &x509.Certificate{}}, "--runzero.url"},
		{"expired", x509.CertificateInvalidError{Cert: &x509.Certificate{}}, "clock"},
		{"closed", io.EOF, "closed without a response"},
		{"empty body", &runzero.BodyError{Err: io.EOF}, ""},
	} {
		got := config.Advice(fmt.Errorf("assets: %w", c.err))
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if strings.Contains(got, "--") && !strings.Contains(got, "in the file") {
			t.Errorf("%s: %q does not help users of a configuration file", c.name, got)
		}
	}
}

// The errors come from real servers, because Go may change their types.
func TestAdviceOnTLS(t *testing.T) {
	private := httptest.NewTLSServer(http.NotFoundHandler())
	defer private.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for _, c := range []struct{ name, url, proxy, want string }{
		{"a private CA", private.URL, "", "--runzero.ca-file"},
		{"no TLS at all", strings.Replace(plain.URL, "http:", "https:", 1), "", "scheme"},
		{"nothing listens", "http://127.0.0.1:1", "", "nothing listens"},
		{"no proxy listens", "https://console.example.com", "http://127.0.0.1:1", "the proxy cannot be reached"},
	} {
		var err error
		http := promconfig.HTTPClientConfig{Authorization: &promconfig.Authorization{Credentials: "ET0123"}}
		if c.proxy != "" {
			if http.ProxyURL.URL, err = url.Parse(c.proxy); err != nil {
				t.Fatal(err)
			}
		}
		client, err := runzero.New(runzero.Config{URL: c.url, HTTP: http})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Health(t.Context())
		if got := config.Advice(err); !strings.Contains(got, c.want) {
			t.Errorf("%s: %v: %q, want %q", c.name, err, got, c.want)
		}
	}
}
