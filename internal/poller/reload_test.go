package poller_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// reload reloads with changed flags.
func reload(t *testing.T, w *harness.World, change func(*config.Flags)) {
	t.Helper()
	change(&w.Flags)
	if err := w.Reload(); err != nil {
		t.Fatal(err)
	}
	w.Pass(0)
}

func TestPollsOnlyWhatHasOtherSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := harness.Setup{On: newConsole(small, emptyTasks), CacheDir: harness.CacheDir(t)}
		w := harness.Start(t, s)
		w.Pass(time.Minute)
		text, before, assets := cachedText(w), s.On.Count(), w.Requests("/export/org/assets.jsonl")
		reload(t, w, func(*config.Flags) {})
		if diff := difference(text, cachedText(w)); len(diff) > 0 || s.On.Count() != before {
			t.Errorf("a reload of the same made %d requests and changed %q", s.On.Count()-before, diff)
		}

		byOS := func(f *config.Flags) { f.AssetLabels = "os" }
		reload(t, w, byOS)
		if n := s.On.Count() - before; n != 1 || w.Requests("/export/org/assets.jsonl") != assets+1 {
			t.Errorf("%d requests, want one for the assets", n)
		}
		w.Pass(time.Second)
		if len(w.Values("runzero_sites")) == 0 || len(w.Values("runzero_assets", "os")) < 2 {
			t.Error("the sites or the assets by os are missing")
		}
		w.Stop()

		s.Flags = func(f *config.Flags) { byOS(f); f.CacheInterval = 3 * time.Minute }
		w = harness.Start(t, s)
		w.Pass(0)
		if n := s.On.Count() - before; n != 1 || len(w.Values("runzero_assets")) == 0 {
			t.Errorf("%d requests after a restart with the new settings", n-1)
		}
		w.Pass(7 * time.Minute)
		if n := w.Requests("/export/org/sites.json"); n < 2 {
			t.Errorf("the sites were requested %d times, want more at the shorter interval", n)
		}
		w.Stop()

		s.Flags, s.Idle = nil, true
		if w = harness.Start(t, s); len(w.Values("runzero_assets")) != 0 || len(w.Values("runzero_sites")) == 0 {
			t.Error("assets with other labels are exposed after a restart, or the sites are not")
		}
		if lines := w.Log.Lines("set aside"); len(lines) > 0 {
			t.Errorf("nothing is wrong with the files, and logged %q", lines)
		}
	})
}

func TestAReloadChangesIntervalsOrganizationsAndCollectors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{On: newConsole(simulator.Options{Organizations: 3, Sites: 1, Assets: 5, Limit: 100_000}, emptyTasks), Token: (*simulator.Console).AccountToken})
		w.Pass(time.Hour)
		names := w.Console.Organizations()
		reload(t, w, func(f *config.Flags) {
			f.Organizations = []string{names[0].Name, names[2].Name}
			f.CacheInterval = time.Minute
			f.Collectors["console"] = config.CollectorFlags{Enabled: false}
		})
		w.Pass(time.Second)
		if polled := w.Values("runzero_assets", "org_name"); len(polled) != 2 || polled[names[1].Name] != 0 {
			t.Errorf("assets of %v, of two selected organizations", polled)
		}
		if len(w.Values("runzero_console_healthy")) != 0 {
			t.Error("a collector that is off is still exposed")
		}
		assets, discoveries := w.Requests("/export/org/assets.jsonl"), w.Requests("/account/orgs")
		w.Pass(10 * time.Minute)
		if n := w.Requests("/export/org/assets.jsonl") - assets; n < 2*8 || n > 2*11 {
			t.Errorf("%d requests in ten minutes, of two organizations at an interval of one", n)
		}
		if n := w.Requests("/account/orgs") - discoveries; n > 1 {
			t.Errorf("%d discoveries of organizations that are known", n)
		}

		reload(t, w, func(f *config.Flags) { f.Organizations = nil })
		w.Pass(time.Minute)
		if polled := w.Values("runzero_assets", "org_name"); len(polled) != 3 {
			t.Errorf("assets of %v, of three organizations", polled)
		}
		reload(t, w, func(f *config.Flags) { f.Organizations = []string{"Nobody"} })
		w.Pass(time.Minute)
		if polled := w.Values("runzero_assets", "org_name"); len(polled) != 3 {
			t.Errorf("assets of %v after a selection of none", polled)
		}
		w.Expect("runzero_collector_success", 0, "collector", schedule.Discovery)
	})
}

func TestARemovedAccountIsNeitherExposedNorPolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sites := &fake{result: oneSite}
		w := start(t, setup{collectors: []schedule.Collector{sites.named("sites")}})
		w.pass(time.Hour)
		w.console.Inject(simulator.Fault{Delay: time.Minute})
		w.account.Name = "another" // whose discovery is running at the next reload
		w.poller.Reload(t.Context(), []poller.Account{w.account})
		w.pass(0)
		w.poller.Reload(t.Context(), nil)
		if families, err := w.poller.Gather(); len(families) != 0 || err != nil {
			t.Errorf("exposed: %v, %v", families, err)
		}
		polls, requests := len(sites.seen()), w.console.Count()
		w.pass(6 * time.Hour)
		if len(sites.seen()) != polls || w.console.Count() != requests {
			t.Errorf("%d polls and %d requests", len(sites.seen())-polls, w.console.Count()-requests)
		}
		if calls := w.console.Calls(); len(calls) != 2 || calls[1].Status != 0 {
			t.Errorf("the running poll was not cancelled: %v", calls)
		}
	})
}
