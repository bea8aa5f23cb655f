package runzero

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"

	"github.com/prometheus/common/config"
)

// proxyFunc returns the proxy for a request, nil for none.
type proxyFunc func(*http.Request) (*url.URL, error)

// newProxy validates the settings. For a loopback console over plain http it also checks that the credential does not
// leave this machine through a proxy.
func newProxy(c config.ProxyConfig, console *url.URL, allowHTTP bool) (proxyFunc, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("proxy settings: %w", err)
	}
	if u := c.ProxyURL.URL; u != nil && u.String() != "" && !isProxy(u) {
		// The text may contain a password, so it is not repeated.
		return nil, errors.New("proxy_url is not the address of a proxy: write it like http://proxy.example.com:3128")
	}
	proxy := proxyFunc(c.Proxy())
	if proxy == nil {
		proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	if c.ProxyFromEnvironment {
		if err := checkEnvironment(proxy, console); err != nil {
			return nil, err
		}
	}
	if console.Scheme == "http" && !allowHTTP {
		u, err := proxy(&http.Request{URL: console})
		if err != nil || u != nil && !isLoopback(u.Hostname()) {
			return nil, fmt.Errorf("the proxy would receive the token for http://%s unencrypted: use https, add the console to no_proxy, or allow it with --runzero.allow-http (allow_http in the file)", console.Host)
		}
	}
	return proxy, nil
}

// checkEnvironment refuses a malformed proxy in the environment. Otherwise it would be taken for another proxy, or
// silently for none, and the console would get the blame.
func checkEnvironment(proxy proxyFunc, console *url.URL) error {
	variables := []string{"https_proxy", "HTTPS_PROXY"}
	if console.Scheme == "http" {
		variables = []string{"http_proxy", "HTTP_PROXY"}
	}
	u, err := proxy(&http.Request{URL: console})
	for _, name := range variables { // the first that is set counts
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		_, bare := url.Parse("http://" + value)
		_, whole := url.Parse(value)
		ignored := bare != nil && whole != nil && !isLoopback(console.Hostname())
		if err != nil || ignored || u != nil && !isProxy(u) {
			// The text may contain a password, so it is not repeated.
			return fmt.Errorf("the environment variable %s is not the address of a proxy: write it like http://proxy.example.com:3128", name)
		}
		return nil
	}
	return nil
}

// isProxy reports whether u can be the address of a proxy. A scheme in place of the host is left when Go adds a scheme
// to what it cannot parse.
func isProxy(u *url.URL) bool {
	return u.Hostname() != "" && proxyPort(u) != "" && !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Hostname())
}

// Proxy returns host and port of the proxy to the console, without user and password. It is empty when there is none.
func (c *Client) Proxy() (string, error) {
	u, err := c.proxy(&http.Request{URL: c.base})
	if err != nil || u == nil {
		return "", err
	}
	return net.JoinHostPort(u.Hostname(), proxyPort(u)), nil
}

// proxyPort returns the port of a proxy, or "" for a scheme that net/http does not support.
func proxyPort(u *url.URL) string {
	usual := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if usual == "" || u.Port() == "" {
		return usual
	}
	return u.Port()
}
