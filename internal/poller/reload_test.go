//go:build port

package poller_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// reload polls another target from now on, made from the one that is.
func (w *world) reload(change func(*poller.Target)) {
	w.target.Collectors = slices.Clone(w.target.Collectors)
	change(&w.target)
	w.poller.Reload([]poller.Target{w.target})
}

func TestAReloadOfTheSameChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{console: small})
		w.pass(time.Hour)
		before, due := w.served(), w.values("runzero_collector_next_poll_timestamp_seconds", "collector")
		calls := len(w.console.Calls())
		w.reload(func(*poller.Target) {})
		w.pass(0)
		if after := w.served(); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("after the reload\n%v, before\n%v", after, before)
		}
		if after := w.values("runzero_collector_next_poll_timestamp_seconds", "collector"); fmt.Sprint(after) != fmt.Sprint(due) {
			t.Errorf("due at %v, before %v", after, due)
		}
		if n := len(w.console.Calls()) - calls; n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestAReloadAsksOnlyForWhatIsShapedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, t.TempDir(), setup{console: small})
		w := h.start()
		w.pass(time.Hour)
		before := map[string]int{}
		for _, endpoint := range append([]string{"/export/org/assets.json"}, polled...) {
			before[endpoint] = w.asked(endpoint)
		}
		w.reload(func(t *poller.Target) {
			for i := range t.Collectors {
				if c := &t.Collectors[i]; c.Name == "assets" {
					c.Shape = "other labels"
					c.Collector = collectors()[i].Collector
				}
			}
		})
		w.pass(0)
		for endpoint, n := range before {
			want := n
			if endpoint == "/export/org/assets.jsonl" {
				want++
			}
			if got := w.asked(endpoint); got != want {
				t.Errorf("%s was asked %d times more", endpoint, got-n)
			}
		}
		if len(w.values("runzero_sites")) == 0 || len(w.values("runzero_assets")) == 0 {
			t.Error("an answer is lost")
		}
		// A restart with the new settings finds all of it.
		w.stop()
		h.setup.target.Collectors = w.target.Collectors
		calls := len(h.console.Calls())
		w = h.start()
		w.pass(0)
		if n := len(h.console.Calls()) - calls; n != 0 || len(w.values("runzero_assets")) == 0 || len(w.values("runzero_sites")) == 0 {
			t.Errorf("%d calls after a restart", n)
		}
	})
}

func TestAReloadTakesOtherIntervalsOrganizationsAndCollectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{console: simulator.Options{Organizations: 3, Sites: 2, Assets: 20}, token: (*simulator.Console).AccountToken})
		w.pass(time.Hour)
		names := w.console.Organizations()
		w.reload(func(t *poller.Target) {
			t.Exclude = []string{names[1].Name}
			t.Collectors = slices.DeleteFunc(t.Collectors, func(c poller.Collector) bool { return c.Name == "tasks" })
			for i := range t.Collectors {
				t.Collectors[i].Interval = time.Minute
			}
		})
		if values := w.values("runzero_sites", "org_name"); len(values) != 2 || values[names[1].Name] != 0 {
			t.Errorf("organizations after one is excluded: %v", values)
		}
		if n := len(w.values("runzero_tasks")); n != 0 {
			t.Error("a collector that is off is still served")
		}
		sites, orgs := w.asked("/export/org/sites.json"), w.asked("/account/orgs")
		w.pass(10 * time.Minute)
		if n := w.asked("/export/org/sites.json") - sites; n < 2*8 || n > 2*11 {
			t.Errorf("sites are asked %d times in ten minutes of an interval of one, of two organizations", n)
		}
		if n := w.asked("/account/orgs") - orgs; n > 1 {
			t.Errorf("the organizations were asked for %d times, which were known", n)
		}
		w.reload(func(t *poller.Target) { t.Exclude = nil })
		w.pass(time.Minute)
		if values := w.values("runzero_sites", "org_name"); len(values) != 3 {
			t.Errorf("organizations after none is excluded: %v", values)
		}
		w.reload(func(t *poller.Target) { t.Include = []string{"Nobody"} })
		w.pass(time.Minute)
		if values := w.values("runzero_sites", "org_name"); len(values) != 3 {
			t.Errorf("organizations after one is named that is not there: %v", values)
		}
		w.expect("runzero_collector_success", poller.Discovery, 0)
	})
}

func TestAnAccountThatIsGoneIsNotServedAndItsPollsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{console: small})
		w.pass(time.Minute)
		w.console.Inject(simulator.Fault{Delay: time.Hour})
		w.pass(20 * time.Minute) // polls are under way
		w.poller.Reload(nil)
		w.pass(0)
		if families, _ := w.poller.Gather(); len(families) != 0 {
			t.Errorf("still served: %v", families)
		}
		calls := len(w.console.Calls())
		w.pass(24 * time.Hour)
		if n := len(w.console.Calls()) - calls; n != 0 {
			t.Errorf("still asked %d times", n)
		}
	})
}

// TestReloadsUnderLoad reloads again and again while polls are under way, with now
// this and now that setting: nothing that is the same is lost or asked twice.
func TestReloadsUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		w := newWorld(t, setup{console: small})
		w.pass(time.Minute)
		w.console.Inject(simulator.Fault{Delay: 90 * time.Second})
		top := 0
		for range 100 {
			w.pass(time.Duration(r.Int64N(int64(6 * time.Minute))))
			w.reload(func(t *poller.Target) {
				if r.IntN(4) != 0 {
					return
				}
				top++
				for i := range t.Collectors {
					if t.Collectors[i].Name == "assets" {
						t.Collectors[i].Shape = fmt.Sprint(top)
					}
				}
			})
			for _, family := range []string{"runzero_sites", "runzero_tasks", "runzero_console_healthy"} {
				if len(w.values(family)) == 0 {
					t.Fatalf("%s is lost", family)
				}
			}
			w.unique()
		}
		calls := w.console.Calls()
		for _, endpoint := range []string{"/export/org/sites.json", "/export/org/tasks.jsonl", "/health"} {
			if got := soonest(calls, endpoint); got < interval {
				t.Errorf("%s was asked again after %s", endpoint, got)
			}
		}
		if n := w.asked("/export/org/assets.json"); n != 1 {
			t.Errorf("the organization was asked for %d times", n)
		}
		w.pass(time.Hour)
		if len(w.values("runzero_assets")) == 0 {
			t.Error("no assets after the reloads")
		}
	})
}

func TestAnotherCredentialIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		explorers := &asks{}
		w := newWorld(t, setup{
			console: small, tokens: func(c *simulator.Console) []string { return []string{c.ExportToken(0), c.OrganizationToken(0)} },
			target: poller.Target{Collectors: []poller.Collector{{Name: "explorers", Interval: interval, Needs: "organization token", Collector: explorers}}},
		})
		both := w.target.Credentials
		w.reload(func(t *poller.Target) { t.Credentials = both[:1] })
		w.pass(time.Hour)
		w.expect("runzero_collector_supported", "explorers", 0)
		w.reload(func(t *poller.Target) { t.Credentials = both })
		w.pass(time.Second)
		if w.expect("runzero_collector_supported", "explorers", 1); len(explorers.seen()) == 0 {
			t.Error("the organization token was not tried")
		}
	})
}
