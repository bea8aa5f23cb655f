package runzero_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestURLInEveryForm(t *testing.T) {
	for _, c := range []struct{ url, dialed, path string }{
		{"http://127.0.0.1", "127.0.0.1:80", "/api/v1.0/health"},
		{"http://127.0.0.1/api/v1.0", "127.0.0.1:80", "/api/v1.0/health"},
		{"http://127.0.0.1/api/v1.0///", "127.0.0.1:80", "/api/v1.0/health"},
		{"HTTP://127.0.0.1:8443", "127.0.0.1:8443", "/api/v1.0/health"},
		{"http://localhost:8443/tools/runzero", "127.0.0.1:8443", "/tools/runzero/api/v1.0/health"},
		{"http://LocalHost/tools/runzero//api/v1.0/", "127.0.0.1:80", "/tools/runzero/api/v1.0/health"},
		{"http://[::1]:8080", "[::1]:8080", "/api/v1.0/health"},
		{"http://127.8.9.10/with%20space", "127.8.9.10:80", "/with space/api/v1.0/health"},
		{"", "console.runzero.com:443", "/api/v1.0/health"},
		{"https://console-eu.runzero.com", "console-eu.runzero.com:443", "/api/v1.0/health"},
		{"https://runzero.example.com:8443/api", "runzero.example.com:8443", "/api/api/v1.0/health"},
	} {
		t.Run(c.url, func(t *testing.T) {
			log := &requests{next: data(`{"status":"ok"}`)}
			start := quietTLS
			if strings.HasPrefix(strings.ToLower(c.url), "http:") {
				start = httptest.NewServer
			}
			server := start(log)
			defer server.Close()
			d, http := &dialer{server: server.Listener.Addr().String()}, withToken(exportToken)
			http.TLSConfig.InsecureSkipVerify = true
			if _, err := newClient(t, runzero.Config{URL: c.url, HTTP: http, DialContext: d.dial}).Health(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := log.take(); d.dialed[0] != c.dialed || len(got) != 1 || got[0].URL.Path != c.path {
				t.Errorf("dialed %s for %v, want %s for %s", d.dialed, got[0].URL, c.dialed, c.path)
			}
		})
	}
}

func TestInvalidURLIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ url, want string }{
		"no scheme":           {"console.runzero.com", "write it like"},
		"another scheme":      {"ftp://console.runzero.com", "write it like"},
		"no host":             {"https:///api/v1.0", "write it like"},
		"a control character": {"https://console.runzero.com\n", "write it like"},
		"user and password":   {"https://ann:topsecret@console.runzero.com", "leave out"},
		"a query":             {"https://console.runzero.com/?token=topsecret", "leave out"},
		"a fragment":          {"https://console.runzero.com/#topsecret", "leave out"},
		"http":                {"http://console.runzero.com", "unencrypted"},
		"http to a host that looks like loopback": {"http://127.0.0.1.example.com", "unencrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runzero.New(runzero.Config{URL: c.url, HTTP: withToken(exportToken)})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("error %v, want one with %q and without the password", err, c.want)
			}
		})
	}
}

func TestPlainHTTPCanBeAllowed(t *testing.T) {
	client := serve(t, data(`{"status":"ok"}`), runzero.Config{URL: "http://console.example.com", AllowHTTP: true})
	if _, err := client.Health(t.Context()); err != nil {
		t.Error(err)
	}
}
