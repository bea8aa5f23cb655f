package exporter_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const assetExport = "/export/org/assets.jsonl"

// discovering starts an exporter with an account token, and these discovery entries.
func discovering(t *testing.T, s harness.Setup, entries string) *harness.World {
	t.Helper()
	file := filepath.Join(t.TempDir(), "discovery.yml")
	if err := os.WriteFile(file, []byte("discovery: ["+entries+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := s.Flags
	s.Token = (*simulator.Console).AccountToken
	s.Flags = func(f *config.Flags) {
		f.File = file
		if flags != nil {
			flags(f)
		}
	}
	return harness.Start(t, s)
}

// listed are the targets of a discovery, each after the name of its organization; or the error.
func listed(w *harness.World, discovery string, organizations ...string) ([]string, error) {
	arrays, err := w.Exporter.Targets(discovery, organizations)
	var all []string
	for _, array := range arrays {
		var groups []struct {
			Targets []string
			Labels  map[string]string
		}
		if err := json.Unmarshal(array, &groups); err != nil {
			return nil, err
		}
		for _, g := range groups {
			all = append(all, g.Labels["__meta_runzero_org_name"]+" "+g.Targets[0])
		}
	}
	return all, err
}

// expectTargets compares the targets of the discovery linux, and returns them.
func expectTargets(t *testing.T, w *harness.World, right func([]string) bool) []string {
	t.Helper()
	all, err := listed(w, "linux")
	if err != nil || !right(all) {
		t.Errorf("%d targets, %v: %q", len(all), err, all)
	}
	return all
}

func expectIncomplete(t *testing.T, w *harness.World, discovery, why string) {
	t.Helper()
	if all, err := listed(w, discovery); !errors.Is(err, poller.ErrIncomplete) || !strings.Contains(err.Error(), why) {
		t.Errorf("%d targets, %v, want none because %s", len(all), err, why)
	}
}

func some(targets []string) bool { return len(targets) > 0 }

func same(as []string) func([]string) bool {
	return func(targets []string) bool { return slices.Equal(targets, as) }
}

// searching has the console respond to searches of assets as if others had been made.
func searching(of func(search, organizationID string) string) simulator.Fault {
	return simulator.Fault{Path: assetExport, Serve: func(w http.ResponseWriter, r *http.Request, respond func(http.ResponseWriter)) {
		params := r.URL.Query()
		if search := params.Get("search"); search != "" {
			params.Set("search", of(search, params.Get("_oid")))
		}
		r.URL.RawQuery = params.Encode()
		respond(w)
	}}
}

const linux = "{name: linux, search: 'os:linux', port: 9100}"

// A list that lacks an organization would have Prometheus drop its targets.
func TestTargetsAreThoseOfAllOrganizationsOrNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Organizations: 2, Assets: 100})
		first, second := console.Organizations()[0], console.Organizations()[1]
		mend := console.Inject(simulator.Fault{Path: assetExport, Serve: func(w http.ResponseWriter, r *http.Request, respond func(http.ResponseWriter)) {
			if r.URL.Query().Get("_oid") == second.ID {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			respond(w)
		}})
		w := discovering(t, harness.Setup{On: console}, linux+", {name: all}")
		expectIncomplete(t, w, "linux", "which organizations there are is not known yet")
		if _, err := listed(w, "linux", first.Name); !errors.Is(err, poller.ErrIncomplete) {
			t.Errorf("an organization that is not known yet: %v", err)
		}
		w.Pass(20 * time.Minute)
		expectIncomplete(t, w, "linux", second.Name)
		if all, err := listed(w, "linux", first.Name); err != nil || len(all) == 0 {
			t.Errorf("of the organization that has responded: %q, %v", all, err)
		}

		mend()
		w.Pass(20 * time.Minute)
		all := expectTargets(t, w, some)
		for _, o := range []simulator.Organization{first, second} {
			theirs, err := listed(w, "linux", o.ID)
			want := slices.DeleteFunc(slices.Clone(all), func(target string) bool { return !strings.HasPrefix(target, o.Name+" ") })
			if err != nil || len(theirs) == 0 || !slices.Equal(theirs, want) {
				t.Errorf("%s: %q, %v, want %q", o.Name, theirs, err, want)
			}
			w.Expect("runzero_discovery_targets", float64(len(theirs)), "org_name", o.Name, "discovery", "linux")
			w.Expect("runzero_discovery_targets_dropped", 0, "org_name", o.Name, "discovery", "linux")
			if every := w.Values("runzero_discovery_targets", "org_name", "discovery")[o.Name+"/all"]; every <= float64(len(theirs)) {
				t.Errorf("%v targets of all entries, %d of linux", every, len(theirs))
			}
		}
		for discovery, organization := range map[string]string{"windows": first.Name, "linux": "Umbrella"} {
			if all, err := listed(w, discovery, organization); err == nil || errors.Is(err, poller.ErrIncomplete) {
				t.Errorf("%s of %s: %q, %v", discovery, organization, all, err)
			}
		}
	})
}

func TestTargetsStayDuringAnOutageAndARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Organizations: 2, Assets: 100})
		w := discovering(t, harness.Setup{On: console, CacheDir: harness.CacheDir(t)}, linux)
		w.Pass(20 * time.Minute)
		before := expectTargets(t, w, some)

		repair := console.Inject(simulator.Fault{Drop: true})
		w.Pass(24 * time.Hour)
		expectTargets(t, w, same(before))
		w.Restart()
		synctest.Wait()
		expectTargets(t, w, same(before))
		w.Pass(50 * time.Hour) // more than --cache.max-age since
		expectIncomplete(t, w, "linux", "older than --cache.max-age")

		repair()
		w.Pass(20 * time.Minute)
		expectTargets(t, w, some)
	})
}

