package poller_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// tenOrganizations is an account with ten organizations and one credential for all.
func tenOrganizations(collectors ...schedule.Collector) setup {
	console := simulator.New(simulator.Options{Organizations: 10, Sites: 1, Assets: 1})
	return setup{on: console, tokens: []string{console.AccountToken()}, collectors: collectors}
}

// needing returns the collector with the kind of credential that it needs.
func needing(kind runzero.Kind, c schedule.Collector) schedule.Collector {
	c.Needs = kind
	return c
}

func TestOneAccountWidePollNamesTheSitesOfEveryOrganization(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		perOrganization, accountWide, tasks := &fake{}, &fake{result: sitesOfAll}, &fake{}
		w := start(t, tenOrganizations(perOrganization.withAccountWide("sites", accountWide), tasks.named("tasks")))
		w.pass(time.Minute)
		if polls := accountWide.seen(); len(polls) != 1 || len(perOrganization.seen()) != 0 || len(polls[0].Organizations) != 10 {
			t.Errorf("%d account-wide polls and %d of single organizations, want one and none", len(polls), len(perOrganization.seen()))
		}
		if len(tasks.seen()) != 10 {
			t.Errorf("%d polls of tasks, want one of each organization", len(tasks.seen()))
		}
		for _, poll := range tasks.seen() {
			if len(poll.Sites) != 1 || poll.Sites["1"] != "site of "+poll.Organization.Name {
				t.Errorf("%s has the sites %v", poll.Organization.Name, poll.Sites)
			}
		}
		if health := w.values("runzero_collector_success", "collector", "org_name"); health["sites/"] != 1 || len(health) != 1+1+10 {
			t.Errorf("health: %v", health)
		}
		if !w.poller.Ready() {
			t.Error("not ready")
		}
	})
}

func TestFallsBackToPerOrganization(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		perOrganization, accountWide := &fake{result: oneSite}, &fake{result: insufficientScope}
		sites := perOrganization.withAccountWide("sites", accountWide)
		sites.Interval = 2 * time.Hour
		s := tenOrganizations(sites)
		s.store = openStore(t, harness.CacheDir(t))
		w := start(t, s)
		w.pass(time.Minute)
		if len(accountWide.seen()) != 1 || len(perOrganization.seen()) != 10 {
			t.Errorf("%d account-wide polls and %d of single organizations", len(accountWide.seen()), len(perOrganization.seen()))
		}
		if supported := w.values("runzero_collector_supported", "collector"); !w.poller.Ready() || supported["sites"] != 10 {
			t.Errorf("supported: %v, ready: %v", supported, w.poller.Ready())
		}
		w.pass(20 * time.Hour)
		if n := len(accountWide.seen()); n != 1 {
			t.Errorf("%d account-wide polls within a day", n)
		}

		accountWide.become(sitesOfAll)
		w.pass(10 * time.Hour)
		before := len(perOrganization.seen())
		if sites := w.values("runzero_sites", "org_name"); len(sites) != 1 || sites["all"] != 1 {
			t.Errorf("once the scope suffices: %v", sites)
		}
		w.pass(3 * time.Hour)
		if len(perOrganization.seen()) != before {
			t.Error("single organizations are still polled")
		}

		accountWide.become(insufficientScope)
		w.pass(3 * time.Hour)
		w.stop()
		s.idle = true
		for what, w := range map[string]*world{"again": w, "after a restart": start(t, s)} {
			if sites := w.values("runzero_sites", "org_name"); len(sites) != 10 || sites["all"] != 0 {
				t.Errorf("%s the account-wide snapshot is exposed beside the others: %v", what, sites)
			}
		}
	})
}

func TestAccountWideSeriesStayUntilEachOrganizationIsPolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := func(collector.Poll) (collector.Snapshot, error) {
			return collector.Snapshot{}, errors.New("console down")
		}
		perOrganization, accountWide, tasks := &fake{result: down}, &fake{result: oneSiteEach}, &fake{}
		s := tenOrganizations(perOrganization.withAccountWide("sites", accountWide), tasks.named("tasks"))
		s.store = openStore(t, harness.CacheDir(t))
		w := start(t, s)
		w.pass(time.Minute)
		accountWide.become(insufficientScope)
		w.pass(interval + time.Minute)
		if len(perOrganization.seen()) < 10 {
			t.Fatalf("%d polls of single organizations, want at least one of each", len(perOrganization.seen()))
		}
		expect := func(w *world, when string, want map[float64]int) {
			t.Helper()
			sites, by := w.values("runzero_sites", "org_name"), map[float64]int{}
			for _, n := range sites {
				by[n]++
			}
			if !maps.Equal(by, want) {
				t.Errorf("%s: %v, want the values %v", when, sites, want)
			}
		}
		expect(w, "while no organization's own poll has succeeded", map[float64]int{1: 10})
		for _, poll := range tasks.seen() {
			if poll.Sites["1"] != "site of "+poll.Organization.Name {
				t.Errorf("%s has the sites %v", poll.Organization.Name, poll.Sites)
			}
		}
		w.stop()
		s.idle = true
		expect(start(t, s), "after a restart", map[float64]int{1: 10})

		s.idle = false
		polled := 0 // one organization alone recovers
		perOrganization.become(func(p collector.Poll) (collector.Snapshot, error) {
			if p.Organization.Name != "Halvorsen Logistics" {
				return down(p)
			}
			polled++
			return collector.Snapshot{Families: sitesFamily(5, p.Organization.Name)}, nil
		})
		w = start(t, s)
		w.pass(2 * time.Hour)
		if polled == 0 {
			t.Fatal("not polled")
		}
		expect(w, "once one organization is polled", map[float64]int{1: 9, 5: 1})
	})
}

