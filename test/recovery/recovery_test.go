package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// recovery is a fault that ends, and what that costs: a row of docs/reliability.md.
type recovery struct {
	name   string
	tls    bool
	atOnce bool // the fault is there from the first start on; else it begins when all is well
	fault  func(*rig)
	lasts  time.Duration
	repair func(*rig)
	within time.Duration // from the repair until nothing is missing, late or failing
	calls  int           // at most, that the console receives while the fault lasts
}

const withoutToken = "the token's file is missing"

func recoveries() []recovery {
	const hour = time.Hour
	refused := func(r *rig) {
		r.network.Break(harness.Fault{Dial: func(context.Context) error { return errors.New("connection refused") }})
	}
	repaired := func(r *rig) { r.network.Repair() }
	answers := func(f simulator.Fault) func(*rig) { return func(r *rig) { r.remove = r.Console.Inject(f) } }
	removed := func(r *rig) { r.remove() }
	text := func(s string) *string { return &s }
	page := text("<html>Blocked</html>")
	return []recovery{
		{"connection refused, at the first start", false, true, refused, 52 * time.Second, repaired, time.Minute, 0},
		{"connection refused", false, false, refused, 6 * hour, repaired, 70 * time.Second, 0},
		{"the certificate is of an unknown authority", true, false, func(r *rig) { r.network.Break(harness.Fault{Certificate: harness.UnknownCA}) },
			6 * hour, repaired, 70 * time.Second, 0},
		{withoutToken, false, false, func(r *rig) { _ = os.Remove(r.file) },
			6 * hour, func(r *rig) { r.write("ET1") }, 10 * time.Second, 7},
		{"no response, at the first start", false, true, answers(simulator.Fault{Drop: true}), hour, removed, 16 * time.Minute, 20},
		{"no response", false, false, answers(simulator.Fault{Drop: true}), 6 * hour, removed, 16 * time.Minute, 45},
		{"502 of a proxy", false, false, answers(simulator.Fault{Status: 502, Body: page, ContentType: "text/html"}), 20 * time.Minute, removed, 16 * time.Minute, 18},
		{"503 with Retry-After of a day", false, false, answers(simulator.Fault{Status: 503, Header: http.Header{"Retry-After": {"86400"}}}), 20 * time.Minute, removed, 66 * time.Minute, 5},
		{"403 with a firewall's page", false, false, answers(simulator.Fault{Status: 403, Body: page, ContentType: "text/html"}), 20 * time.Minute, removed, 16 * time.Minute, 18},
		{"404 of a proxy", false, false, answers(simulator.Fault{Status: 404, Body: text("404 page not found"), ContentType: "text/plain"}), 20 * time.Minute, removed, 16 * time.Minute, 18},
		{"404 of everything, in the API's words", false, false, answers(simulator.Fault{Status: 404, Body: text("404: Not Found"), ContentType: "text/plain"}), 20 * time.Minute, removed, 16 * time.Minute, 18},
		{"402, the licence has expired", false, false, answers(simulator.Fault{Status: 402, Body: text(`{"error":"license is expired"}`)}), 6 * hour, removed, 66 * time.Minute, 12},
		{"401, the token is revoked and replaced", false, false, func(r *rig) { r.accepted.Store("ET2") }, 6 * hour, func(r *rig) { r.write("ET2") }, 10 * time.Second, 12},
		{"401, a wrong token at the first start", false, true, func(r *rig) { r.accepted.Store("ET2") }, 20 * time.Minute, func(r *rig) { r.write("ET2") }, 10 * time.Second, 5},
		{"401, the token is valid again", false, false, func(r *rig) { r.accepted.Store("ET2") }, 6 * hour, func(r *rig) { r.accepted.Store("ET1") }, 66 * time.Minute, 12},
		{"401, the token is valid again, and a reload", false, false, func(r *rig) { r.accepted.Store("ET2") }, 6 * hour,
			func(r *rig) { r.accepted.Store("ET1"); _ = r.Reload() }, 10 * time.Second, 14},
		{"429 at the first start", false, true, answers(simulator.Fault{Status: 429, Uncounted: true}), 4 * time.Second, removed, 40 * time.Second, 2},
		{"429 with Retry-After of two minutes", false, false, answers(simulator.Fault{Status: 429, Uncounted: true, Header: http.Header{"Retry-After": {"120"}}}), 20 * time.Minute, removed, 6 * time.Minute, 14},
		{"the quota is used up by others", false, false, answers(simulator.Fault{Status: 429, Header: http.Header{
			"X-Api-Usage-Limit": {"10000"}, "X-Api-Usage-Today": {"10000"}, "X-Api-Usage-Remaining": {"0"}}}), 6 * hour, removed, 66 * time.Minute, 10},
		{"assets that are not JSON", false, false, answers(simulator.Fault{Path: "/export/org/assets.jsonl", Body: text("not JSON")}), 20 * time.Minute, removed, 33 * time.Minute, 12},
		{"assets that break off", false, false, answers(simulator.Fault{Path: "/export/org/assets.jsonl", Truncate: 100}), 20 * time.Minute, removed, 33 * time.Minute, 12},
		{"one empty answer to sites", false, false, answers(simulator.Fault{Path: "/export/org/sites.json", Body: text(""), Times: 1}), 20 * time.Minute, removed, time.Second, 10},
		{"unsupported, and a reload", false, true, answers(simulator.Fault{Path: "/export/org/findings.jsonl", Status: 403, Body: text(`{"error":"NotAllowedForLicense"}`)}), hour,
			func(r *rig) { r.remove(); _ = r.Reload() }, 10 * time.Second, 30},
		{"unsupported", false, true, answers(simulator.Fault{Path: "/export/org/findings.jsonl", Status: 403, Body: text(`{"error":"NotAllowedForLicense"}`)}), hour,
			removed, 27 * hour, 30},
	}
}

