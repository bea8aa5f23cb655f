package runzero_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// dialer connects to one server whatever the address, and remembers which it was.
type dialer struct {
	to     string
	mu     sync.Mutex
	dialed []string
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialed = append(d.dialed, addr)
	return (&net.Dialer{}).DialContext(ctx, network, d.to)
}

// only insists that there were connections to no other address.
func (d *dialer) only(t *testing.T, addr string) {
	t.Helper()
	for _, dialed := range d.dialed {
		if dialed != addr {
			t.Errorf("connected to %s", dialed)
		}
	}
}

// credentials are a token and a client of a console that is reached as one of them.
func credentials() map[string]config.HTTPClientConfig {
	all := map[string]config.HTTPClientConfig{"token": withToken(exportToken), "client": withClient()}
	for name, c := range all {
		c.TLSConfig.InsecureSkipVerify = true // who answers is what is tested here
		all[name] = c
	}
	return all
}

// Wherever a console sends its client, it asks at the console and nowhere else: not even
// a connection is made.
func TestTokenGoesToNoOtherOrigin(t *testing.T) {
	const console = "https://console.example.com:8443"
	targets := map[string]string{
		"unencrypted":               "http://console.example.com:8443/x",
		"unencrypted, usual port":   "http://console.example.com/x",
		"another port":              "https://console.example.com:8444/x",
		"the usual port":            "https://console.example.com/x",
		"another host":              "https://elsewhere.example.com:8443/x",
		"another host, upper case":  "HTTPS://ELSEWHERE.EXAMPLE.COM:8443/x",
		"a host below":              "https://api.console.example.com:8443/x",
		"a host above":              "https://example.com:8443/x",
		"a host that ends alike":    "https://evilconsole.example.com:8443/x",
		"a host that begins alike":  "https://console.example.com.evil.example:8443/x",
		"a host with a dot":         "https://console.example.com.:8443/x",
		"the scheme left out":       "//elsewhere.example.com:8443/x",
		"a host that is a user":     "https://console.example.com:8443@elsewhere.example.com/x",
		"a user":                    "https://ann:pass@console.example.com:8443/x",
		"a user without a password": "https://ann@console.example.com:8443/x",
		"another scheme":            "ftp://console.example.com:8443/x",
		"a socket":                  "wss://console.example.com:8443/x",
		"a file":                    "file:///etc/passwd",
	}
	var target string
	var hops int
	log := &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := redirects[len(target)%len(redirects)]
		if n := len(r.URL.Query()["hop"]); n < hops {
			http.Redirect(w, r, "/hop?"+strings.Repeat("hop=1&", n+1), code)
			return
		}
		w.Header().Set("Location", target)
		w.WriteHeader(code)
	})}
	server := quietTLS(log)
	defer server.Close()
	for credential, settings := range credentials() {
		for name, to := range targets {
			for _, before := range []int{0, 1} {
				t.Run(fmt.Sprint(credential, " ", name, " after ", before), func(t *testing.T) {
					target, hops = to, before
					d := &dialer{to: server.Listener.Addr().String()}
					_, err := all(newClient(t, runzero.Config{URL: console, HTTP: settings, DialContext: d.dial}).Sites(t.Context(), organization))
					if err == nil || !strings.Contains(err.Error(), "another origin") || runzero.Retryable(err) {
						t.Errorf("error %v, want that it is another origin", err)
					}
					if asked := log.take(); len(asked) != hops+1 {
						t.Errorf("asked %d times, want %d", len(asked), hops+1)
					}
					d.only(t, "console.example.com:8443")
				})
			}
		}
	}
}