func TestInsufficientScopeIsFoundOnceForAllOrganizations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		explorers := &fake{result: func(p collector.Poll) (collector.Snapshot, error) {
			time.Sleep(time.Minute)
			return insufficientScope(p)
		}}
		s := tenOrganizations(needing(runzero.OrganizationToken, explorers.named("explorers")))
		s.tokens = append(s.tokens, s.tokens[0])
		w := start(t, s)
		both, one := w.account, w.account
		one.Credentials = both.Credentials[:1]
		w.poller.Reload(t.Context(), []poller.Account{one})
		w.pass(50 * time.Hour)
		if n := len(explorers.seen()); n < 2 || n > 3 {
			t.Errorf("polled %d times in two days, want once a day", n)
		}
		before := len(explorers.seen())
		w.poller.Reload(t.Context(), []poller.Account{both})
		w.pass(time.Hour)
		if n := len(explorers.seen()) - before; n < 1 || n > 2 {
			t.Errorf("polled %d times with a new credential, want once with it", n)
		}
		if !w.poller.Ready() {
			t.Error("not ready because something is unsupported")
		}
		if supported := w.values("runzero_collector_supported", "org_name", "collector"); len(supported) != 11 || supported["Halvorsen Logistics/explorers"] != 0 {
			t.Errorf("supported: %v", supported)
		}
		if lines := w.log.Lines("not supported; tried again"); len(lines) != 1 {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestWhatNoCredentialMayRequestCostsNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console, explorers, license := simulator.New(small), &fake{}, &fake{}
		perAccount := needing(runzero.AccountCredential, license.named("license"))
		perAccount.Scope = collector.PerAccount
		w := start(t, setup{
			on: console, tokens: []string{console.ExportToken(0), console.OrganizationToken(0)}, first: 1,
			collectors: []schedule.Collector{needing(runzero.OrganizationToken, explorers.named("explorers")), perAccount},
		})
		w.pass(26 * time.Hour)
		if len(explorers.seen())+len(license.seen()) != 0 {
			t.Errorf("polled explorers %d times and license %d times with an export token", len(explorers.seen()), len(license.seen()))
		}
		w.expect("runzero_collector_supported", "explorers", 0)
		w.expect("runzero_collector_supported", "license", 0)
		if text := w.log.String(); !strings.Contains(text, "it takes an organization token") || !strings.Contains(text, "it takes an account credential") {
			t.Errorf("the log does not say which credential is needed: %s", text)
		}
		if !w.poller.Ready() {
			t.Error("not ready")
		}
		w.poller.Reload(t.Context(), []poller.Account{w.account})
		w.pass(time.Second) // a new credential is tried at once
		w.expect("runzero_collector_supported", "explorers", 1)
		w.expect("runzero_collector_supported", "license", 0)
	})
}

func TestPollsWithTheFirstCredentialThatSuffices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 3, Sites: 1, Assets: 1})
		assets, explorers := &fake{}, &fake{}
		w := start(t, setup{
			on: console, tokens: []string{console.ExportToken(0), console.OrganizationToken(0), console.ExportToken(1)},
			collectors: []schedule.Collector{needing(runzero.ExportToken, assets.named("assets")), needing(runzero.OrganizationToken, explorers.named("explorers"))},
		})
		w.pass(time.Minute)
		kinds := func(polls []collector.Poll) string {
			var all []string
			for _, poll := range polls {
				all = append(all, poll.Organization.Name+": "+string(poll.API.Kind()))
			}
			slices.Sort(all)
			return strings.Join(all, ", ")
		}
		names := console.Organizations()
		if got, want := kinds(assets.seen()), names[1].Name+": export token, "+names[0].Name+": export token"; got != want {
			t.Errorf("assets are polled with %s, want %s", got, want)
		}
		if got, want := kinds(explorers.seen()), names[0].Name+": organization token"; got != want {
			t.Errorf("explorers are polled with %s, want %s", got, want)
		}
	})
}
