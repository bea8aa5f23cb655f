//go:build port

package poller_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// ten is an account of ten organizations.
var ten = setup{console: simulator.Options{Organizations: 10, Sites: 2, Assets: 20}, token: (*simulator.Console).AccountToken}

// asks records what a collector was handed, and answers with the sites it is told.
type asks struct {
	mu    sync.Mutex
	polls []collector.Poll
	sites func(collector.Poll) (collector.SiteNames, error)
}

func (a *asks) Collect(_ context.Context, poll collector.Poll) (collector.Snapshot, error) {
	a.mu.Lock()
	a.polls = append(a.polls, poll)
	answer := a.sites
	a.mu.Unlock()
	if answer == nil {
		return collector.Snapshot{}, nil
	}
	sites, err := answer(poll)
	families := sitesGauge(float64(len(sites)), poll.Organization.Name)
	if poll.Organization.Name == "" {
		families = sitesGauge(1, "all")
	}
	return collector.Snapshot{Families: families, Sites: sites}, err
}

// seen are the polls so far.
func (a *asks) seen() []collector.Poll {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.polls)
}

// accountSites names one site of each organization.
func accountSites(poll collector.Poll) (collector.SiteNames, error) {
	sites := collector.SiteNames{}
	for id, name := range poll.Organizations {
		sites[collector.AccountSite(id, "1")] = "site of " + name
	}
	return sites, nil
}

func unsupported(collector.Poll) (collector.SiteNames, error) {
	return nil, fmt.Errorf("%w: the token is too small", collector.ErrUnsupported)
}

func TestAWholeAccountIsAskedAtOnceAndItsSitesNameThoseOfEachOrganization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alone, wide, tasks := &asks{}, &asks{sites: accountSites}, &asks{}
		s := ten
		s.target.Collectors = []poller.Collector{
			{Name: "sites", Interval: interval, Needs: runzero.ExportToken, Collector: alone, Wide: wide},
			{Name: "tasks", Interval: interval, Needs: runzero.ExportToken, Collector: tasks},
		}
		w := newWorld(t, s)
		w.pass(time.Minute)
		if len(wide.seen()) != 1 || len(alone.seen()) != 0 || len(wide.seen()[0].Organizations) != 10 {
			t.Errorf("asked %d times at once and %d times one by one, want once and never", len(wide.seen()), len(alone.seen()))
		}
		if len(tasks.seen()) != 10 {
			t.Errorf("tasks: %d polls, want one of each organization", len(tasks.seen()))
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

func TestWhereAnAccountCannotBeAskedAtOnceItsOrganizationsAreAskedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alone, wide := &asks{}, &asks{sites: unsupported}
		alone.sites = func(collector.Poll) (collector.SiteNames, error) { return collector.SiteNames{"1": "A"}, nil }
		s := ten
		s.target.Collectors = []poller.Collector{{Name: "sites", Interval: interval, Collector: alone, Wide: wide}}
		w := newWorld(t, s)
		w.pass(time.Minute)
		if len(wide.seen()) != 1 || len(alone.seen()) != 10 {
			t.Errorf("asked %d times at once and %d times one by one", len(wide.seen()), len(alone.seen()))
		}
		if !w.poller.Ready() || w.values("runzero_collector_supported", "collector")["sites"] != 10 {
			t.Errorf("what is asked one by one is not called supported: %v", w.values("runzero_collector_supported", "collector", "org_name"))
		}
		w.pass(20 * time.Hour)
		if len(wide.seen()) != 1 {
			t.Errorf("asked at once %d times within the day", len(wide.seen()))
		}
		wide.mu.Lock()
		wide.sites = accountSites
		wide.mu.Unlock()
		w.pass(10 * time.Hour)
		before := len(alone.seen())
		if values := w.values("runzero_sites", "org_name"); len(values) != 1 || values["all"] != 1 {
			t.Errorf("once it can be asked at once: %v", values)
		}
		w.pass(3 * time.Hour)
		if len(alone.seen()) != before {
			t.Error("still asked one by one")
		}
		w.unique()
	})
}

