package exporter_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// startNorth starts an exporter of an account called north.
func startNorth(t *testing.T, o simulator.Options, flags func(*config.Flags)) (w *harness.World, console *simulator.Console, file string) {
	t.Helper()
	console = newConsole(o)
	file = "accounts:\n" + harness.Account("north", harness.North, console.AccountToken())
	w = harness.Start(t, harness.Setup{Dials: harness.Pipes(t, map[string]*simulator.Console{harness.North: console}), File: file, Flags: flags})
	return w, console, file
}

func TestABadFileChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, console, good := startNorth(t, simulator.Options{Assets: 5}, nil)
		w.Pass(time.Hour)
		loaded := w.Values("runzero_exporter_config_last_reload_success_timestamp_seconds")[""]

		w.WriteFile(good + "collectors: {assets: {intervall: 1h}}\n")
		if err := w.Reload(); err == nil || !strings.Contains(err.Error(), "config.yml:5") {
			t.Errorf("a misspelt key: %v", err)
		}
		w.Expect("runzero_exporter_config_last_reload_successful", 0)
		w.Expect("runzero_exporter_config_last_reload_success_timestamp_seconds", loaded)
		if len(w.Log.Lines("reload failed")) != 1 {
			t.Errorf("the log: %s", w.Log)
		}
		before := console.Count()
		w.Pass(time.Hour)
		if n := console.Count() - before; n < 4 || len(w.Values("runzero_assets")) == 0 {
			t.Errorf("%d calls in the hour after a bad file", n)
		}

		w.WriteFile(good)
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Expect("runzero_exporter_config_last_reload_successful", 1)
		if again := w.Values("runzero_exporter_config_last_reload_success_timestamp_seconds")[""]; again <= loaded {
			t.Errorf("loaded at %v, want later than %v", again, loaded)
		}
	})
}

func TestLogsWarningsOfTheConfigurationAtTheStartAndAtEachReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, good := startNorth(t, simulator.Options{Assets: 5}, nil)
		if got := w.Log.Lines("level=warn"); len(got) != 0 {
			t.Errorf("logged %q", got)
		}
		w.WriteFile(good + "collectors: {services: {interval: 6h}}\n")
		for reloads := 1; reloads <= 2; reloads++ {
			if err := w.Reload(); err != nil {
				t.Fatal(err)
			}
			if got := w.Log.Lines("level=warn", "the collector services is configured but off"); len(got) != reloads {
				t.Errorf("logged %q", got)
			}
		}
	})
}

// Files that differ now in this and now in that are reloaded while polls run, and while scrapes and status pages are
// requested: what is the same in all of them is never missing, and never polled before it is due.
func TestReloadsWhilePollsScrapesAndPagesGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		north, south := newConsole(simulator.Options{Assets: 5}), newConsole(simulator.Options{Seed: 2, Assets: 5})
		stays := "accounts:\n" + harness.Account("north", harness.North, north.AccountToken())
		w := harness.Start(t, harness.Setup{Dials: harness.Pipes(t, map[string]*simulator.Console{harness.North: north, harness.South: south}), File: stays})
		w.Pass(time.Minute)
		for _, console := range []*simulator.Console{north, south} {
			console.Inject(simulator.Fault{Delay: 20 * time.Second}) // so that polls are always running
		}
		handler := web.New(web.Config{
			Logger: log.NewNopLogger(), TelemetryPath: "/metrics", Gatherer: w.Exporter, Ready: w.Exporter.Ready,
			Status: w.Exporter.Status, Configuration: w.Exporter.Configuration,
		})
		done := make(chan struct{})
		var visitors sync.WaitGroup
		for _, path := range []string{"/metrics", "/", "/config", "/-/ready"} {
			visitors.Go(func() {
				for {
					select {
					case <-done:
						return
					case <-time.After(20 * time.Second):
						response := httptest.NewRecorder()
						handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, path, nil))
						if _, _ = io.Copy(io.Discard, response.Body); response.Code != http.StatusOK {
							t.Errorf("%s: %d", path, response.Code)
						}
					}
				}
			})
		}
		for i := range 40 {
			file := stays
			switch r.IntN(6) {
			case 0:
				file += harness.Account("south", harness.South, south.AccountToken())
			case 1:
				file += fmt.Sprintf("collectors: {assets: {top: %d}}\n", i+1)
			case 2:
				file += fmt.Sprintf("queries: [{name: q%d, of: assets, interval: 1h}]\n", i%3)
			case 3:
				file += "no: such key\n"
			case 4:
				file += "collectors: {tasks: {enabled: false}}\n"
			}
			w.WriteFile(file)
			_ = w.Reload() // some are bad
			w.Pass(time.Duration(r.Int64N(int64(3 * time.Minute))))
			for _, family := range []string{"runzero_sites", "runzero_explorers", "runzero_license_assets_limit", "runzero_organization_info", "runzero_console_healthy"} {
				if values := w.Values(family, "account_name"); values["north"] == 0 {
					t.Fatalf("%s is missing after %d reloads: %v", family, i+1, values)
				}
			}
		}
		close(done)
		visitors.Wait()

		last := map[string]time.Time{}
		for _, call := range north.Calls() {
			every := map[string]time.Duration{"/account/sites": 15 * time.Minute, "/account/agents": 15 * time.Minute, "/account/orgs": time.Hour, "/account/license": 6 * time.Hour, "/health": time.Hour}[call.Path]
			if before, again := last[call.Path]; again && every > 0 && call.Time.Sub(before) < every {
				t.Errorf("%s was requested again after %s", call.Path, call.Time.Sub(before))
			}
			last[call.Path] = call.Time
		}
	})
}

func TestAReloadKeepsCountersAndTakesOverQuotaAndExpiration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, console, file := startNorth(t, simulator.Options{Assets: 5, Limit: 1000}, func(f *config.Flags) { f.QuotaShare = 0.4 })
		w.Pass(time.Hour)
		before, requests := console.Count(), w.Values("runzero_api_requests_total", "endpoint")

		w.WriteFile(file + "    quota: {share: 0.2}\n")
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Expect("runzero_exporter_budget_calls", 200)

		w.WriteFile(strings.Replace(file, "[{", "[{expires: 2000-02-03, ", 1))
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Expect("runzero_exporter_budget_calls", 400)
		w.Expect("runzero_api_credential_expiration_timestamp_seconds", 949536000, "credential", "default")

		synctest.Wait()
		if after := w.Values("runzero_api_requests_total", "endpoint"); fmt.Sprint(after) != fmt.Sprint(requests) || console.Count() != before {
			t.Errorf("requests %v, before %v", after, requests)
		}
	})
}
