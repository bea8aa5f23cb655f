//go:build e2e

package e2e

import (
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const stopSignal = syscall.SIGTERM

// ends sends a signal and insists on a good end within five seconds.
func ends(t *testing.T, p *process, s os.Signal) {
	t.Helper()
	began := time.Now()
	p.signal(s)
	if code := p.exitCode(soon); code != 0 {
		t.Errorf("after %v the exit code is %d", s, code)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("after %v the end took %s", s, took)
	}
}

func TestSignals(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			p, _ := startReady(t, nil, "--demo")
			ends(t, p, s)
		})
	}
	t.Run("simulated console", func(t *testing.T) {
		t.Parallel()
		ends(t, startConsole(t).process, syscall.SIGTERM)
	})
	t.Run("while the console is slow", func(t *testing.T) {
		t.Parallel()
		console, address, env := serveConsole(t)
		const slow = "/export/org/assets.jsonl"
		console.Inject(simulator.Fault{Path: slow, Delay: time.Hour})
		p := start(t, env, anyPort, "--runzero.url="+address)
		p.url()
		eventually(t, func() error {
			if !slices.ContainsFunc(console.Calls(), func(c simulator.Call) bool { return c.Path == slow }) {
				return errors.New("the slow endpoint was not asked")
			}
			return nil
		})
		ends(t, p, syscall.SIGTERM)
		if text := p.stderr.String(); strings.Contains(text, "level=error") {
			t.Errorf("ending is logged as an error: %s", text)
		}
	})
	t.Run("while an answer is on its way", func(t *testing.T) {
		t.Parallel()
		p, base := startReady(t, nil, "--demo", "--web.enable-pprof")
		broken := make(chan struct{})
		go func() {
			defer close(broken)
			_, _ = ask(newClient(&http.Transport{}), http.MethodGet, base+"/debug/pprof/trace?seconds=60")
		}()
		// A client that never ends its request.
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		if _, err := connection.Write([]byte("GET /metrics HTTP/1.1\r\nHost:")); err != nil {
			t.Fatal(err)
		}
		// The page counts goroutines; while one writes the trace, it is among them.
		eventually(t, func() error {
			a, err := ask(client, http.MethodGet, base+"/debug/pprof/goroutine?debug=2")
			if err == nil && !strings.Contains(string(a.body), "pprof.Trace") {
				err = errors.New("the trace has not begun")
			}
			return err
		})
		ends(t, p, syscall.SIGTERM)
		select {
		case <-broken:
		case <-time.After(soon):
			t.Error("the client still waits")
		}
	})
}

func TestOnce(t *testing.T) {
	console, address, env := serveConsole(t)
	p := start(t, env, "once", "--runzero.url="+address)
	if code := p.exitCode(soon); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	whole := parse(t, []byte(p.stdout.String()))
	for _, name := range []string{"runzero_assets", "runzero_sites", "runzero_tasks", "runzero_up", "runzero_scan_age_seconds"} {
		if whole[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}

	console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusInternalServerError})
	p = start(t, env, "once", "--runzero.url="+address)
	if code := p.exitCode(soon); code != 1 {
		t.Errorf("with a collector that fails the exit code is %d", code)
	}
	part := parse(t, []byte(p.stdout.String()))
	for name, there := range map[string]bool{"runzero_assets": false, "runzero_sites": true, "runzero_tasks": true, "runzero_up": true} {
		if (part[name] != nil) != there {
			t.Errorf("with a collector that fails, %s: %v", name, part[name])
		}
	}
}

// A first interrupt ends a slow `once` too.
func TestOnceEnds(t *testing.T) {
	console, address, env := serveConsole(t)
	console.Inject(simulator.Fault{Delay: time.Hour})
	p := start(t, env, "once", "--runzero.url="+address)
	eventually(t, func() error {
		if console.Count() == 0 {
			return errors.New("nothing was asked")
		}
		return nil
	})
	p.signal(syscall.SIGINT)
	if code := p.exitCode(5 * time.Second); code != 1 {
		t.Errorf("the exit code is %d", code)
	}
}
