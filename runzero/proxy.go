package runzero

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/prometheus/common/config"
)

// proxyFunc tells the proxy for a request, nil for none.
type proxyFunc func(*http.Request) (*url.URL, error)

// newProxy checks the settings and, for a console over plain http, that the proxy does
// not get to read a credential that was not to leave this machine.
func newProxy(c config.ProxyConfig, console *url.URL, allowHTTP bool) (proxyFunc, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("proxy settings: %w", err)
	}
	if u := c.ProxyURL.URL; u != nil && u.String() != "" && (u.Hostname() == "" || proxyPort(u) == "") {
		// It may hold a password: it is not repeated.
		return nil, errors.New("proxy_url is not the address of a proxy: write it like http://proxy.example.com:3128")
	}
	proxy := proxyFunc(c.Proxy())
	if proxy == nil {
		proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	if console.Scheme == "http" && !allowHTTP {
		u, err := proxy(&http.Request{URL: console})
		if err != nil || u != nil && !loopback(u.Hostname()) {
			return nil, fmt.Errorf("the proxy would read the token for http://%s unencrypted: use https, name the console in no_proxy, or allow it with --runzero.allow-http (allow_http in the file)", console.Host)
		}
	}
	return proxy, nil
}

// Proxy returns host and port of the proxy through which the console is asked, and
// nothing where there is none. It never tells the proxy's user or password.
func (c *Client) Proxy() (string, error) {
	u, err := c.proxy(&http.Request{URL: c.base})
	if err != nil || u == nil {
		return "", err
	}
	return net.JoinHostPort(u.Hostname(), proxyPort(u)), nil
}

// proxyPort is where a proxy listens, and empty for what is no proxy that net/http knows.
func proxyPort(u *url.URL) string {
	usual := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if usual == "" || u.Port() == "" {
		return usual
	}
	return u.Port()
}
