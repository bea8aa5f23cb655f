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
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestSignalsEndTheProgram(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			p, _ := startReady(t, nil, "--demo")
			p.stop(s)
		})
	}
	t.Run("simulate", func(t *testing.T) {
		t.Parallel()
		p := start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0")
		p.waitForLine(&p.stdout, `(http://\S+)$`)
		p.stop(syscall.SIGTERM)
	})
	t.Run("among reloads", func(t *testing.T) {
		t.Parallel()
		for _, reloads := range []int{1, 10, 100} {
			p, _ := startReady(t, nil, "--demo")
			for range reloads {
				p.signal(syscall.SIGHUP)
			}
			p.stop(syscall.SIGTERM)
		}
	})
}

// A pipe is a file that hangs like a dead network disk while it is read: until something is written to it.
func pipe(t *testing.T, path string) (waitForReader func(*process) *os.File) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return func(p *process) (writer *os.File) {
		t.Helper()
		// This succeeds once somebody opens the pipe to read it.
		eventually(t, func() (err error) {
			if writer, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
				t.Cleanup(func() { _ = writer.Close() })
			}
			return errors.Join(err, p.alive())
		})
		return writer
	}
}

func TestEndsWhileItsFilesHang(t *testing.T) {
	for _, flag := range []string{"--config.file", "--runzero.token-file"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pipe")
			waitForReader := pipe(t, path)
			p := start(t, nil, anyPort, flag+"="+path)
			waitForReader(p)
			elapsed := stopwatch()
			p.signal(syscall.SIGTERM)
			if code := p.exitCode(); code != 1 {
				t.Errorf("the exit code is %d", code)
			}
			if took := elapsed(); took > shutdownLimit {
				t.Errorf("it took %s", took)
			}
		})
	}
	t.Run("after a reload", func(t *testing.T) {
		t.Parallel()
		console, address, _ := serveConsole(t)
		path := writeFile(t, "token", console.AccountToken())
		p, base := startReady(t, nil, "--runzero.url="+address, "--runzero.token-file="+path, "--cache.interval=1s", "--web.enable-lifecycle")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		waitForReader := pipe(t, path)
		p.signal(syscall.SIGHUP)
		waitForReader(p)
		for _, page := range []string{"/metrics", "/", "/config", "/-/ready"} {
			if elapsed := stopwatch(); len(get(t, base+page).body) == 0 || elapsed() > time.Second {
				t.Errorf("%s took %s while the token file hangs", page, elapsed())
			}
		}
		p.stop(syscall.SIGTERM)
	})
}

// The program reads its flags from a file that hangs, so the signal comes before it knows what to do.
func TestSurvivesSIGHUPFromItsFirstInstructionOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flags")
	waitForReader := pipe(t, path)
	p := start(t, nil, "@"+path)
	writer := waitForReader(p)
	p.signal(syscall.SIGHUP)
	_, err := writer.WriteString("--demo\n" + anyPort + "\n")
	if err = errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	p.waitForLine(&p.stderr, `(configuration reloaded)`)
	p.stop(syscall.SIGTERM)
}

// With a console that hangs in any way, the exporter ends in time. It has saved what it
// knows, and requests none of that when it starts again.
func TestEndsWhileAConsoleHangs(t *testing.T) {
	for what, hang := range map[string]func(*testing.T) (url string, reached func() error){
		"connecting": unansweredConnections, "TLS handshake": silentServer("https://"), "response": silentServer("http://"), "body": endlessBody,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			console, good, _ := serveConsole(t)
			url, reached := hang(t)
			account := func(name, url string) string {
				return fmt.Sprintf("  - {name: %s, url: %q, credentials: [{authorization: {credentials: %s}}]}\n", name, url, console.AccountToken())
			}
			args := []string{"--config.file=" + writeFile(t, "config.yml", "accounts:\n"+account("good", good)+account("hanging", url)), "--cache.dir=" + t.TempDir(), anyPort}
			p := start(t, nil, args...)
			base := p.url()
			eventually(t, reached)
			p.waitForMetrics(base, func(f families) error {
				succeeded := 0
				for labels, ok := range f.values("runzero_collector_success") {
					if strings.Contains(labels, `"good"`) && ok == 1 {
						succeeded++
					}
				}
				// An account's seven collectors, and two for each of its organizations.
				if succeeded != 7+2*3 {
					return fmt.Errorf("%d collectors of the good console have succeeded", succeeded)
				}
				return nil
			})
			before := scrape(t, base)
			p.stop(syscall.SIGTERM)

			requests := console.Count()
			p = start(t, nil, args...)
			continues(t, p.url(), before)
			if problems := p.problems(); len(problems) > 0 {
				t.Errorf("the log shows problems:\n%s", strings.Join(problems, "\n"))
			}
			p.stop(syscall.SIGTERM)
			if n := console.Count() - requests; n != 0 {
				t.Errorf("%d requests for cached results", n)
			}
		})
	}
}

