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
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{On: newConsole(simulator.Options{Organizations: 3, Sites: 2, Assets: 20}, emptyTasks), Token: (*simulator.Console).AccountToken})
		first := w.Console.Organizations()[0]
		w.Pass(time.Minute)
		if sites := w.Values("runzero_sites", "org_name"); len(sites) != 3 {
			t.Fatalf("sites of %v, want three organizations", sites)
		}

		rows := `[{"id":"` + first.ID + `","name":"` + first.Name + `"},{"id":"99999999-0000-4000-8000-000000000000","name":"` + first.Name + `"}]`
		w.Console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.Pass(70 * time.Minute)
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

func TestARenamedOrganizationKeepsItsPreviousSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 1, Sites: 1, Assets: 1})
		tasks := &fake{result: oneSite}
		w := start(t, setup{on: console, tokens: []string{console.AccountToken()}, collectors: []schedule.Collector{tasks.named("tasks")}})
		w.pass(time.Minute)
		rows := `[{"id":"` + console.Organizations()[0].ID + `","name":"New name"}]`
		console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.pass(90 * time.Minute)
		polls := tasks.seen()
		for i, poll := range polls[1:] {
			if poll.Previous == nil {
				t.Errorf("poll %d of %d does not know the snapshot before", i+2, len(polls))
			}
		}
		if last := polls[len(polls)-1]; last.Organization.Name != "New name" || last.Previous.Sites["1"] != "site of New name" {
			t.Errorf("the last poll: %+v", last)
		}
	})
}

func TestARefusedCredentialDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console, assets := simulator.New(small), &fake{}
		w := start(t, setup{on: console, tokens: []string{"ETrevoked", console.ExportToken(0)}, collectors: []schedule.Collector{needing(runzero.ExportToken, assets.named("assets"))}})
		w.pass(10 * time.Hour)
		if len(assets.seen()) < 30 {
			t.Errorf("%d polls in ten hours", len(assets.seen()))
		}
		w.expect("runzero_collector_success", schedule.Discovery, 0)
		if text := w.log.String(); !strings.Contains(text, `credential \"1\"`) {
			t.Errorf("the log does not name the credential: %s", text)
		}
		discoveries := 0
		for _, call := range console.Calls() {
			if call.Path == "/export/org/assets.json" {
				discoveries++
			}
		}
		if discoveries > 13 {
			t.Errorf("%d discoveries in ten hours, want one an hour", discoveries)
		}
	})
}

func TestARefusedTokenIsTriedHourlyAndReportedWithAdvice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{Console: small, Token: func(*simulator.Console) string { return "ET00000000000000000000000000000000" }})
		w.Pass(24 * time.Hour)
		if n := w.Requests("/export/org/assets.json"); n < 20 || n > 25 {
			t.Errorf("a refused token was tried %d times in a day", n)
		}
		w.Expect("runzero_collector_success", 0, "collector", schedule.Discovery)
		if lines := w.Log.Lines("poll failed", "do="); len(lines) == 0 || strings.Contains(w.Log.String(), "ET0000") {
			t.Errorf("logged: %s", w.Log)
		}
		for _, s := range w.Exporter.Status() {
			if advice := config.Advice(&runzero.Error{Status: 401}); s.Collector == schedule.Discovery && (advice == "" || !strings.HasSuffix(s.Problem, ": "+advice)) {
				t.Errorf("the status %+v lacks the advice %q", s, advice)
			}
		}
	})
}

// derived is a collector whose result is derived from discovery: runzero_sites counts organizations.
func derived() schedule.Collector {
	c := needing(runzero.OrganizationToken, (&fake{}).named("organizations"))
	c.Interval = time.Hour
	c.FromDiscovery = func(rows []runzero.Organization, names map[string]string) (collector.Snapshot, error) {
		return collector.Snapshot{Families: sitesFamily(float64(len(rows)+len(names)), "all")}, nil
	}
	return c
}

func TestDerivesOrganizationsFromDiscoveryWithoutAnotherCall(t *testing.T) {
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

func TestARefusedCredentialIsNoFailureOfDerivedOrganizations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tenOrganizations(derived())
		s.tokens = []string{"ETrevoked", s.on.AccountToken()}
		w := start(t, s)
		w.pass(5 * time.Hour)
		w.expect("runzero_collector_success", schedule.Discovery, 0)
		w.expect("runzero_collector_success", "organizations", 1)
		last := w.values("runzero_collector_last_success_timestamp_seconds", "collector")["organizations"]
		if age := float64(time.Now().Unix()) - last; age > 2*3600 {
			t.Errorf("the organizations are %.0f s old", age)
		}
	})
}

func TestADiscoveryWithoutTheSelectedOrganizationsForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 3, Sites: 1, Assets: 10})
		console.Inject(emptyTasks)
		s := harness.Setup{On: console, Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t), Flags: func(f *config.Flags) {
			for _, o := range console.Organizations() {
				f.Organizations = append(f.Organizations, o.Name)
			}
		}}
		w := harness.Start(t, s)
		w.Pass(time.Hour)
		rows := `[{"id":"99999999-0000-4000-8000-000000000000","name":"Another"}]`
		console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.Pass(3 * time.Hour)
		w.Expect("runzero_collector_success", 0, "collector", schedule.Discovery)
		before := w.Values("runzero_sites", "org_name")
		w.Stop()
		s.Idle = true
		if after := harness.Start(t, s).Values("runzero_sites", "org_name"); len(before) != len(console.Organizations()) || len(after) != len(before) {
			t.Errorf("sites of %v, after a restart of %v", before, after)
		}
	})
}
