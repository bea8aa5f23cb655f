//go:build port

package exporter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestABadFileChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Sites: 2, Assets: 40})
		good := "accounts:\n" + accountOf("north", north, console.AccountToken())
		e := newEstate(t, map[string]*simulator.Console{north: console}, good, nil)
		e.pass(time.Hour)
		taken := e.values("runzero_exporter_config_last_reload_success_timestamp_seconds")[""]
		e.write(good + "collectors: {assets: {intervall: 1h}}\n")
		if err := e.exporter.reload(); err == nil || !strings.Contains(err.Error(), "config.yml:5") {
			t.Errorf("a misspelt key: %v", err)
		}
		if e.values("runzero_exporter_config_last_reload_successful")[""] != 0 || e.values("runzero_exporter_config_last_reload_success_timestamp_seconds")[""] != taken {
			t.Error("the metrics do not tell of a bad file")
		}
		if !strings.Contains(e.log.String(), "the one before stays in force") {
			t.Errorf("the log does not tell of a bad file: %s", e.log)
		}
		before := console.Count()
		e.pass(time.Hour)
		if n := console.Count() - before; n < 4 || len(e.values("runzero_assets")) == 0 {
			t.Errorf("%d calls in the hour after a bad file", n)
		}
		e.write(good)
		if err := e.exporter.reload(); err != nil || e.values("runzero_exporter_config_last_reload_successful")[""] != 1 ||
			e.values("runzero_exporter_config_last_reload_success_timestamp_seconds")[""] <= taken {
			t.Errorf("the file mended: %v", err)
		}
	})
}

// TestReloadsUnderLoad reloads a hundred times while polls and scrapes go on, from
// files that differ now in this and now in that: an answer of what is the same is
// never missing, and never asked for before it is due.
func TestReloadsUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		consoles := map[string]*simulator.Console{
			north: simulator.New(simulator.Options{Sites: 2, Assets: 40}), south: simulator.New(simulator.Options{Seed: 2, Sites: 2, Assets: 40}),
		}
		stays := "accounts:\n" + accountOf("north", north, consoles[north].AccountToken())
		e := newEstate(t, consoles, stays, nil)
		e.pass(time.Minute)
		for _, console := range consoles {
			console.Inject(simulator.Fault{Delay: 20 * time.Second}) // so that there always are polls under way
		}
		scraping := make(chan struct{})
		var scrapes sync.WaitGroup
		for range 4 {
			scrapes.Go(func() {
				for {
					select {
					case <-scraping:
						return
					case <-time.After(time.Second):
						if _, err := e.exporter.Gather(); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		for i := range 100 {
			file := stays
			switch r.IntN(6) {
			case 0:
				file += accountOf("south", south, consoles[south].AccountToken())
			case 1:
				file += fmt.Sprintf("collectors: {assets: {top: %d}}\n", i+1)
			case 2:
				file += fmt.Sprintf("queries: [{name: q%d, of: assets, interval: 1h}]\n", i%3)
			case 3:
				file += "no: such key\n"
			case 4:
				file += "collectors: {tasks: {enabled: false}}\n"
			}
			e.write(file)
			_ = e.exporter.reload() // some are bad
			e.pass(time.Duration(r.Int64N(int64(3 * time.Minute))))
			for _, family := range []string{"runzero_sites", "runzero_explorers", "runzero_license_assets_limit", "runzero_organization_info", "runzero_console_healthy"} {
				if values := e.values(family, "account_name"); values["north"] == 0 {
					t.Fatalf("%s is lost after %d reloads: %v", family, i+1, values)
				}
			}
		}
		close(scraping)
		scrapes.Wait()
		last := map[string]time.Time{}
		for _, call := range consoles[north].Calls() {
			every := map[string]time.Duration{"/account/sites": 15 * time.Minute, "/account/agents": 15 * time.Minute, "/account/orgs": time.Hour, "/account/license": 6 * time.Hour, "/health": time.Hour}[call.Path]
			if before, again := last[call.Path]; again && every > 0 && call.Time.Sub(before) < every {
				t.Errorf("%s was asked again after %s", call.Path, call.Time.Sub(before))
			}
			last[call.Path] = call.Time
		}
		e.write(stays)
		if err := e.exporter.reload(); err != nil {
			t.Fatal(err)
		}
		e.pass(time.Hour)
		for _, family := range []string{"runzero_assets", "runzero_tasks"} {
			if values := e.values(family, "account_name"); len(values) != 1 || values["north"] == 0 {
				t.Errorf("%s after the reloads: %v", family, values)
			}
		}
	})
}

// TestAReloadKeepsCountersAndTakesQuotaAndExpiry changes what is told and held to
// without asking anything.
func TestAReloadKeepsCountersAndTakesQuotaAndExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Sites: 2, Assets: 40, Limit: 1000})
		account := "accounts:\n" + accountOf("north", north, console.AccountToken())
		e := newEstate(t, map[string]*simulator.Console{north: console}, account, func(f *config.Flags) { f.QuotaShare = 0.4 })
		e.pass(time.Hour)
		before := console.Count()
		requests := e.values("runzero_api_requests_total", "endpoint")
		e.write(account + "    quota: {share: 0.2}\n")
		if err := e.exporter.reload(); err != nil {
			t.Fatal(err)
		}
		if n := e.values("runzero_exporter_budget_calls")[""]; n != 200 {
			t.Errorf("a budget of %v", n)
		}
		e.write(strings.Replace(account, "[{", "[{expires: 2000-02-03, ", 1))
		if err := e.exporter.reload(); err != nil {
			t.Fatal(err)
		}
		if at := e.values("runzero_api_credential_expiration_timestamp_seconds", "credential")["default"]; at != 949536000 {
			t.Errorf("expires at %v", at)
		}
		if n := e.values("runzero_exporter_budget_calls")[""]; n != 400 {
			t.Errorf("a budget of %v", n)
		}
		synctest.Wait()
		if after := e.values("runzero_api_requests_total", "endpoint"); fmt.Sprint(after) != fmt.Sprint(requests) {
			t.Errorf("requests %v, before %v", after, requests)
		}
		if n := console.Count() - before; n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}
