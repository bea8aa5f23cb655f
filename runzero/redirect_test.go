package runzero_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

var redirects = []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}

// dialer connects to one server for all addresses, and records them.
type dialer struct {
	server string
	mu     sync.Mutex
	dialed []string
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialed = append(d.dialed, addr)
	return (&net.Dialer{}).DialContext(ctx, network, d.server)
}

func (d *dialer) expectOnly(t *testing.T, addr string) {
	t.Helper()
	for _, dialed := range d.dialed {
		if dialed != addr {
			t.Errorf("connected to %s", dialed)
		}
	}
}

// credentials are a token and an OAuth2 client for a server with any certificate.
func credentials() map[string]config.HTTPClientConfig {
	all := map[string]config.HTTPClientConfig{"token": withToken(exportToken), "client": withClient()}
	for name, c := range all {
		c.TLSConfig.InsecureSkipVerify = true
		all[name] = c
	}
	return all
}

func TestFollowsARedirectWithinTheOrigin(t *testing.T) {
	for i, target := range []string{"/elsewhere", "http://localhost/elsewhere", "http://localhost:80/elsewhere", "http://LOCALHOST/elsewhere", "//localhost/elsewhere"} {
		code := redirects[i]
		t.Run(fmt.Sprint(code, " ", target), func(t *testing.T) {
			mux := http.NewServeMux()
			mux.Handle("/api/v1.0"+sites, http.RedirectHandler(target, code))
			mux.Handle("/elsewhere", data(`[{"id":"a"}]`))
			log := &requests{next: mux}
			seen := &recorder{}
			ids, err := readSites(t, log, runzero.Config{URL: "http://localhost", Observer: seen})
			if err != nil || !slices.Equal(ids, []string{"a"}) {
				t.Fatalf("got %q (%v)", ids, err)
			}
			if got := log.take(); len(got) != 2 || got[1].Header.Get("Authorization") != "Bearer "+exportToken {
				t.Errorf("%d requests, want 2 with the token", len(got))
			}
			responded, finished := seen.take()
			if len(responded) != 2 || len(finished) != 2 || responded[0].Code != code || finished[1].Endpoint != sites {
				t.Errorf("exchanges %+v, %+v; want one for each hop", responded, finished)
			}
		})
	}
}

func TestRefusesARedirectToAnotherOrigin(t *testing.T) {
	const console = "https://console.example.com:8443"
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
	for name, to := range map[string]string{
		"unencrypted":              "http://console.example.com:8443/x",
		"another port":             "https://console.example.com:8444/x",
		"another host":             "https://elsewhere.example.com:8443/x",
		"a host that ends alike":   "https://evilconsole.example.com:8443/x",
		"a host that begins alike": "https://console.example.com.evil.example:8443/x",
		"no scheme":                "//elsewhere.example.com:8443/x",
		"the host as a user":       "https://console.example.com:8443@elsewhere.example.com/x",
		"a user":                   "https://ann:pass@console.example.com:8443/x",
		"another scheme":           "ftp://console.example.com:8443/x",
	} {
		for credential, settings := range credentials() {
			t.Run(name+" "+credential, func(t *testing.T) {
				target, hops = to, len(name)%2
				d := &dialer{server: server.Listener.Addr().String()}
				_, err := all(newClient(t, runzero.Config{URL: console, HTTP: settings, DialContext: d.dial}).Sites(t.Context(), organization))
				if err == nil || !strings.Contains(err.Error(), "another origin") || runzero.CauseOf(err) != runzero.Unavailable {
					t.Errorf("error %v, want that it is another origin", err)
				}
				if got := log.take(); len(got) != hops+1 {
					t.Errorf("%d requests, want %d", len(got), hops+1)
				}
				d.expectOnly(t, "console.example.com:8443")
			})
		}
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	log := &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"?"+url.Values{"n": {r.URL.Query().Get("n") + "x"}}.Encode(), http.StatusFound)
	})}
	if _, err := readSites(t, log, runzero.Config{}); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Errorf("error %v, want that it is a circle", err)
	}
	if n := len(log.take()); n > 5 {
		t.Errorf("%d calls spent", n)
	}
}

// The body of an upgraded connection has no end, and net/http sets no deadline for it.
func TestUnrequestedUpgradeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := connecting(func(c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			}
			_, _ = io.Copy(io.Discard, c) // until the client closes the connection
		})
		got := &runzero.Error{}
		_, err := all(newClient(t, runzero.Config{URL: "http://127.0.0.1", DialContext: dial}).Sites(t.Context(), ""))
		if !errors.As(err, &got) || got.Status != http.StatusSwitchingProtocols {
			t.Errorf("error %v, want the status", err)
		}
	})
}

// A token may be sent to localhost unencrypted, so localhost must be this machine regardless of what a resolver
// returns.
func TestLocalhostIsDialedAtLoopbackAddresses(t *testing.T) {
	for name, c := range map[string]struct{ url, settings, port string }{
		"console":          {"http://localhost:8080", "", "8080"},
		"upper case":       {"http://LOCALHOST", "", "80"},
		"over TLS":         {"https://localhost", "", "443"},
		"proxy":            {"http://127.0.0.2", "proxy_url: 'http://localhost:3128'", "3128"},
		"SOCKS proxy":      {"http://127.0.0.2", "proxy_url: 'socks5://LocalHost'", "1080"},
		"proxy for others": {"https://console.example.com", "proxy_url: 'http://localhost:3128'", "3128"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &dialer{server: "127.0.0.1:0"} // nothing listens there
			_, err := all(newClient(t, runzero.Config{URL: c.url, HTTP: withProxy(t, c.settings), DialContext: d.dial}).Sites(t.Context(), ""))
			if want := []string{"127.0.0.1:" + c.port, "[::1]:" + c.port}; err == nil || !slices.Equal(d.dialed, want) {
				t.Errorf("connected to %q (%v), want %q", d.dialed, err, want)
			}
		})
	}
	for _, listening := range []string{"127.0.0.1:80", "[::1]:80"} {
		dial := sending("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
		c := runzero.Config{URL: "http://localhost", DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr != listening {
				return nil, errors.New("connection refused")
			}
			return dial(ctx, network, addr)
		}}
		if _, err := all(newClient(t, c).Sites(t.Context(), "")); err != nil {
			t.Errorf("%s: %v", listening, err)
		}
	}
}