// unansweredConnections is an address at which connections are neither accepted nor refused,
// because the queue is full.
func unansweredConnections(t *testing.T) (url string, reached func() error) {
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
		// A connection to the port of which only the first packet was sent.
		if err == nil && !strings.Contains(string(table), fmt.Sprintf(" 0100007F:%04X 02 ", port)) {
			err = errors.New("nothing connects")
		}
		return err
	}
}

// silentServer accepts connections and never sends a byte.
func silentServer(scheme string) func(t *testing.T) (url string, reached func() error) {
	return func(t *testing.T) (string, func() error) {
		t.Helper()
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		received := make(chan struct{})
		go func() {
			for n := 0; ; n++ {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				context.AfterFunc(t.Context(), func() { _ = connection.Close() })
				if _, err := connection.Read(make([]byte, 1)); err == nil && n == 0 {
					close(received)
				}
			}
		}()
		return scheme + listener.Addr().String(), closed(received)
	}
}

// endlessBody responds byte by byte, without an end.
func endlessBody(t *testing.T) (url string, reached func() error) {
	t.Helper()
	requested := make(chan struct{}, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `[{"id":"`)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			_, _ = io.WriteString(w, "1")
			_ = http.NewResponseController(w).Flush()
			requested <- struct{}{}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL, closed(requested)
}

// closed returns a condition: that the channel is closed, or holds something.
func closed(c <-chan struct{}) func() error {
	return func() error {
		select {
		case <-c:
			return nil
		default:
			return errors.New("no request came")
		}
	}
}

// Clients that never finish: one that does not send its whole request, one that does not
// read what it requested, and a profile that takes a minute.
func TestEndsWhileClientsHang(t *testing.T) {
	t.Parallel()
	p, base := startReady(t, nil, "--demo", "--web.enable-pprof")
	for _, text := range []string{
		"GET /metrics HTTP/1.1\r\nHost:",
		strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000), // more than any buffer holds
	} {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		if _, err := io.WriteString(connection, text); err != nil {
			t.Fatal(err)
		}
	}
	profiled := make(chan struct{})
	go func() {
		defer close(profiled)
		_, _ = send(newClient(&http.Transport{}), http.MethodGet, base+"/debug/pprof/trace?seconds=60")
	}()
	eventually(t, func() error {
		goroutines := string(get(t, base+"/debug/pprof/goroutine?debug=2").body)
		if !strings.Contains(goroutines, "pprof.Trace") {
			return errors.New("the trace has not begun")
		}
		for goroutine := range strings.SplitSeq(goroutines, "\n\n") {
			if strings.Contains(goroutine, "[IO wait") && strings.Contains(goroutine, "checkConnErrorWriter.Write") {
				return nil
			}
		}
		return errors.New("no response waits for its reader")
	})
	p.stop(syscall.SIGTERM)
	<-profiled // the client is not left waiting
	if problems := p.problems(); len(problems) > 0 {
		t.Errorf("a slow client is no problem of ours:\n%s", strings.Join(problems, "\n"))
	}
}

func TestOnceReportsFailuresByItsExitCode(t *testing.T) {
	t.Parallel()
	console, address, env := serveConsole(t)
	for _, c := range []struct {
		fault *simulator.Fault
		code  int
	}{
		{nil, 0},
		{&simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusInternalServerError}, 1},
	} {
		if c.fault != nil {
			console.Inject(*c.fault)
		}
		p := start(t, env, "once", "--runzero.url="+address)
		if code := p.exitCode(); code != c.code {
			t.Errorf("the exit code is %d, want %d", code, c.code)
		}
		f, err := parse([]byte(p.stdout.String()))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{"runzero_assets": c.code == 0, "runzero_sites": true, "runzero_tasks": true, "runzero_up": true} {
			if (f[name] != nil) != want {
				t.Errorf("with exit code %d, %s is exposed: %t", c.code, name, !want)
			}
		}
	}
	t.Run("interrupted", func(t *testing.T) {
		console.Inject(simulator.Fault{Delay: time.Hour})
		before := console.Count()
		p := start(t, env, "once", "--runzero.url="+address)
		eventually(t, func() error {
			if console.Count() == before {
				return errors.New("no request came")
			}
			return nil
		})
		p.signal(syscall.SIGINT)
		if code := p.exitCode(); code != 1 {
			t.Errorf("the exit code is %d", code)
		}
	})
}
