//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestScrapesCauseNoCall(t *testing.T) {
	console := startConsole(t)
	seen := startProxy(t, console.url)
	_, base := startReady(t, console.tokenEnv(), "--runzero.url="+seen.URL)
	before := len(seen.requests())
	const scrapes = 200
	for range scrapes {
		get(t, base+"/metrics")
	}
	get(t, base+"/")
	if after := seen.requests(); len(after) != before {
		t.Errorf("%d scrapes caused %d calls: %v", scrapes, len(after)-before, after[before:])
	}
	const most = 40 // a first round for three organizations
	if before == 0 || before > most {
		t.Errorf("the first round took %d calls", before)
	}
}

func TestPages(t *testing.T) {
	_, base := startReady(t, nil, "--demo", "--web.enable-pprof")
	t.Run("promtool check metrics", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		check := exec.CommandContext(ctx, "promtool", "check", "metrics")
		check.Stdin = bytes.NewReader(get(t, base+"/metrics").body)
		if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
			t.Errorf("promtool: %v: %s", err, output)
		}
	})
	t.Run("OpenMetrics", func(t *testing.T) {
		a := get(t, base+"/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
		if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/openmetrics-text; version=1.0.0") {
			t.Errorf("the content type is %q", kind)
		}
		if !bytes.HasSuffix(a.body, []byte("\n# EOF\n")) {
			t.Error("the exposition has no end")
		}
	})
	t.Run("gzip", func(t *testing.T) {
		plain, packed := get(t, base+"/metrics"), get(t, base+"/metrics", "Accept-Encoding", "gzip")
		if plain.header.Get("Content-Encoding") != "" || packed.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("encoded as %q and %q", plain.header.Get("Content-Encoding"), packed.header.Get("Content-Encoding"))
		}
		reader, err := gzip.NewReader(bytes.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if parse(t, text)["runzero_assets"] == nil || len(packed.body) > len(plain.body)/4 {
			t.Errorf("%d bytes were packed into %d", len(text), len(packed.body))
		}
	})
	t.Run("landing page", func(t *testing.T) {
		a := get(t, base+"/")
		for _, part := range []string{"Demo:", `href="/metrics"`, "version=0.0.0-e2e", "Halvorsen Logistics"} {
			if !bytes.Contains(a.body, []byte(part)) {
				t.Errorf("the page does not hold %q", part)
			}
		}
	})
	t.Run("methods", func(t *testing.T) {
		for _, path := range []string{"/", "/metrics", "/-/healthy", "/-/ready"} {
			if a, err := ask(client, http.MethodHead, base+path); err != nil || a.code != http.StatusOK || len(a.body) > 0 {
				t.Errorf("HEAD %s: %d, %d bytes, %v", path, a.code, len(a.body), err)
			}
			if a, err := ask(client, http.MethodPost, base+path); err != nil || a.code != http.StatusMethodNotAllowed {
				t.Errorf("POST %s: %d, %v", path, a.code, err)
			}
		}
		if a, err := ask(client, http.MethodGet, base+"/nothing"); err != nil || a.code != http.StatusNotFound {
			t.Errorf("GET /nothing: %d, %v", a.code, err)
		}
		get(t, base+"/debug/pprof/goroutine?debug=1")
	})
}

func TestOtherPath(t *testing.T) {
	_, base := startReady(t, []string{"RUNZERO_WEB_TELEMETRY_PATH=/"}, "--demo", "--web.disable-exporter-metrics")
	families := parse(t, get(t, base+"/").body)
	for name := range families {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "promhttp_") {
			t.Errorf("%s is exported", name)
		}
	}
	if families["runzero_assets"] == nil {
		t.Error("there are no assets")
	}
}

func TestReadiness(t *testing.T) {
	console, address, env := serveConsole(t)
	mend := console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusInternalServerError})
	p := start(t, env, anyPort, "--runzero.url="+address, "--cache.interval=1s")
	base := p.url()
	p.find(&p.stderr, `^(.*level=error.*collector=assets.*)$`)
	get(t, base+"/-/healthy")
	if a := waitFor(t, p, base+"/-/ready", http.StatusServiceUnavailable); !bytes.Contains(a.body, []byte("not ready")) {
		t.Errorf("the page says %q", a.body)
	}
	mend()
	waitFor(t, p, base+"/-/ready", http.StatusOK)
}

func TestLogs(t *testing.T) {
	p, _ := startReady(t, nil, "--demo", "--log.level=debug", "--log.format=json")
	levels := map[string]int{}
	p.signal(stopSignal)
	p.exitCode(5 * time.Second)
	for line := range strings.Lines(p.stderr.String()) {
		var entry struct{ TS, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if _, err := time.Parse(time.RFC3339Nano, entry.TS); err != nil || entry.Msg == "" {
			t.Errorf("%v: %s", err, line)
		}
		levels[entry.Level]++
	}
	if levels["debug"] == 0 || levels["info"] == 0 || levels["error"] > 0 || levels[""] > 0 {
		t.Errorf("lines by level: %v", levels)
	}
	quiet, _ := startQuiet(t)
	if text := quiet.stderr.String(); text != "" {
		t.Errorf("at level error, all being well, the log is %q", text)
	}
}

// startQuiet starts a demo that logs errors only, and so does not log where it
// listens.
func startQuiet(t *testing.T) (p *process, base string) {
	t.Helper()
	address := closedPort(t)
	p = start(t, nil, "--demo", "--log.level=error", "--web.listen-address="+address)
	waitFor(t, p, "http://"+address+"/-/ready", http.StatusOK)
	return p, "http://" + address
}
