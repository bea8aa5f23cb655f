package harness

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Network connects an exporter with a console, and can fail.
type Network struct {
	URL    string // of the console
	CAFile string // for the console's certificate; empty without TLS
	Dial   Dial
	fault  atomic.Pointer[Fault]
}

// Fault is what fails in a network. Each field that is set replaces what works, except that
// the connections of the exporter and of the console are wrapped. The zero Fault is none.
type Fault struct {
	// Dial fails instead of connecting.
	Dial func(ctx context.Context) error
	// Exporter wraps the exporter's end of a new connection, Console the console's, outside of TLS.
	Exporter, Console func(net.Conn) net.Conn
	// Certificate is the one that the console presents.
	Certificate Certificate
	// Serve responds instead of the console.
	Serve func(console http.Handler, w http.ResponseWriter, r *http.Request)
}

// Certificate is a certificate that a console presents.
type Certificate int

// The good certificate, and what may be wrong with one.
const (
	Good Certificate = iota
	UnknownCA
	Expired
	OtherName
)

// NewNetwork connects to a console over HTTP/1.1.
func NewNetwork(t testing.TB, console http.Handler) *Network {
	return newNetwork(t, console, "http", func(c net.Conn) net.Conn { return c })
}

// NewTLSNetwork connects to a console over HTTP/2 and TLS.
func NewTLSNetwork(t testing.TB, console http.Handler) *Network {
	t.Helper()
	year := time.Now().Add(365 * 24 * time.Hour)
	ca := newAuthority(t)
	certificates := map[Certificate]tls.Certificate{
		Good:      ca.issue(t, "localhost", year),
		UnknownCA: newAuthority(t).issue(t, "localhost", year),
		Expired:   ca.issue(t, "localhost", time.Now().Add(-time.Hour)),
		OtherName: ca.issue(t, "console.example", year),
	}
	var n *Network
	n = newNetwork(t, console, "https", func(c net.Conn) net.Conn {
		return tls.Server(c, &tls.Config{
			Certificates: []tls.Certificate{certificates[n.fault.Load().Certificate]},
			MinVersion:   tls.VersionTLS12, NextProtos: []string{"h2"},
		})
	})
	n.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(n.CAFile, ca.pem(), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

func newNetwork(t testing.TB, console http.Handler, scheme string, secure func(net.Conn) net.Conn) *Network {
	t.Helper()
	n := &Network{URL: scheme + "://localhost"}
	n.Repair()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if serve := n.fault.Load().Serve; serve != nil {
			serve(console, w, r)
			return
		}
		console.ServeHTTP(w, r)
	})
	dial, stop := simulator.PipeThrough(handler, func(c net.Conn) net.Conn {
		if wrap := n.fault.Load().Console; wrap != nil {
			c = wrap(c)
		}
		return secure(c)
	})
	t.Cleanup(stop)
	n.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		f := n.fault.Load()
		if f.Dial != nil {
			return nil, f.Dial(ctx)
		}
		c, err := dial(ctx, network, address)
		if err == nil && f.Exporter != nil {
			c = f.Exporter(c)
		}
		return c, err
	}
	return n
}

// Break lets a fault happen until the network is repaired. Open connections are not wrapped.
func (n *Network) Break(f Fault) { n.fault.Store(&f) }

// Repair ends the fault.
func (n *Network) Repair() { n.fault.Store(&Fault{}) }