// rig is an exporter with an export token in a file, on a console that accepts one token.
type rig struct {
	*harness.World
	network  *harness.Network
	file     string
	accepted atomic.Value
	remove   func()
}

func (r *rig) write(token string) { _ = os.WriteFile(r.file, []byte(token+"\n"), 0o600) }

// newRig makes a rig whose exporter does not run yet.
func newRig(t *testing.T, c recovery) (r *rig, setup harness.Setup) {
	console := simulator.New(simulator.Options{Organizations: 1, Sites: 2, Assets: 20})
	r = &rig{file: filepath.Join(t.TempDir(), "token"), World: &harness.World{Console: console}}
	r.accepted.Store("ET1")
	r.write("ET1")
	guarded := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.Header.Get("Authorization") {
		case "": // of public endpoints
		case "Bearer " + r.accepted.Load().(string):
			req.Header.Set("Authorization", "Bearer "+console.ExportToken(0))
		default:
			req.Header.Set("Authorization", "Bearer ETrevoked")
		}
		console.ServeHTTP(w, req)
	})
	newNetwork := harness.NewNetwork
	if c.tls {
		newNetwork = harness.NewTLSNetwork
	}
	r.network = newNetwork(t, guarded)
	return r, harness.Setup{On: console, Network: r.network, CacheDir: harness.CacheDir(t), Flags: func(f *config.Flags) {
		f.Token, f.TokenFile = "", r.file
		for _, unsupported := range []string{"license", "explorers", "organizations"} {
			f.Collectors[unsupported] = config.CollectorFlags{}
		}
		f.Collectors["findings"] = config.CollectorFlags{Enabled: true}
	}}
}

// late lists what is missing, failing or overdue.
func (r *rig) late() []string {
	var late []string
	next := r.Values("runzero_collector_next_poll_timestamp_seconds", "collector")
	success := r.Values("runzero_collector_success", "collector")
	for _, name := range []string{"discovery", "console", "sites", "tasks", "assets", "findings"} {
		switch at, known := next[name]; {
		case success[name] != 1:
			late = append(late, name+" fails")
		case !known || at < float64(time.Now().UnixMilli())/1000:
			late = append(late, name+" is overdue")
		}
	}
	return late
}

// waits returns how long it takes until nothing is late.
func (r *rig) waits(most time.Duration) time.Duration {
	began := time.Now()
	for r.Pass(0); len(r.late()) > 0 && time.Since(began) <= most; {
		r.Pass(max(time.Second, time.Since(began)/50).Truncate(time.Second))
	}
	return time.Since(began)
}

func TestDataIsBackSoonAfterTheEndOfAFault(t *testing.T) {
	for i, c := range recoveries() {
		if i%step != 0 {
			continue
		}
		for _, restart := range restarts {
			if restart && c.name == withoutToken {
				continue // it does not start without its token
			}
			name := c.name
			if restart {
				name += ", with a restart"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					took, calls := c.measure(t, restart)
					if took > c.within || calls > c.calls {
						t.Errorf("data is back after %s, want %s; %d calls, want at most %d", took, c.within, calls, c.calls)
					}
				})
			})
		}
	}
}

// measure lets the fault happen and end. It returns how long the data takes to be back, and how many requests the
// console received while the fault lasted.
func (c recovery) measure(t *testing.T, restart bool) (took time.Duration, calls int) {
	t.Helper()
	time.Sleep(3 * time.Hour) // not at midnight
	r, setup := newRig(t, c)
	if c.atOnce {
		c.fault(r)
	}
	r.World = harness.Start(t, setup)
	if !c.atOnce {
		r.Pass(time.Hour)
		if late := r.late(); len(late) > 0 {
			t.Fatalf("before the fault, %s", strings.Join(late, ", "))
		}
		c.fault(r)
	}
	before := r.Console.Count()
	served := r.Snapshot("assets") + r.Snapshot("sites") + r.Snapshot("tasks")
	if restart {
		r.Pass(c.lasts / 2)
		r.Restart()
	}
	r.Pass(c.lasts / 2)
	if !restart {
		r.Pass(c.lasts - c.lasts/2)
	}
	calls = r.Console.Count() - before
	if now := r.Snapshot("assets") + r.Snapshot("sites") + r.Snapshot("tasks"); !c.atOnce && now == "" && served != "" {
		t.Errorf("the fault has removed data")
	}
	c.repair(r)
	took = r.waits(c.within + time.Minute)
	if late := r.late(); len(late) > 0 {
		t.Error(strings.Join(late, ", "), fmt.Sprintf("after %s; logged:\n%s", took, lastLines(r.Log.String(), 12)))
	}
	return took, calls
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
