package simulator

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Pipe serves h in this process, without a network: dial connects to it. It works inside
// testing/synctest bubbles. stop closes all connections and waits for the handlers.
func Pipe(h http.Handler) (dial func(ctx context.Context, network, addr string) (net.Conn, error), stop func()) {
	return PipeThrough(h, func(c net.Conn) net.Conn { return c })
}

// PipeThrough is Pipe with a layer between the server and each of its connections, such
// as TLS, over which it speaks HTTP/2 too.
func PipeThrough(h http.Handler, through func(net.Conn) net.Conn) (dial func(ctx context.Context, network, addr string) (net.Conn, error), stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	listener := &pipeListener{conns: make(chan net.Conn), closed: ctx.Done(), close: cancel}
	var handlers sync.WaitGroup
	var mu sync.Mutex // keeps handlers from starting while stop waits for them
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			if ctx.Err() != nil {
				mu.Unlock()
				panic(http.ErrAbortHandler)
			}
			handlers.Add(1)
			mu.Unlock()
			defer handlers.Done()
			h.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: time.Minute,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // about clients that went away
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	go func() { _ = server.Serve(listener) }() // ends with ErrServerClosed
	dial = func(dialing context.Context, _, _ string) (net.Conn, error) {
		client, conn := net.Pipe()
		// The server does not close connections that a handler has taken over.
		server := &pipeConn{Conn: conn, forget: context.AfterFunc(ctx, func() { _ = conn.Close() })}
		select {
		case listener.conns <- through(server):
			return client, nil
		case <-ctx.Done():
			return nil, errors.Join(net.ErrClosed, client.Close(), server.Close())
		case <-dialing.Done():
			return nil, errors.Join(dialing.Err(), client.Close(), server.Close())
		}
	}
	return dial, func() {
		mu.Lock()
		cancel()
		mu.Unlock()
		_ = server.Close() // closing pipes does not fail
		handlers.Wait()
	}
}

// pipeConn is the server's end of a connection. Once closed it is not kept until stop.
type pipeConn struct {
	net.Conn
	forget func() bool
}

func (c *pipeConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

type pipeListener struct {
	conns  chan net.Conn
	closed <-chan struct{}
	close  func()
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close()
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