// unique checks that no series comes twice.
func (w *world) unique() {
	w.t.Helper()
	families, _ := w.poller.Gather()
	for _, f := range families {
		seen := map[string]bool{}
		for _, m := range f.GetMetric() {
			if id := fmt.Sprint(m.GetLabel()); seen[id] {
				w.t.Errorf("%s %s comes twice", f.GetName(), id)
			} else {
				seen[id] = true
			}
		}
	}
}

func TestThatACredentialIsTooSmallIsFoundOnceForAllOrganizations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusing := &asks{sites: unsupported}
		s := ten
		s.target.Collectors = []poller.Collector{{Name: "explorers", Interval: interval, Needs: runzero.OrganizationToken, Collector: refusing}}
		w := newWorld(t, s)
		w.pass(3 * 24 * time.Hour)
		if n := len(refusing.seen()); n < 3 || n > 4 {
			t.Errorf("asked %d times in three days, want once a day", n)
		}
		if supported := w.values("runzero_collector_supported", "org_name", "collector"); len(supported) != 11 || supported["Halvorsen Logistics/explorers"] != 0 {
			t.Errorf("supported: %v", supported)
		}
		if n := strings.Count(w.log.String(), "not supported; asked again"); n != 1 {
			t.Errorf("said %d times: %s", n, w.log)
		}
	})
}

func TestWhatNoCredentialMayBeAskedCostsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		explorers, license := &asks{}, &asks{}
		w := newWorld(t, setup{console: small, target: poller.Target{Collectors: []poller.Collector{
			{Name: "explorers", Interval: interval, Needs: runzero.OrganizationToken, Collector: explorers},
			{Name: "license", Interval: interval, Scope: collector.PerAccount, Needs: runzero.AccountCredential, Collector: license},
		}}})
		w.pass(50 * time.Hour)
		if len(explorers.seen())+len(license.seen()) != 0 {
			t.Errorf("an export token was asked for Explorers %d times and for the licence %d times", len(explorers.seen()), len(license.seen()))
		}
		w.expect("runzero_collector_supported", "explorers", 0)
		w.expect("runzero_collector_supported", "license", 0)
		if text := w.log.String(); !strings.Contains(text, "it takes an organization token") || !strings.Contains(text, "it takes an account credential") {
			t.Errorf("the log does not say what it takes: %s", text)
		}
		if !w.poller.Ready() {
			t.Error("not ready")
		}
	})
}

func TestEachThingIsAskedOfACredentialThatReachesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assets, explorers := &asks{}, &asks{}
		w := newWorld(t, setup{
			console: simulator.Options{Organizations: 3, Sites: 2, Assets: 20},
			tokens: func(c *simulator.Console) []string {
				return []string{c.ExportToken(0), c.OrganizationToken(0), c.ExportToken(1)}
			},
			target: poller.Target{Collectors: []poller.Collector{
				{Name: "assets", Interval: interval, Needs: runzero.ExportToken, Collector: assets},
				{Name: "explorers", Interval: interval, Needs: runzero.OrganizationToken, Collector: explorers},
			}},
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
		names := w.console.Organizations()
		if got, want := kinds(assets.seen()), names[1].Name+": export token, "+names[0].Name+": export token"; got != want {
			t.Errorf("assets are asked of %s, want %s", got, want)
		}
		if got, want := kinds(explorers.seen()), names[0].Name+": organization token"; got != want {
			t.Errorf("Explorers are asked of %s, want %s", got, want)
		}
	})
}