func TestTargetsFollowTheConsole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Organizations: 1, Assets: 100})
		w := discovering(t, harness.Setup{On: console}, linux)
		w.Pass(time.Minute)
		before := expectTargets(t, w, some)

		remove := console.Inject(searching(func(search, _ string) string { return search + " and type:server" }))
		w.Pass(20 * time.Minute)
		fewer := expectTargets(t, w, func(targets []string) bool { return len(targets) > 0 && len(targets) < len(before) })
		remove()
		w.Pass(20 * time.Minute)
		expectTargets(t, w, func(targets []string) bool { return len(targets) > len(fewer) })

		// A list that is suddenly empty may be a fault of the console: it counts once the next poll finds the same.
		console.Inject(searching(func(string, string) string { return "id:none" }))
		full := expectTargets(t, w, some)
		polls := console.Count()
		for console.Count() == polls || w.Values("runzero_collector_success", "collector")["discovery/linux"] == 1 {
			w.Pass(time.Second)
		}
		expectTargets(t, w, same(full))
		w.Pass(20 * time.Minute)
		expectTargets(t, w, func(targets []string) bool { return len(targets) == 0 })
	})
}

// What discoveries find changes with the assets: both are polled equally often, mostly after scans.
func TestDiscoveriesArePolledOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Organizations: 1, Assets: 20, Quiet: true})
		w := discovering(t, harness.Setup{On: console, Flags: harness.OnChange}, "{name: web, of: services, search: 'protocol:http'}")
		polls := func() (assets, services int) {
			for _, call := range console.Calls() {
				switch call.Path {
				case assetExport:
					assets++
				case "/export/org/services.jsonl":
					services++
				}
			}
			return assets, services
		}
		w.Pass(24 * time.Hour)
		if assets, services := polls(); services != assets || services < 4 || services > 10 {
			t.Errorf("%d polls of the discovery in a day, %d of the assets", services, assets)
		}
		_, before := polls()
		console.StartScan(0, 0, time.Now(), time.Minute)
		w.Pass(20 * time.Minute)
		if _, after := polls(); after != before+1 {
			t.Errorf("%d polls after a scan", after-before)
		}
	})
}

// After a change of its search the list is another one: Prometheus keeps the last one until it is there.
func TestAReloadOfADiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := discovering(t, harness.Setup{On: newConsole(simulator.Options{Organizations: 1, Assets: 100})}, linux)
		w.Pass(time.Minute)
		before := expectTargets(t, w, some)
		reload := func(entries string) {
			w.WriteFile("discovery: [" + entries + "]")
			if err := w.Reload(); err != nil {
				t.Fatal(err)
			}
		}
		reload("{name: linux, search: 'os:linux', port: 9100, weight: 2}")
		expectTargets(t, w, same(before))
		reload("{name: linux, search: 'os:linux', port: 9200}")
		expectIncomplete(t, w, "linux", "have not been received yet")
		w.Pass(time.Minute)
		expectTargets(t, w, func(targets []string) bool {
			return len(targets) == len(before) && strings.HasSuffix(targets[0], ":9200")
		})
		reload("")
		if all, err := listed(w, "linux"); err == nil || errors.Is(err, poller.ErrIncomplete) {
			t.Errorf("an entry that is gone: %q, %v", all, err)
		}
	})
}

// Of more targets than max_targets the first are listed, and that it is so is logged once.
func TestMoreTargetsThanWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := discovering(t, harness.Setup{Console: simulator.Options{Organizations: 1, Assets: 100}}, "{name: linux, search: 'os:linux', port: 9100, max_targets: 2}")
		w.Pass(2 * time.Hour)
		expectTargets(t, w, func(targets []string) bool { return len(targets) == 2 })
		if lines := w.Log.Lines("more targets than max_targets"); len(lines) != 1 || !strings.Contains(lines[0], "max_targets=2 left_out=") {
			t.Errorf("logged: %q", lines)
		}
		if dropped := w.Values("runzero_discovery_targets_dropped")[""]; dropped < 3 {
			t.Errorf("%v are left out", dropped)
		}
	})
}

func TestTargetsOfAnExportThatTheConsoleLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(simulator.Options{Organizations: 1, Assets: 20, Missing: []string{"/export/org/services.jsonl"}})
		w := discovering(t, harness.Setup{On: console}, "{name: web, of: services}")
		w.Pass(time.Minute)
		expectIncomplete(t, w, "web", "no organization has this export")
	})
}

// Addresses are in the list, and in a cached file that nobody else may read. They are in no other file, metric or log.
func TestAddressesAreInTheListOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := harness.CacheDir(t)
		w := discovering(t, harness.Setup{Console: simulator.Options{Organizations: 1, Assets: 100}, CacheDir: dir}, linux)
		w.Pass(20 * time.Minute)
		targets := expectTargets(t, w, some)
		if simulator.Planted(targets[0]) == "" {
			t.Fatalf("%s is no address", targets[0])
		}
		holding := 0
		for name, text := range files(t, dir) {
			if simulator.Planted(text) == "" {
				continue
			}
			holding++
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
		if holding != 1 {
			t.Errorf("%d files hold addresses", holding)
		}
		for what, text := range map[string]string{"metrics": w.Text("runzero_"), "log": w.Log.String(), "configuration": w.Exporter.Configuration()} {
			if found := simulator.Planted(text); found != "" {
				t.Errorf("the %s has %s", what, found)
			}
		}
	})
}
