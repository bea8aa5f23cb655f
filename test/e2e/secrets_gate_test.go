//go:build e2e

package e2e

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// gate is a simulated console that takes credentials of a test's own, and notes what else
// it is sent.
type gate struct {
	console *simulator.Console
	url     string // in the clear
	secured string // over TLS, the address alone
	ca      string // a file

	tokens map[string]string // the simulator's, by what is sent as Authorization
	access map[string]string // access tokens, by the client's secret

	mu      sync.Mutex
	got     map[string]bool // what came, as it was sent
	stalled map[string]bool // tokens whose exports of assets get no answer
}

func startGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{
		console: simulator.New(simulator.Options{Seed: 7, Organizations: 2, Assets: 200, Limit: endless}),
		tokens:  map[string]string{}, access: map[string]string{}, got: map[string]bool{}, stalled: map[string]bool{},
	}
	plain, secured := httptest.NewServer(g), httptest.NewUnstartedServer(g)
	secured.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	secured.Config.ErrorLog = log.New(io.Discard, "", 0) // of exporters that are killed
	secured.StartTLS()
	t.Cleanup(func() {
		plain.Close()
		secured.Close()
	})
	g.url, g.secured = plain.URL, secured.Listener.Addr().String()
	g.ca = writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secured.Certificate().Raw})))
	return g
}

// token has the simulator's token stand for another.
func (g *gate) token(sent, simulated string) string {
	g.tokens[sent] = simulated
	return sent
}

func (g *gate) note(sent ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, each := range sent {
		g.got[each] = true
	}
}

// came tells whether a secret was sent here.
func (g *gate) came(secret string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got[secret]
}

// stall has exports of assets hang, or not, that are asked for with one of these.
func (g *gate) stall(on bool, tokens ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, token := range tokens {
		g.stalled[token] = on
	}
}

func (g *gate) stalls(token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stalled[token]
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	g.note(token, r.Header.Get("X-Gate"), r.Header.Get("X-File"), r.FormValue("resource"))
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		g.note("a certificate")
	}
	if strings.HasSuffix(r.URL.Path, "/account/api/token") {
		g.note(r.FormValue("client_secret"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"`+g.access[r.FormValue("client_secret")]+`","expires_in":3600}`)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/assets.jsonl") && g.stalls(token) {
		g.note("stalled " + token)
		<-r.Context().Done()
		return
	}
	if known := g.tokens[token]; known != "" {
		r.Header.Set("Authorization", "Bearer "+known)
	}
	g.console.ServeHTTP(w, r)
}

// startTunnel serves a proxy that connects to the gate over TLS, whoever is asked for, and
// notes what it is sent itself.
func startTunnel(t *testing.T, g *gate) (address string) {
	t.Helper()
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.note("proxy "+r.Header.Get("Proxy-Authorization"), r.Header.Get("X-Tunnel"))
		there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", g.secured)
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(there, here)
			_ = there.Close()
		}()
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.Start()
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}
