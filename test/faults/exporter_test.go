package faults

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const interval = 15 * time.Minute // of every poll

// access is a way to poll a console: one kind of credential, over one kind of connection.
type access struct {
	name       string
	token      func(*simulator.Console) string
	network    func(testing.TB, http.Handler) *harness.Network
	collectors []string // all that are polled
	// damaged are the paths whose responses fail, with their collectors.
	damaged map[string]string
}

func accesses(f fault) []access {
	all := []access{{
		"account credential over HTTP2", (*simulator.Console).AccountToken, harness.NewTLSNetwork,
		[]string{"console", "license", "api_keys", "organizations", "explorers", "sites", "assets"},
		map[string]string{"/account/license": "license", "/account/keys": "api_keys", "/account/sites": "sites", "/export/org/assets.jsonl": "assets"},
	}, {
		"export token over HTTP1", func(c *simulator.Console) string { return c.ExportToken(0) }, harness.NewNetwork,
		[]string{"console", "sites", "assets"},
		map[string]string{"/export/org/assets.jsonl": "assets"},
	}}
	if f.tlsOnly {
		return all[:1]
	}
	return all[:ways]
}

func TestKeepsTheLastGoodResultAndRecovers(t *testing.T) {
	for _, f := range faults() {
		if f.bulky && !bulk {
			continue
		}
		for _, a := range accesses(f) {
			t.Run(f.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e := start(t, a)
					e.Pass(time.Hour)
					e.expectRecovered(t, time.Now().Add(-interval-time.Minute))
					served, logged, broken := e.snapshots(), len(e.Log.String()), time.Now()

					e.network.Break(e.limit(f))
					e.Pass(interval + 10*time.Minute)
					e.expectFailures(t, f, served, e.Log.String()[logged:], broken)

					e.network.Repair()
					repaired := time.Now()
					e.Pass(time.Hour + interval)
					e.expectRecovered(t, repaired)
				})
			})
		}
	}
}

// running is an exporter with one way to a console.
type running struct {
	*harness.World
	access
	network *harness.Network
}

func start(t *testing.T, a access) *running {
	t.Helper()
	console := simulator.New(simulator.Options{Organizations: 1, Sites: 2, Assets: 20})
	e := &running{access: a, network: a.network(t, console)}
	e.World = harness.Start(t, harness.Setup{On: console, Network: e.network, Token: a.token, Flags: func(f *config.Flags) {
		f.Timeout = timeout
		for name, c := range f.Collectors {
			c.Interval = interval
			c.Enabled = c.Enabled && name != "tasks" // its export is long
			f.Collectors[name] = c
		}
	}})
	return e
}

// damages returns the collector whose request the fault damages; "" if it does not.
func (e *running) damages(f fault, path string) string {
	path = strings.TrimPrefix(path, "/api/v1.0")
	if f.exportsOnly && !strings.HasPrefix(path, "/export/") {
		return ""
	}
	return e.damaged[path]
}

// limit restricts a fault of responses to the paths that are to be damaged.
func (e *running) limit(f fault) harness.Fault {
	if f.Serve == nil {
		return f.Fault
	}
	return harness.Fault{Serve: func(console http.Handler, w http.ResponseWriter, r *http.Request) {
		if e.damages(f, r.URL.Path) == "" {
			console.ServeHTTP(w, r)
			return
		}
		f.Serve(console, w, r)
	}}
}

// failing are the collectors that the fault makes fail.
func (e *running) failing(f fault) []string {
	if f.Serve == nil {
		return e.collectors
	}
	var failing []string
	for path := range e.damaged {
		failing = append(failing, e.damages(f, path))
	}
	return failing
}

func (e *running) snapshots() map[string]string {
	snapshots := map[string]string{}
	for _, name := range e.collectors {
		snapshots[name] = e.Snapshot(name)
	}
	return snapshots
}

// expectFailures expects that the fault has hit its collectors since then, and no others.
func (e *running) expectFailures(t *testing.T, f fault, served map[string]string, log string, since time.Time) {
	t.Helper()
	failures := e.Values("runzero_collector_consecutive_failures", "collector")
	success := e.Values("runzero_collector_success", "collector")
	attempt := e.Values("runzero_collector_last_attempt_timestamp_seconds", "collector")
	for _, name := range e.collectors {
		lines := failureLines(log, name)
		if !slices.Contains(e.failing(f), name) {
			if success[name] != 1 || failures[name] != 0 || len(lines) != 0 || !f.paused && attempt[name] < float64(since.Unix()) {
				t.Errorf("%s is affected: success %v, failures %v, log %q", name, success[name], failures[name], lines)
			}
			continue
		}
		if f.paused && failures[name] == 0 {
			continue // another one has failed, and paused this one
		}
		if success[name] != 0 || failures[name] == 0 || len(lines) != int(failures[name]) {
			t.Errorf("%s: success %v, failures %v, log %q", name, success[name], failures[name], lines)
		}
		for _, line := range lines {
			if !regexp.MustCompile(f.message).MatchString(line) || strings.Contains(line, planted) {
				t.Errorf("%s: the log does not report %q, or repeats the response: %.400s", name, f.message, line)
			}
		}
		if now := e.Snapshot(name); now == "" || now != served[name] {
			t.Errorf("%s: exports\n%s\nand not the last good result\n%s", name, now, served[name])
		}
	}
}

// failureLines are the lines about failed polls of a collector, as errors or, for a cause that is logged already, for
// debugging. Those of the organizations are logged by the discovery, which makes the request for both.
func failureLines(log, collector string) []string {
	if collector == "organizations" {
		collector = "discovery"
	}
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="poll failed`) && strings.Contains(line, "collector="+collector+" ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// expectRecovered expects that every poll has succeeded since then.
func (e *running) expectRecovered(t *testing.T, since time.Time) {
	t.Helper()
	success := e.Values("runzero_collector_success", "collector")
	last := e.Values("runzero_collector_last_success_timestamp_seconds", "collector")
	for _, name := range e.collectors {
		if success[name] != 1 || last[name] < float64(since.Unix()) {
			t.Errorf("%s: success %v, the last %.0f s after %s", name, success[name], last[name]-float64(since.Unix()), since)
		}
	}
}
