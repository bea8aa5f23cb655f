//go:build port

package exporter

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// estate is an exporter of a file, and the simulated consoles that it asks, all inside
// one synctest bubble.
type estate struct {
	t        testing.TB
	exporter *exporter
	log      *journal
	file     string
	stop     func() // ends the exporter; what is under way is cut short
}

// journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *journal) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *journal) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// size is how much memory it takes, in bytes.
func (l *journal) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Cap()
}

// newEstate starts an exporter of this file on consoles by their addresses.
func newEstate(t testing.TB, consoles map[string]*simulator.Console, file string, change func(*config.Flags)) *estate {
	t.Helper()
	dials := map[string]dialFunc{}
	for address, console := range consoles {
		dial, stop := simulator.Pipe(console)
		t.Cleanup(stop)
		dials[address] = dial
	}
	return startEstate(t, dials, file, change)
}

// startEstate starts an exporter of this file on what is dialled at each address.
func startEstate(t testing.TB, dials map[string]dialFunc, file string, change func(*config.Flags)) *estate {
	t.Helper()
	e := &estate{t: t, log: &journal{}, file: filepath.Join(t.TempDir(), "config.yml")}
	e.write(file)
	flags := settings(t)
	flags.File = e.file
	if change != nil {
		change(&flags)
	}
	e.exporter = newExporterOf(log.NewLogfmtLogger(e.log), flags, func(ctx context.Context, network, address string) (net.Conn, error) {
		dial, ok := dials[address]
		if !ok {
			return nil, fmt.Errorf("no console at %s", address)
		}
		return dial(ctx, network, address)
	})
	if err := e.exporter.start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { e.exporter.poller.Run(ctx) })
	e.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(e.stop)
	return e
}

// write replaces the file.
func (e *estate) write(text string) {
	e.t.Helper()
	if err := os.WriteFile(e.file, []byte(text), 0o600); err != nil {
		e.t.Fatal(err)
	}
}

// pass lets simulated time go by, and what happens in it happen.
func (e *estate) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// values are a family's samples by the values of these labels; those of equal labels
// are added up.
func (e *estate) values(family string, labels ...string) map[string]float64 {
	e.t.Helper()
	families, err := e.exporter.Gather()
	if err != nil {
		e.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		if f.GetName() != family {
			continue
		}
		for _, m := range f.GetMetric() {
			values[labelled(m, labels)] += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

func labelled(m *dto.Metric, labels []string) string {
	var parts []string
	for _, label := range labels {
		for _, pair := range m.GetLabel() {
			if pair.GetName() == label {
				parts = append(parts, pair.GetValue())
			}
		}
	}
	return strings.Join(parts, "/")
}

const (
	north = "127.0.0.1:1"
	south = "127.0.0.2:1"
)

func accountOf(name, address, token string) string {
	return fmt.Sprintf("  - name: %s\n    url: http://%s\n    credentials: [{authorization: {credentials: %s}}]\n", name, address, token)
}

// calls counts the requests of a console that cost, by path.
func calls(console *simulator.Console, since time.Time) map[string]int {
	n := map[string]int{}
	for _, call := range console.Calls() {
		if !call.Time.Before(since) {
			n[call.Path]++
		}
	}
	return n
}

func TestTwoAccountsDoNotInfluenceEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		small := simulator.New(simulator.Options{Sites: 2, Assets: 40, Limit: 100})
		large := simulator.New(simulator.Options{Seed: 2, Sites: 2, Assets: 40, Limit: 100_000})
		e := newEstate(t, map[string]*simulator.Console{north: small, south: large},
			"accounts:\n"+accountOf("north", north, small.AccountToken())+accountOf("south", south, large.AccountToken()), nil)
		e.pass(24 * time.Hour)
		if n := small.Count(); n < 40 || n > 50 {
			t.Errorf("the small account spent %d calls of its share of 50", n)
		}
		stretch := e.values("runzero_exporter_interval_stretch_ratio", "account_name")
		if stretch["north"] <= 1 || stretch["south"] != 1 {
			t.Errorf("stretched by %v", stretch)
		}
		if n := calls(large, time.Time{})["/account/sites"]; n < 85 || n > 97 {
			t.Errorf("the sites of the large account were asked for %d times in a day", n)
		}
		if up := e.values("runzero_up", "account_name"); up["north"] != 1 || up["south"] != 1 || len(up) != 2 {
			t.Errorf("up: %v", up)
		}

		// One console fails, then is so slow that all of its polls hang.
		for what, fault := range map[string]simulator.Fault{"fails": {Status: 500}, "hangs": {Delay: 9 * time.Minute}} {
			remove := small.Inject(fault)
			began := time.Now()
			e.pass(3 * time.Hour)
			if n := calls(large, began)["/account/sites"]; n < 10 {
				t.Errorf("while the other console %s, the sites were asked for %d times in three hours", what, n)
			}
			if up := e.values("runzero_up", "account_name"); up["south"] != 1 {
				t.Errorf("while the other console %s: %v", what, up)
			}
			remove()
		}
		small.Spend(100)
		began := time.Now()
		e.pass(3 * time.Hour)
		if paused := e.values("runzero_api_paused", "account_name"); paused["south"] != 0 {
			t.Errorf("paused: %v", paused)
		}
		if n := calls(large, began)["/account/sites"]; n < 10 {
			t.Errorf("while the other account has no call left, the sites were asked for %d times in three hours", n)
		}
		for family := range map[string]bool{"runzero_assets": true, "runzero_license_assets_limit": true, "runzero_collector_success": true, "runzero_explorers": true} {
			if values := e.values(family, "account_name"); len(values) != 2 {
				t.Errorf("%s of %v", family, values)
			}
		}
	})
}

