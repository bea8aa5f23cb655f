//go:build port

package faults

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// connection is how a console is reached.
type connection int

const (
	plain connection = iota
	secureHTTP1
	secureHTTP2
)

func (c connection) String() string {
	return [...]string{"HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2"}[c]
}

// line is the way to a console, which may be bent while it is used.
type line struct {
	on     connection
	caFile string
	certificates
	dial dialFunc
	bend atomic.Pointer[bend]
}

// certificates are what a console may show. All but that of a stranger are of a CA that
// is trusted.
type certificates struct{ own, expired, foreign, unknown tls.Certificate }

// bend is what goes wrong on a line, with every connection. The zero value is nothing.
type bend struct {
	dial    func(ctx context.Context) error                 // instead of connecting
	arrives func(c net.Conn) net.Conn                       // of the bytes as they are received
	through func(c net.Conn) net.Conn                       // of the bytes on the wire
	shows   func(certificates) tls.Certificate              // instead of the console's own
	secure  func(c net.Conn, settings *tls.Config) net.Conn // instead of TLS
}

func newLine(t testing.TB, console *simulator.Console, on connection) *line {
	t.Helper()
	l := &line{on: on}
	if on != plain {
		l.certify(t)
	}
	dial, stop := simulator.PipeThrough(console, l.through)
	t.Cleanup(stop)
	l.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		b := l.bend.Load()
		if b != nil && b.dial != nil {
			return nil, b.dial(ctx)
		}
		c, err := dial(ctx, network, address)
		if err == nil && b != nil && b.arrives != nil {
			c = b.arrives(c)
		}
		return c, err
	}
	return l
}

func (l *line) certify(t testing.TB) {
	t.Helper()
	year, trusted := time.Now().Add(365*24*time.Hour), []byte(nil)
	for _, c := range []struct {
		into *tls.Certificate
		of   net.IP
		end  time.Time
		ca   bool
	}{
		{&l.own, net.IPv4(127, 0, 0, 1), year, true},
		{&l.expired, net.IPv4(127, 0, 0, 1), time.Now().Add(-time.Hour), true},
		{&l.foreign, net.IPv4(127, 0, 0, 9), year, true},
		{&l.unknown, net.IPv4(127, 0, 0, 1), year, false},
	} {
		made, file := certificate(t, c.of, c.end)
		*c.into = made
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if c.ca {
			trusted = append(trusted, text...)
		}
	}
	l.caFile = write(t, string(trusted))
}

// through is what stands between the console and a connection.
func (l *line) through(c net.Conn) net.Conn {
	b := l.bend.Load()
	if b == nil {
		b = &bend{}
	}
	if b.through != nil {
		c = b.through(c)
	}
	if l.on == plain {
		return c
	}
	settings := &tls.Config{Certificates: []tls.Certificate{l.own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if l.on == secureHTTP2 {
		settings.NextProtos = []string{"h2"}
	}
	if b.shows != nil {
		settings.Certificates = []tls.Certificate{b.shows(l.certificates)}
	}
	if b.secure != nil {
		return b.secure(c, settings)
	}
	return tls.Server(c, settings)
}

func (l *line) url() string {
	if l.on == plain {
		return "http://" + north
	}
	return "https://" + north
}

// lineFaults are what goes wrong before anybody has answered anything.
func lineFaults() []fault {
	secure := []connection{secureHTTP1, secureHTTP2}
	wide := append([]connection{plain}, secure...)
	fails := func(name, says string, on []connection, b *bend) fault {
		return fault{name: name, says: always(says), on: on, line: b}
	}
	hangs := func(name, says string, on []connection, b *bend) fault {
		return fault{name: name, says: always(says), on: on, line: b, slow: 20 * time.Minute}
	}
	return []fault{
		fails("nobody listens", "connection refused", wide, &bend{dial: func(context.Context) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}}),
		fails("the name cannot be resolved", "no such host", wide, &bend{dial: func(context.Context) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "console.example", IsNotFound: true}}
		}}),
		hangs("connecting takes for ever", "context deadline exceeded", wide, &bend{dial: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}),
		hangs("what is asked is read, and nothing said", "context deadline exceeded", []connection{plain}, &bend{through: func(c net.Conn) net.Conn { return deaf{c} }}),
		fails("the connection is reset instead of an answer", "connection reset", wide, &bend{arrives: func(c net.Conn) net.Conn { return &reset{Conn: c, reads: func(int) int { return 0 }} }}),
		fails("the connection is reset before the end of the answer", "the response ended early", []connection{plain}, &bend{arrives: func(c net.Conn) net.Conn { return &reset{Conn: c, reads: func(arrived int) int { return arrived - 2 }} }}),
		fails("the TLS handshake is not answered", "TLS handshake timeout", secure, &bend{through: func(c net.Conn) net.Conn { return deaf{c} }}),
		fails("the TLS handshake breaks off", "EOF", secure, &bend{through: func(c net.Conn) net.Conn { return &cutWrites{Conn: c} }}),
		fails("TLS breaks off in the answer", "EOF|early|client conn could not be established|closed pipe", secure, &bend{through: func(c net.Conn) net.Conn { return &cutWrites{Conn: c, after: 1} }}),
		fails("a byte changes on the way", "bad record MAC|client conn could not be established", secure, &bend{through: func(c net.Conn) net.Conn { return &flipped{Conn: c} }}),
		fails("no TLS is spoken", "HTTP response to HTTPS client|first record does not look like a TLS handshake", secure, &bend{secure: func(c net.Conn, _ *tls.Config) net.Conn { return c }}),
		fails("the certificate is signed by a stranger", "signed by unknown authority", secure, &bend{shows: func(all certificates) tls.Certificate { return all.unknown }}),
		fails("the certificate has expired", "expired", secure, &bend{shows: func(all certificates) tls.Certificate { return all.expired }}),
		fails("the certificate is of another name", "certificate is valid for", secure, &bend{shows: func(all certificates) tls.Certificate { return all.foreign }}),
	}
}

// deaf hears all and passes nothing on.
type deaf struct{ net.Conn }

func (d deaf) Read([]byte) (int, error) {
	if _, err := io.Copy(io.Discard, d.Conn); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// reset is reset once a part of what arrives first was read.
type reset struct {
	net.Conn
	reads func(arrived int) int
	over  bool
}

func (r *reset) Read(b []byte) (int, error) {
	if !r.over {
		r.over = true
		n, err := r.Conn.Read(b)
		if n = r.reads(n); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// cutWrites sends half of what is written after so many writes, and closes.
type cutWrites struct {
	net.Conn
	after int
	n     int
}

func (c *cutWrites) Write(b []byte) (int, error) {
	if c.n++; c.n <= c.after {
		return c.Conn.Write(b)
	}
	n, _ := c.Conn.Write(b[:len(b)/2])
	_ = c.Close()
	return n, net.ErrClosed
}

// flipped changes a bit at the end of what is written, after the handshake.
type flipped struct {
	net.Conn
	n int
}

func (f *flipped) Write(b []byte) (int, error) {
	if f.n++; f.n > 1 {
		b = bytes.Clone(b)
		b[len(b)-1] ^= 1
	}
	return f.Conn.Write(b)
}
