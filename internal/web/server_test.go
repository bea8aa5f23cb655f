package web_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// pipes is a listener for connections within a process.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serve serves the handler. Each call of connect makes a connection to it.
func serve(t *testing.T, logger log.Logger, h http.Handler) (connect func() net.Conn) {
	t.Helper()
	listener := pipes{make(chan net.Conn), make(chan struct{})}
	server := web.NewServer(logger, h)
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return func() net.Conn {
		ours, theirs := net.Pipe()
		listener.connections <- theirs
		t.Cleanup(func() { _ = ours.Close() })
		return ours
	}
}

// connect serves the handler, and connects to it.
func connect(t *testing.T, logger log.Logger, h http.Handler) net.Conn {
	t.Helper()
	return serve(t, logger, h)()
}

// Clients that send or read too slowly are disconnected.
func TestSlowClientsAreDisconnected(t *testing.T) {
	large := func(c *web.Config) { c.Configuration = func() string { return strings.Repeat("x", 1<<20) } }
	for name, c := range map[string]struct {
		begins string
		drips  string // once a second
		within time.Duration
	}{
		"sends nothing":              {"", "", 10 * time.Second},
		"who begins and waits":       {"GET /met", "", 10 * time.Second},
		"who sends letter by letter": {"GET /", "x", 10 * time.Second},
		"who sends header by header": {"GET /metrics HTTP/1.1\r\nHost: x\r\n", "X-A: b\r\n", 10 * time.Second},
		"who sends a body so":        {"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "x", 31 * time.Second},
		"who sends a body of chunks": {"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 31 * time.Second},
		"does not read":              {"GET /config HTTP/1.1\r\nHost: x\r\n\r\n", "", 5*time.Minute + time.Second},
		"has been served":            {"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", "", 5*time.Minute + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				connection := connect(t, log.NewNopLogger(), handler(large))
				began := time.Now()
				if _, err := io.WriteString(connection, c.begins); err != nil {
					t.Fatal(err)
				}
				listens := make(chan struct{})
				if name != "does not read" {
					go func() { defer close(listens); _, _ = io.Copy(io.Discard, connection) }()
				}
				limit := time.After(time.Hour)
				var err error
				for err == nil {
					select {
					case <-time.After(time.Second):
						if c.drips != "" {
							_, err = io.WriteString(connection, c.drips)
						}
						if name == "does not read" && time.Since(began) > c.within {
							_, err = io.Copy(io.Discard, connection) // what little had been written
							err = errors.Join(err, io.EOF)
						}
					case <-listens:
						err = io.EOF
					case <-limit:
						t.Fatal("the connection is held for an hour")
					}
				}
				if took := time.Since(began); took > c.within+2*time.Second {
					t.Errorf("it took %s, want %s", took, c.within)
				}
			})
		})
	}
}

// exchange sends a request as it is, and reads the answer.
func exchange(t *testing.T, h http.Handler, request string) (*http.Response, string) {
	t.Helper()
	connection := connect(t, log.NewNopLogger(), h)
	go func() { _, _ = io.WriteString(connection, request) }()
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestRequestsAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		code    int
	}{
		"an ordinary one": {"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		"a large header":  {"GET /-/healthy HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", 431},
		"a long path":     {"GET /" + strings.Repeat("a", 100<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
		"no request":      {"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the server waits before it cuts off
				if response, body := exchange(t, handler(nil), c.request); response.StatusCode != c.code {
					t.Errorf("%s: %s, want %d", response.Status, body, c.code)
				}
			})
		})
	}
}

func TestServerErrorsAreLogged(t *testing.T) {
	var logged bytes.Buffer
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("of this handler") })
	connection := connect(t, log.NewLogfmtLogger(log.NewSyncWriter(&logged)), h)
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, connection); err != nil {
		t.Fatal(err)
	}
	if line := logged.String(); strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "level=warn msg=") || !strings.Contains(line, "of this handler") {
		t.Errorf("logged %q", line)
	}
}