// TestHundredsOfOrganizations polls an account of a managed-service provider with all
// default collectors.
func TestHundredsOfOrganizations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const organizations, hours = organizationsMany, 1
		console := simulator.New(simulator.Options{Organizations: organizations, Sites: 2, Assets: 60, Limit: 1_000_000})
		e := newEstate(t, map[string]*simulator.Console{north: console}, "accounts:\n"+accountOf("north", north, console.AccountToken()), nil)
		e.pass(10 * time.Minute) // the first round
		first := calls(console, time.Time{})
		for _, endpoint := range []string{"/account/orgs", "/account/sites", "/account/agents", "/account/license"} {
			if first[endpoint] != 1 {
				t.Errorf("%s was asked %d times in the first round, want once for all organizations", endpoint, first[endpoint])
			}
		}
		if n := len(e.values("runzero_sites", "org_name")); n != organizations {
			t.Errorf("sites of %d organizations", n)
		}
		if first["/export/org/assets.jsonl"] != organizations || first["/export/org/tasks.jsonl"] != organizations {
			t.Errorf("first round: %v", first)
		}

		e.pass(20 * time.Minute)
		began := time.Now()
		e.pass(hours * time.Hour)
		total, perMinute := 0, map[time.Duration]int{}
		for _, call := range console.Calls() {
			if !call.Time.Before(began) && call.Path != "/releases/agent/version" {
				total++
				perMinute[call.Time.Sub(began).Truncate(time.Minute)]++
			}
		}
		c := e.exporter.config
		planned := planRows(c, c.Accounts[0], poller.Remembered{}, organizations)
		want := makeForecast(planned.rows, c.Accounts[0].Share, 1_000_000).demand / 24 * hours
		if float64(total) > want || float64(total) < 0.9*want {
			t.Errorf("%d calls in %d hours, plan says %.0f", total, hours, want)
		}
		busiest := 0
		for _, n := range perMinute {
			busiest = max(busiest, n)
		}
		if mean := float64(total) / (60 * hours); float64(busiest) > busiestMinute*mean {
			t.Errorf("%d calls in the busiest minute, %.0f in the mean one", busiest, mean)
		}

		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		if most := uint64(128 << 20); memory.HeapAlloc > most { // the simulated console's log of calls included
			t.Errorf("%d MiB of heap", memory.HeapAlloc>>20)
		}
	})
}
func TestAConsoleThatAnswersForItsDefaultOrganizationIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Sites: 2, Assets: 40, IgnoreOrganization: true})
		e := newEstate(t, map[string]*simulator.Console{north: console}, "accounts:\n"+accountOf("north", north, console.AccountToken()), nil)
		e.pass(time.Minute)
		names := console.Organizations()
		for name, ok := range e.values("runzero_collector_success", "collector", "org_name") {
			collector, organization, _ := strings.Cut(name, "/")
			if want := organization == "" || organization == names[0].Name; (ok == 1) != want {
				t.Errorf("%s of %q: %v", collector, organization, ok)
			}
		}
		if assets := e.values("runzero_assets", "org_name"); len(assets) != 1 || assets[names[0].Name] == 0 {
			t.Errorf("assets of %v", assets)
		}
		if !strings.Contains(e.log.String(), "another organization") {
			t.Errorf("the log does not say so: %s", e.log)
		}
	})
}