// Nothing else that an answer may say leads its client away either.
func TestTokenFollowsNoInvitation(t *testing.T) {
	const elsewhere = "https://elsewhere.example.com/"
	type answer struct {
		status int
		header map[string]string
	}
	var says answer
	server := quietTLS(granting(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range says.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(says.status)
		if says.status == http.StatusOK {
			_, _ = io.WriteString(w, "[]")
		}
	})))
	defer server.Close()
	for name, answer := range map[string]answer{
		"an alternative":        {200, map[string]string{"Alt-Svc": `h2="elsewhere.example.com:443"; ma=99999; persist=1`}},
		"a refresh":             {200, map[string]string{"Refresh": "0; url=" + elsewhere}},
		"a link":                {200, map[string]string{"Link": "<" + elsewhere + ">; rel=next"}},
		"where it was made":     {201, map[string]string{"Location": elsewhere}},
		"several choices":       {300, map[string]string{"Location": elsewhere}},
		"a proxy":               {305, map[string]string{"Location": elsewhere}},
		"not modified":          {304, map[string]string{"Location": elsewhere}},
		"a login":               {401, map[string]string{"WWW-Authenticate": `Bearer authorization_uri="` + elsewhere + `"`}},
		"a login at a proxy":    {407, map[string]string{"Proxy-Authenticate": `Basic realm="` + elsewhere + `"`}},
		"another server wanted": {421, map[string]string{"Location": elsewhere}},
		"an upgrade wanted":     {426, map[string]string{"Upgrade": "h2c", "Location": elsewhere}},
	} {
		says = answer
		for credential, settings := range credentials() {
			t.Run(name+" "+credential, func(t *testing.T) {
				d := &dialer{to: server.Listener.Addr().String()}
				client := newClient(t, runzero.Config{URL: "https://console.example.com", HTTP: settings, DialContext: d.dial})
				for range 2 {
					if _, err := all(client.Sites(t.Context(), organization)); (err == nil) != (answer.status == http.StatusOK) {
						t.Errorf("error %v", err)
					}
				}
				d.only(t, "console.example.com:443")
			})
		}
	}
}

func TestCookiesAreNotKept(t *testing.T) {
	log := &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=topsecret; Path=/")
		if r.URL.Path != "/elsewhere" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		data("[]")(w, r)
	})}
	client := serve(t, log, runzero.Config{})
	for range 2 {
		if _, err := all(client.Sites(t.Context(), "")); err != nil {
			t.Fatal(err)
		}
	}
	for _, request := range log.take() {
		if cookies := request.Cookies(); len(cookies) > 0 {
			t.Errorf("%s was sent %v", request.URL, cookies)
		}
	}
}

// What may be asked in the clear because it is called localhost is on this machine,
// whatever a resolver says; a proxy too.
func TestLocalhostIsThisMachine(t *testing.T) {
	for name, c := range map[string]struct{ url, settings, port string }{
		"a console":            {"http://localhost:8080", "", "8080"},
		"in upper case":        {"http://LOCALHOST", "", "80"},
		"over TLS":             {"https://localhost", "", "443"},
		"a proxy":              {"http://127.0.0.2", "proxy_url: 'http://localhost:3128'", "3128"},
		"a proxy of sockets":   {"http://127.0.0.2", "proxy_url: 'socks5://LocalHost'", "1080"},
		"a proxy in the clear": {"https://console.example.com", "proxy_url: 'http://localhost:3128'", "3128"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &dialer{to: "127.0.0.1:0"} // nothing listens there
			_, err := all(newClient(t, runzero.Config{URL: c.url, HTTP: through(t, c.settings), DialContext: d.dial}).Sites(t.Context(), ""))
			if want := []string{"127.0.0.1:" + c.port, "[::1]:" + c.port}; err == nil || !slices.Equal(d.dialed, want) {
				t.Errorf("connected to %q (%v), want %q", d.dialed, err, want)
			}
		})
	}
}

