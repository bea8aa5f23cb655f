//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// Whatever hangs, the exporter ends in time, has kept what it knew, and asks for nothing of
// that when it starts again.
func TestEndsWhileSomethingHangs(t *testing.T) {
	for what, hang := range map[string]func(*testing.T) (url string, hangs func() error){
		"connect": noAnswer, "TLS handshake": noHandshake, "body": slowBody,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			console := simulator.New(simulator.Options{Seed: 7, Assets: 300, Limit: endless})
			server := httptest.NewServer(console)
			t.Cleanup(server.Close)
			url, hangs := hang(t)
			account := func(name, url string) string {
				return fmt.Sprintf("  - {name: %s, url: %q, credentials: [{authorization: {credentials: %s}}]}\n", name, url, console.AccountToken())
			}
			args := []string{
				"--config.file=" + writeFile(t, "config.yml", "accounts:\n"+account("good", server.URL)+account("hangs", url)), "--cache.dir=" + t.TempDir(), anyPort,
			}
			p := start(t, nil, args...)
			base := p.url()
			eventually(t, hangs)
			eventually(t, func() error {
				a, err := ask(client, http.MethodGet, base+"/metrics")
				if err != nil {
					return err
				}
				// An account's six collectors, and two of each of its organizations.
				succeeded := 0
				for labels, ok := range byLabels(parse(t, a.body)["runzero_collector_success"]) {
					if strings.Contains(labels, `"good"`) && ok == 1 {
						succeeded++
					}
				}
				if succeeded != 6+2*3 {
					return fmt.Errorf("%d collectors of the console that answers have succeeded", succeeded)
				}
				return nil
			})
			before := parse(t, get(t, base+"/metrics").body)
			ends(t, p, stopSignal)
			asked := console.Count()
			p = start(t, nil, args...)
			goesOn(t, p.url(), before)
			if troubles := p.troubles(); len(troubles) > 0 {
				t.Errorf("there is trouble: %s", strings.Join(troubles, "\n"))
			}
			ends(t, p, stopSignal)
			if n := console.Count() - asked; n != 0 {
				t.Errorf("%d requests for what was known", n)
			}
		})
	}
}

// noAnswer is an address where connections are neither taken nor refused: its queue is
// full.
func noAnswer(t *testing.T) (url string, hangs func() error) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := errors.Join(syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(socket, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*syscall.SockaddrInet4).Port
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for range 10 {
		connection, err := (&net.Dialer{Timeout: 300 * time.Millisecond}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			break
		}
		t.Cleanup(func() { _ = connection.Close() })
	}
	return "http://" + address, func() error {
		table, err := os.ReadFile("/proc/net/tcp")
		// The other end, and that nothing but the first packet was sent.
		if err == nil && !strings.Contains(string(table), fmt.Sprintf(" 0100007F:%04X 02 ", port)) {
			err = errors.New("nobody connects")
		}
		return err
	}
}

// noHandshake takes connections and says nothing.
func noHandshake(t *testing.T) (url string, hangs func() error) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	greeted := make(chan struct{}, 1)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { _ = connection.Close() })
			if _, err := connection.Read(make([]byte, 1)); err == nil {
				select {
				case greeted <- struct{}{}:
				default:
				}
			}
		}
	}()
	return "https://" + listener.Addr().String(), func() error { return noted(greeted, "nobody greets") }
}

// slowBody answers, byte by byte, without an end.
func slowBody(t *testing.T) (url string, hangs func() error) {
	t.Helper()
	asked := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `[{"id":"`)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			_, _ = io.WriteString(w, "1")
			_ = http.NewResponseController(w).Flush()
			select {
			case asked <- struct{}{}:
			default:
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			case <-ctx.Done():
				return
			}
		}
	}))
	t.Cleanup(func() {
		cancel()
		server.Close()
	})
	return server.URL, func() error { return noted(asked, "nobody asks") }
}

func noted(happened chan struct{}, otherwise string) error {
	select {
	case <-happened:
		return nil
	default:
		return errors.New(otherwise)
	}
}

func TestEndsWhileScrapesAreNotRead(t *testing.T) {
	p, base := startReady(t, nil, "--demo", "--web.enable-pprof")
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	// More answers than any buffer holds.
	if _, err := io.WriteString(connection, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000)); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		a, err := ask(client, http.MethodGet, base+"/debug/pprof/goroutine?debug=2")
		if err != nil {
			return err
		}
		for goroutine := range strings.SplitSeq(string(a.body), "\n\n") {
			if strings.Contains(goroutine, "[IO wait") && strings.Contains(goroutine, "checkConnErrorWriter.Write") {
				return nil
			}
		}
		return errors.New("no answer waits to be read")
	})
	ends(t, p, stopSignal)
}

func TestEndsAmongReloads(t *testing.T) {
	console, address, _ := serveConsole(t)
	path := fileOf(t, address, address, [2]string{console.AccountToken(), console.ExportToken(0)}, "")
	for _, reloads := range []int{1, 10, 100} {
		p, _ := startReady(t, nil, "--config.file="+path)
		for range reloads {
			p.signal(syscall.SIGHUP)
		}
		ends(t, p, stopSignal)
	}
}
