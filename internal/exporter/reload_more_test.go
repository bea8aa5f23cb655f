//go:build port

package exporter

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// TestACredentialThatIsRemovedReachesNothing leaves an export token where there was an
// account's credential too: what only that one reached is gone at once, and the rest
// goes on.
func TestACredentialThatIsRemovedReachesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Sites: 2, Assets: 40})
		credential := func(name, token string) string {
			return fmt.Sprintf("      - {name: %s, authorization: {credentials: %s}}\n", name, token)
		}
		file := fmt.Sprintf("accounts:\n  - name: north\n    url: http://%s\n    credentials:\n", north) + credential("first", console.ExportToken(0))
		e := newEstate(t, map[string]*simulator.Console{north: console}, file+credential("all", console.AccountToken()), nil)
		e.pass(2 * time.Hour)
		if n := len(e.values("runzero_assets", "org_name")); n != 3 {
			t.Fatalf("assets of %d organizations", n)
		}
		e.write(file)
		if err := e.exporter.reload(); err != nil {
			t.Fatal(err)
		}
		e.pass(time.Hour)
		first := console.Organizations()[0].Name
		for _, family := range []string{"runzero_assets", "runzero_sites", "runzero_organization_info", "runzero_collector_interval_seconds"} {
			for name := range e.values(family, "org_name") {
				if name != first && name != "" {
					t.Errorf("%s is still told of %q, which no credential reaches", family, name)
				}
			}
		}
		supported := e.values("runzero_collector_supported", "collector")
		for name, ok := range e.values("runzero_collector_success", "collector") {
			if ok != supported[name] {
				t.Errorf("%s: success %v, supported %v", name, ok, supported[name])
			}
		}
	})
}

// TestGatesAreThoseOfTheConsolesThatAreAsked reloads accounts that come and go, each of
// another console.
func TestGatesAreThoseOfTheConsolesThatAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Sites: 2, Assets: 40})
		stays := "accounts:\n" + accountOf("north", north, console.AccountToken())
		e := newEstate(t, map[string]*simulator.Console{north: console}, stays, nil)
		gate := e.exporter.accounts.gate("http://" + north)
		for i := range 20 {
			e.write(stays + accountOf("south", fmt.Sprintf("127.0.0.2:%d", i+1), console.AccountToken()))
			if err := e.exporter.reload(); err != nil {
				t.Fatal(err)
			}
			e.pass(time.Minute)
		}
		if n := len(e.exporter.accounts.gates); n != 2 || e.exporter.accounts.gate("http://"+north) != gate {
			t.Errorf("%d gates of two consoles", n)
		}
	})
}
