package runzero_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// through is the HTTP configuration of a token and these proxy settings.
func through(t testing.TB, settings string) config.HTTPClientConfig {
	t.Helper()
	return fromYAML(t, "authorization: {credentials: "+exportToken+"}\n"+settings)
}

func TestProxyIsToldWithoutItsPassword(t *testing.T) {
	for name, c := range map[string]struct{ url, settings, environment, want string }{
		"none":                  {"", "", "http://proxy.example.com:3128", ""},
		"an empty one":          {"", "proxy_url: ''", "", ""},
		"given":                 {"", "proxy_url: 'http://ann:topsecret@proxy.example.com:3128'", "", "proxy.example.com:3128"},
		"its port not said":     {"", "proxy_url: 'https://proxy.example.com'", "", "proxy.example.com:443"},
		"an http proxy's":       {"", "proxy_url: 'http://[2001:db8::1]/'", "", "[2001:db8::1]:80"},
		"a socks proxy's":       {"", "proxy_url: 'socks5://topsecret@proxy.example.com'", "", "proxy.example.com:1080"},
		"not for the console":   {"https://console.example.org", "proxy_url: 'http://proxy.example.com:3128'\nno_proxy: .example.org", "", ""},
		"for another":           {"https://console.example.net", "proxy_url: 'http://proxy.example.com:3128'\nno_proxy: .example.org", "", "proxy.example.com:3128"},
		"of the environment":    {"", "proxy_from_environment: true", "http://ann:topsecret@proxy.example.com:3128", "proxy.example.com:3128"},
		"nothing in it":         {"", "proxy_from_environment: true", "", ""},
		"and not for this host": {"https://localhost", "proxy_from_environment: true", "http://proxy.example.com:3128", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"NO_PROXY", "no_proxy", "https_proxy"} {
				t.Setenv(variable, "")
			}
			t.Setenv("HTTPS_PROXY", c.environment)
			got, err := newClient(t, runzero.Config{URL: c.url, HTTP: through(t, c.settings)}).Proxy()
			if err != nil || got != c.want {
				t.Errorf("proxy %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// A console on this machine may be asked over plain http, because nobody else hears
// it: not so where a proxy elsewhere is in between.
func TestProxyElsewhereMayNotReadTheToken(t *testing.T) {
	log := &requests{next: data(`[]`)}
	proxy := httptest.NewServer(log)
	defer proxy.Close()
	for settings, refused := range map[string]bool{
		"proxy_url: 'http://ann:topsecret@proxy.example.com:3128'":        true,
		"proxy_url: 'https://proxy.example.com:3128'\nno_proxy: 10.0.0.1": false, // it leaves out loopback by itself
		"proxy_url: '" + proxy.URL + "'":                                  false,
	} {
		c := runzero.Config{URL: "http://127.0.0.1:1", HTTP: through(t, settings)}
		_, err := runzero.New(c)
		if refused != (err != nil) || err != nil && (!strings.Contains(err.Error(), "no_proxy") || strings.Contains(err.Error(), "topsecret")) {
			t.Errorf("%s: error %v, want one: %t", settings, err, refused)
		}
		c.AllowHTTP = true
		if _, err := runzero.New(c); err != nil {
			t.Errorf("%s, allowed: %v", settings, err)
		}
	}
	if _, err := all(newClient(t, runzero.Config{URL: "http://127.0.0.1:1", HTTP: through(t, "proxy_url: '"+proxy.URL+"'")}).Sites(t.Context(), "")); err != nil || len(log.take()) != 1 {
		t.Errorf("the proxy on this machine was not used: %v", err)
	}
}