func TestABrokenCredentialDoesNotKeepTheOthersFromTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assets := &asks{}
		w := newWorld(t, setup{
			console: small,
			tokens:  func(c *simulator.Console) []string { return []string{"ETrevoked", c.ExportToken(0)} },
			target:  poller.Target{Collectors: []poller.Collector{{Name: "assets", Interval: interval, Needs: runzero.ExportToken, Collector: assets}}},
		})
		w.pass(10 * time.Hour)
		if len(assets.seen()) < 30 {
			t.Errorf("%d polls in ten hours", len(assets.seen()))
		}
		w.expect("runzero_collector_success", poller.Discovery, 0)
		if text := w.log.String(); !strings.Contains(text, `credential \"1\"`) {
			t.Errorf("the log does not name the credential: %s", text)
		}
		if n := w.asked("/export/org/assets.json"); n > 13 {
			t.Errorf("%d discoveries in ten hours: a refused token is asked about once an hour", n)
		}
	})
}

// TestABrokenCredentialIsNoFailureOfTheOrganizations that another tells of.
func TestABrokenCredentialIsNoFailureOfTheOrganizations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{
			console: small,
			tokens:  func(c *simulator.Console) []string { return []string{"ETrevoked", c.AccountToken()} },
			target: poller.Target{Collectors: []poller.Collector{{
				Name: "organizations", Interval: time.Hour, Needs: runzero.OrganizationToken, Collector: &asks{},
				Found: func(rows []runzero.Organization, _ map[string]string) (collector.Snapshot, error) {
					return collector.Snapshot{Families: sitesGauge(float64(len(rows)), "all")}, nil
				},
			}}},
		})
		w.pass(5 * time.Hour)
		w.expect("runzero_collector_success", poller.Discovery, 0)
		w.expect("runzero_collector_success", "organizations", 1)
		if age := float64(time.Now().Unix()) - w.values("runzero_collector_last_success_timestamp_seconds", "collector")["organizations"]; age > 2*3600 {
			t.Errorf("the organizations are %.0f s old", age)
		}
	})
}

// TestTheOrganizationsOfAnAccountCostOneCall: the collector that exports them is fed
// with what is learned anyway.
func TestTheOrganizationsOfAnAccountCostOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fed := 0
		h := newHome(t, t.TempDir(), ten)
		h.setup.target.Collectors = []poller.Collector{{
			Name: "organizations", Interval: time.Hour, Needs: runzero.OrganizationToken, Collector: &asks{},
			Found: func(rows []runzero.Organization, names map[string]string) (collector.Snapshot, error) {
				fed++
				return collector.Snapshot{Families: sitesGauge(float64(len(rows)+len(names)), "all")}, nil
			},
		}}
		w := h.start()
		w.pass(time.Minute)
		if n := w.asked("/account/orgs"); n != 1 || fed != 1 || w.values("runzero_sites")[""] != 20 || !w.poller.Ready() {
			t.Errorf("%d calls, fed %d times: %v", n, fed, w.values("runzero_sites"))
		}
		remove := h.console.Inject(simulator.Fault{Path: "/account/orgs", Status: 500})
		w.pass(2 * time.Hour)
		w.expect("runzero_collector_success", "organizations", 0)
		if age := float64(time.Now().Unix()) - w.values("runzero_collector_last_success_timestamp_seconds", "collector")["organizations"]; age < 7200 {
			t.Errorf("the organizations are said to be %.0f s old", age)
		}
		w.stop()
		remove()
		w = h.idle()
		if w.values("runzero_sites")[""] != 20 {
			t.Error("not kept")
		}
		w.stop()
		w = h.start()
		w.pass(2 * time.Hour)
		w.expect("runzero_collector_success", "organizations", 1)
		w.unique()
	})
}

// sitesGauge is runzero_sites with one series.
func sitesGauge(value float64, organization string) []*dto.MetricFamily {
	name, label := "runzero_sites", "org_name"
	return []*dto.MetricFamily{{
		Name: &name, Help: &name, Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{Label: []*dto.LabelPair{{Name: &label, Value: &organization}}, Gauge: &dto.Gauge{Value: &value}}},
	}}
}
