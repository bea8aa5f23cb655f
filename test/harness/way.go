package harness

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Way is a way to a server that can be cut.
type Way struct {
	dial Dial

	mu    sync.Mutex
	state wayState
	open  map[*wayConn]bool
}

type wayState int

const (
	working wayState = iota
	refusing
	silent
)

// NewWay makes a way of what connects.
func NewWay(dial Dial) *Way { return &Way{dial: dial, open: map[*wayConn]bool{}} }

// Cut closes all connections, and refuses new ones.
func (w *Way) Cut() { w.set(refusing) }

// Silence loses all that is sent from now on, as a network does whose packets are dropped.
func (w *Way) Silence() { w.set(silent) }

// Heal lets new connections pass. Those that were open when the way was cut are lost.
func (w *Way) Heal() { w.set(working) }

func (w *Way) set(state wayState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = state
	for c := range w.open {
		switch state {
		case refusing:
			_ = c.current().Close()
		case silent:
			c.silence()
		}
		delete(w.open, c)
	}
}

// Dial connects.
func (w *Way) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	state := w.state
	w.mu.Unlock()
	switch state {
	case refusing:
		return nil, errors.New("connection refused")
	case silent:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	inner, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &wayConn{way: w, inner: inner}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state != working {
		_ = inner.Close()
		return nil, errors.New("connection refused")
	}
	w.open[c] = true
	return c, nil
}

// wayConn is a connection that may be silenced: what is sent disappears, and nothing comes back.
type wayConn struct {
	way *Way

	mu          sync.Mutex
	inner       net.Conn
	read, write time.Time // deadlines
}

func (c *wayConn) silence() {
	here, there := net.Pipe()
	c.mu.Lock()
	defer c.mu.Unlock()
	go func() {
		_, _ = io.Copy(io.Discard, there)
		_ = there.Close()
	}()
	_, _ = here.SetReadDeadline(c.read), here.SetWriteDeadline(c.write)
	_ = c.inner.Close()
	c.inner = here
}

func (c *wayConn) current() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inner
}

// through does what was begun on a connection that is silenced meanwhile once more, in silence.
func (c *wayConn) through(do func(net.Conn) (int, error)) (int, error) {
	for {
		inner := c.current()
		if n, err := do(inner); err == nil || inner == c.current() {
			return n, err
		}
	}
}

func (c *wayConn) Read(p []byte) (int, error) {
	return c.through(func(inner net.Conn) (int, error) { return inner.Read(p) })
}

func (c *wayConn) Write(p []byte) (int, error) {
	return c.through(func(inner net.Conn) (int, error) { return inner.Write(p) })
}

func (c *wayConn) Close() error {
	c.way.mu.Lock()
	delete(c.way.open, c)
	c.way.mu.Unlock()
	return c.current().Close()
}

func (c *wayConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *wayConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = t
	return c.inner.SetReadDeadline(t)
}

func (c *wayConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write = t
	return c.inner.SetWriteDeadline(t)
}

func (c *wayConn) LocalAddr() net.Addr  { return c.current().LocalAddr() }
func (c *wayConn) RemoteAddr() net.Addr { return c.current().RemoteAddr() }
