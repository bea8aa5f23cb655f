package poller_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestOrganizationsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{On: newConsole(simulator.Options{Organizations: 3, Sites: 2, Assets: 20}, emptyTasks), Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t)})
		first := w.Console.Organizations()[0]
		w.Pass(time.Minute)
		if sites := w.Values("runzero_sites", "org_name"); len(sites) != 3 {
			t.Fatalf("sites of %v, want three organizations", sites)
		}

		rows := `[{"id":"` + first.ID + `","name":"` + first.Name + `"},{"id":"99999999-0000-4000-8000-000000000000","name":"` + first.Name + `"}]`
		w.Console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.Pass(70 * time.Minute)
		missing := w.Values("runzero_organizations_missing")[""]
		if sites := w.Values("runzero_sites", "org_name"); len(sites) != 4 || missing != 2 {
			t.Errorf("sites of %v are exposed, and %v organizations missing, after one response without two of them", sites, missing)
		}
		w.Restart()
		w.Expect("runzero_organizations_missing", 2)
		w.Pass(70 * time.Minute)
		if missing := w.Values("runzero_organizations_missing")[""]; missing != 0 {
			t.Errorf("%v organizations are missing after they were forgotten", missing)
		}
		polled := w.Values("runzero_collector_interval_seconds", "org_name")
		if len(polled) != 3 || polled[first.Name] != 0 { // two of one name, and polls of no organization
			t.Errorf("polled %v, want two organizations that their ids tell apart", polled)
		}
		for organization := range w.Values("runzero_sites", "org_name") {
			if !strings.HasPrefix(organization, first.Name) {
				t.Errorf("sites of %s are exposed, which is gone", organization)
			}
		}
	})
}

func TestARefusedTokenIsTriedFourTimesAnHourAndReportedWithAdvice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{Console: small, Token: func(*simulator.Console) string { return "ET00000000000000000000000000000000" }})
		w.Pass(6 * time.Hour)
		if n := w.Requests("/export/org/assets.json"); n < 23 || n > 25 {
			t.Errorf("a refused token was tried %d times in six hours", n)
		}
		w.Expect("runzero_collector_success", 0, "collector", schedule.Discovery)
		if lines := w.Log.Lines("poll failed", "do="); len(lines) == 0 || strings.Contains(w.Log.String(), "ET0000") {
			t.Errorf("logged: %s", w.Log)
		}
		for _, s := range w.Exporter.Status()[0].Polls {
			if advice := config.Advice(&runzero.Error{Status: 401}); s.Collector == schedule.Discovery && (advice == "" || s.Advice != advice) {
				t.Errorf("the status %+v lacks the advice %q", s, advice)
			}
		}
	})
}

// derived is a collector whose result is derived from discovery: runzero_sites counts organizations.
func derived() schedule.Collector {
	c := needing(runzero.OrganizationToken, (&fake{}).named("organizations"))
	c.Interval = time.Hour
	c.FromDiscovery = func(rows []runzero.Organization, names map[string]string, _ int) (collector.Snapshot, error) {
		return collector.Snapshot{Families: sitesFamily(float64(len(rows)+len(names)), "all")}, nil
	}
	return c
}

func TestDerivesOrganizationsFromDiscoveryWithoutAnotherCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := tenOrganizations(derived())
		s.store = openStore(t, harness.CacheDir(t))
		w := start(t, s)
		w.pass(time.Minute)
		if n := w.console.Count(); n != 1 || w.values("runzero_sites")[""] != 20 || !w.poller.Ready() {
			t.Errorf("%d calls: %v", n, w.values("runzero_sites"))
		}
		remove := w.console.Inject(simulator.Fault{Path: "/account/orgs", Status: 500})
		w.pass(2 * time.Hour)
		w.expect("runzero_collector_success", "organizations", 0)
		last := w.values("runzero_collector_last_success_timestamp_seconds", "collector")["organizations"]
		if age := float64(time.Now().Unix()) - last; age < 7200 {
			t.Errorf("the organizations are reported as %.0f s old", age)
		}
		w.stop()
		remove()
		w = start(t, s)
		if w.values("runzero_sites")[""] != 20 {
			t.Error("not cached")
		}
		w.pass(2 * time.Hour)
		w.expect("runzero_collector_success", "organizations", 1)
	})
}

func TestARefusedCredentialDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		assets := &fake{}
		s := tenOrganizations(derived(), assets.named("assets"))
		s.tokens = []string{"ETrevoked", s.on.AccountToken()}
		w := start(t, s)
		w.pass(5 * time.Hour)
		if n := len(assets.seen()); n < 10*15 {
			t.Errorf("%d polls of ten organizations in five hours", n)
		}
		w.expect("runzero_collector_success", schedule.Discovery, 0)
		w.expect("runzero_collector_success", "organizations", 1)
		last := w.values("runzero_collector_last_success_timestamp_seconds", "collector")["organizations"]
		if age := float64(time.Now().Unix()) - last; age > 2*3600 {
			t.Errorf("the organizations are %.0f s old", age)
		}
		if text := w.log.String(); !strings.Contains(text, `credential \"1\"`) {
			t.Errorf("the log does not name the credential: %s", text)
		}
		if n := w.console.Count(); n > 2*6 {
			t.Errorf("%d discoveries with two credentials in five hours, want one an hour", n)
		}
	})
}

func TestADiscoveryWithoutTheSelectedOrganizationsForgetsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 3, Sites: 1, Assets: 10})
		console.Inject(emptyTasks)
		s := harness.Setup{On: console, Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t), Flags: func(f *config.Flags) {
			for _, o := range console.Organizations() {
				f.Organizations = append(f.Organizations, o.Name)
			}
		}}
		w := harness.Start(t, s)
		w.Pass(time.Minute)
		rows := `[{"id":"99999999-0000-4000-8000-000000000000","name":"Another"}]`
		console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.Pass(70 * time.Minute)
		w.Expect("runzero_collector_success", 0, "collector", schedule.Discovery)
		before := w.Values("runzero_sites", "org_name")
		w.Stop()
		s.Idle = true
		if after := harness.Start(t, s).Values("runzero_sites", "org_name"); len(before) != len(console.Organizations()) || len(after) != len(before) {
			t.Errorf("sites of %v, after a restart of %v", before, after)
		}
	})
}
