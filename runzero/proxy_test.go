package runzero_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// withProxy is the HTTP configuration of an export token and these proxy settings.
func withProxy(t testing.TB, settings string) config.HTTPClientConfig {
	t.Helper()
	return fromYAML(t, "authorization: {credentials: "+exportToken+"}\n"+settings)
}

func setHTTPSProxy(t *testing.T, proxy string) {
	t.Helper()
	for _, variable := range []string{"NO_PROXY", "no_proxy", "https_proxy"} {
		t.Setenv(variable, "")
	}
	t.Setenv("HTTPS_PROXY", proxy)
}

func TestProxyIsReportedWithoutItsPassword(t *testing.T) {
	for name, c := range map[string]struct{ url, settings, environment, want string }{
		"none":                 {"", "", "http://proxy.example.com:3128", ""},
		"configured":           {"", "proxy_url: 'http://ann:topsecret@proxy.example.com:3128'", "", "proxy.example.com:3128"},
		"https without a port": {"", "proxy_url: 'https://proxy.example.com'", "", "proxy.example.com:443"},
		"http without a port":  {"", "proxy_url: 'http://[2001:db8::1]/'", "", "[2001:db8::1]:80"},
		"SOCKS without a port": {"", "proxy_url: 'socks5://topsecret@proxy.example.com'", "", "proxy.example.com:1080"},
		"no_proxy":             {"https://console.example.org", "proxy_url: 'http://proxy.example.com:3128'\nno_proxy: .example.org", "", ""},
		"environment":          {"", "proxy_from_environment: true", "http://ann:topsecret@proxy.example.com:3128", "proxy.example.com:3128"},
		"loopback":             {"https://localhost", "proxy_from_environment: true", "http://proxy.example.com:3128", ""},
	} {
		t.Run(name, func(t *testing.T) {
			setHTTPSProxy(t, c.environment)
			got, err := newClient(t, runzero.Config{URL: c.url, HTTP: withProxy(t, c.settings)}).Proxy()
			if err != nil || got != c.want {
				t.Errorf("proxy %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestMalformedProxyOfTheEnvironmentIsRefusedByName(t *testing.T) {
	for proxy, valid := range map[string]bool{
		"http://[::1": false, "http://ann:topsecret@h:x": false, "foo bar": false, "f oo:bar": false, "ftp://proxy.example.com:21": false,
		"://proxy.example.com": false, "http://": false, ":3128": false, "http:/proxy.example.com:3128": false, "http//proxy.example.com": false,
		"proxy.example.com:3128": true, "http://ann:topsecret@proxy.example.com": true, "socks5h://10.0.0.1": true, "[2001:db8::1]:3128": true, "": true,
	} {
		setHTTPSProxy(t, proxy)
		t.Setenv("HTTP_PROXY", "http://[::1") // of other consoles
		c := runzero.Config{URL: "https://console.example.com", HTTP: withProxy(t, "proxy_from_environment: true")}
		_, err := runzero.New(c)
		if valid != (err == nil) || err != nil && (!strings.Contains(err.Error(), "the environment variable HTTPS_PROXY is not") || strings.Contains(err.Error(), "topsecret")) {
			t.Errorf("%q: error %v, want one: %t", proxy, err, !valid)
		}
		c.URL = "https://localhost" // is never reached through a proxy
		if _, err := runzero.New(c); err != nil {
			t.Errorf("%q: error %v for this machine", proxy, err)
		}
	}
}

// Plain http to this machine is allowed because nobody else can read it. That does not hold if a proxy elsewhere is
// in between.
func TestPlainHTTPThroughARemoteProxyIsRefused(t *testing.T) {
	log := &requests{next: data(`[]`)}
	proxy := httptest.NewServer(log)
	defer proxy.Close()
	for settings, refused := range map[string]bool{
		"proxy_url: 'http://ann:topsecret@proxy.example.com:3128'":        true,
		"proxy_url: 'https://proxy.example.com:3128'\nno_proxy: 10.0.0.1": false, // which implies loopback
		"proxy_url: '" + proxy.URL + "'":                                  false,
	} {
		c := runzero.Config{URL: "http://127.0.0.1:1", HTTP: withProxy(t, settings)}
		_, err := runzero.New(c)
		if refused != (err != nil) || err != nil && (!strings.Contains(err.Error(), "no_proxy") || strings.Contains(err.Error(), "topsecret")) {
			t.Errorf("%s: error %v, want one: %t", settings, err, refused)
		}
		c.AllowHTTP = true
		if _, err := runzero.New(c); err != nil {
			t.Errorf("%s, allowed: %v", settings, err)
		}
	}
	if _, err := all(newClient(t, runzero.Config{URL: "http://127.0.0.1:1", HTTP: withProxy(t, "proxy_url: '"+proxy.URL+"'")}).Sites(t.Context(), "")); err != nil || len(log.take()) != 1 {
		t.Errorf("the proxy on this machine was not used: %v", err)
	}
}

// recordingConn records what the other side sends.
type recordingConn struct {
	net.Conn
	log *bytes.Buffer
}

func (r recordingConn) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.log.Write(p[:n])
	return n, err
}

// A proxy that answers itself instead of connecting to the console receives its own login and nothing of the
// credential.
func TestProxyReceivesNoToken(t *testing.T) {
	other := quietTLS(nil)
	defer other.Close()
	write := func(text string) func(net.Conn) {
		return func(c net.Conn) { _, _ = io.WriteString(c, text) }
	}
	const connected = "HTTP/1.1 200 Connection established\r\n\r\n"
	for name, proxy := range map[string]func(net.Conn){
		"refuses":          write("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 5\r\n\r\nlogin"),
		"redirects":        write("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example.com/\r\nContent-Length: 0\r\n\r\n"),
		"answers in plain": write(connected + "HTTP/1.1 302 Found\r\nLocation: http://console.example.com/\r\nContent-Length: 0\r\n\r\n"),
		"intercepts TLS": func(c net.Conn) {
			write(connected)(c)
			_ = tls.Server(c, other.TLS).Handshake() // it fails
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := "proxy_url: 'http://ann:topsecret@proxy.example.com:3128'"
			received, ended, dialed := &bytes.Buffer{}, make(chan struct{}), []string{}
			dial := connecting(func(c net.Conn) {
				defer close(ended)
				request, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, received)))
				if err != nil || request.Method != http.MethodConnect || request.Host != "console.example.com:443" {
					t.Errorf("the proxy received %v (%v)", request, err)
					return
				}
				proxy(recordingConn{c, received})
			})
			_, err := all(newClient(t, runzero.Config{URL: "https://console.example.com", HTTP: withProxy(t, settings), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				dialed = append(dialed, addr)
				return dial(ctx, network, addr)
			}}).Sites(t.Context(), ""))
			<-ended
			if err == nil || strings.Contains(err.Error(), "topsecret") || !slices.Equal(dialed, []string{"proxy.example.com:3128"}) {
				t.Errorf("error %v, connected to %v", err, dialed)
			}
			if !strings.Contains(received.String(), "Proxy-Authorization: Basic") || shows(received.String(), exportToken) != "" {
				t.Errorf("the proxy received %q, want its login and no token", received)
			}
		})
	}
}