func TestLocalhostMaySpeakOneProtocolAlone(t *testing.T) {
	for _, speaks := range []string{"127.0.0.1:80", "[::1]:80"} {
		dial := sending("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
		c := runzero.Config{URL: "http://localhost", DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr != speaks {
				return nil, errors.New("nobody listens there")
			}
			return dial(ctx, network, addr)
		}}
		if _, err := all(newClient(t, c).Sites(t.Context(), "")); err != nil {
			t.Errorf("%s: %v", speaks, err)
		}
	}
}

// recorded is a connection whose other side writes down what it is sent.
type recorded struct {
	net.Conn
	log *bytes.Buffer
}

func (r recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.log.Write(p[:n])
	return n, err
}

// A proxy that answers instead of the console over TLS gets to see its own login, and
// nothing of the credential's.
func TestProxyInsteadOfTheConsoleGetsNoToken(t *testing.T) {
	other := quietTLS(nil)
	defer other.Close()
	const connected = "HTTP/1.1 200 Connection established\r\n\r\n"
	for name, behaves := range map[string]func(net.Conn){
		"refuses with a body":  say("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 5\r\n\r\nlogin"),
		"redirects":            say("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example.com/\r\nContent-Length: 0\r\n\r\n"),
		"fails":                say("HTTP/1.1 503 Service Unavailable\r\n\r\n"),
		"answers in the clear": say(connected + "HTTP/1.1 302 Found\r\nLocation: http://console.example.com/\r\nContent-Length: 0\r\n\r\n"),
		"has a certificate of its own": func(c net.Conn) {
			say(connected)(c)
			_ = tls.Server(c, other.TLS).Handshake() // it fails
		},
	} {
		for from, settings := range map[string]string{
			"the file":        "proxy_url: 'http://ann:topsecret@proxy.example.com:3128'",
			"the environment": "proxy_from_environment: true",
		} {
			t.Run(name+" from "+from, func(t *testing.T) {
				for _, variable := range []string{"NO_PROXY", "no_proxy", "https_proxy"} {
					t.Setenv(variable, "")
				}
				t.Setenv("HTTPS_PROXY", "http://ann:topsecret@proxy.example.com:3128")
				sent := &bytes.Buffer{}
				ended := make(chan struct{})
				dialed := []string{}
				dial := connecting(func(c net.Conn) {
					defer close(ended)
					asked := bufio.NewReader(io.TeeReader(c, sent))
					request, err := http.ReadRequest(asked)
					if err != nil || request.Method != http.MethodConnect || request.Host != "console.example.com:443" {
						t.Errorf("the proxy was asked for %v (%v)", request, err)
						return
					}
					behaves(recorded{c, sent})
				})
				_, err := all(newClient(t, runzero.Config{URL: "https://console.example.com", HTTP: through(t, settings), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					dialed = append(dialed, addr)
					return dial(ctx, network, addr)
				}}).Sites(t.Context(), ""))
				if err == nil || strings.Contains(err.Error(), "topsecret") {
					t.Errorf("error %v, want one without the login", err)
				}
				<-ended
				if !slices.Equal(dialed, []string{"proxy.example.com:3128"}) {
					t.Errorf("connected to %v", dialed)
				}
				if !strings.Contains(sent.String(), "Proxy-Authorization: Basic") {
					t.Errorf("the proxy was sent no login: %q", sent)
				}
				if found := shows(sent.String(), exportToken); found != "" {
					t.Errorf("the proxy was sent the token, in %s", found)
				}
			})
		}
	}
}

// say says something, to a proxy's client that waits for it.
func say(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

// The body of an upgrade has no end, and net/http no deadline for it.
func TestUpgradeThatNobodyAskedForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := connecting(func(c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")(c)
			}
			_, _ = io.Copy(io.Discard, c) // until the other side has had enough
		})
		got := &runzero.Error{}
		_, err := all(newClient(t, runzero.Config{URL: "http://127.0.0.1", DialContext: dial}).Sites(t.Context(), ""))
		if !errors.As(err, &got) || got.Status != http.StatusSwitchingProtocols {
			t.Errorf("error %v, want the status", err)
		}
	})
}
