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

// Pipe is a network without a network: the connections of its dialer are
// served by h in this process. It works inside testing/synctest bubbles. close
// cuts every connection and returns when the handlers have.
func Pipe(h http.Handler) (dial func(ctx context.Context, network, addr string) (net.Conn, error), close func()) {
	return PipeThrough(h, func(c net.Conn) net.Conn { return c })
}

// PipeThrough is Pipe with something between the console and each of its connections,
// such as TLS, over which it speaks HTTP/2 too.
func PipeThrough(h http.Handler, through func(net.Conn) net.Conn) (dial func(ctx context.Context, network, addr string) (net.Conn, error), close func()) {
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var running sync.WaitGroup
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	srv := &http.Server{
		// The server forgets a connection that its handler has taken over.
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			h.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: time.Minute,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // of clients that went away
		BaseContext:       func(net.Listener) context.Context { return ctx },
		// A new connection is reported by the goroutine that accepts, a closed
		// one by its own as the last thing it does.
		ConnState: func(c net.Conn, state http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			switch state {
			case http.StateNew:
				open[c] = true
				running.Add(1)
			case http.StateClosed, http.StateHijacked:
				delete(open, c)
				running.Done()
			}
		},
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := duplex()
		select {
		case l.conns <- through(server):
			return client, nil
		case <-l.done:
			return nil, errors.Join(net.ErrClosed, client.Close(), server.Close())
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), client.Close(), server.Close())
		}
	}
	var once sync.Once
	return dial, func() {
		once.Do(func() {
			cancel()
			// Closing pipes does not fail.
			_ = srv.Close()
			<-served //nolint:errcheck // it says that the server is closed
			// One that was accepted while the server closed is still open.
			mu.Lock()
			for c := range open {
				_ = c.Close()
			}
			mu.Unlock()
			running.Wait()
		})
	}
}

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }
