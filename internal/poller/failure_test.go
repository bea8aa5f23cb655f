//go:build port

package poller_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// TestCallsOfFailures counts what a failing endpoint costs in six hours, in which a
// healthy one is asked 24 times.
func TestCallsOfFailures(t *testing.T) {
	body := "<html>"
	for _, c := range []struct {
		what        string
		fault       simulator.Fault
		least, most int
	}{
		{"dropped connections: one retry, then ever longer intervals", simulator.Fault{Drop: true}, 7, 10},
		{"server errors", simulator.Fault{Status: http.StatusInternalServerError}, 7, 10},
		{"a refused token: hourly", simulator.Fault{Status: http.StatusUnauthorized}, 6, 7},
		{"forbidden: hourly", simulator.Fault{Status: http.StatusForbidden}, 6, 7},
		{"refused requests: no retry", simulator.Fault{Status: http.StatusUnprocessableEntity}, 7, 9},
		{"not data: no retry", simulator.Fault{Body: &body}, 7, 9},
		{"not there: once a day", simulator.Fault{Status: http.StatusNotFound}, 1, 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, setup{console: small})
				// The tasks export has a fallback that an export token cannot reach, so 404 is
				// the one that can be unsupported.
				c.fault.Path = "/export/org/tasks.jsonl"
				w.console.Inject(c.fault)
				w.pass(6 * time.Hour)
				if n := w.asked("/export/org/tasks.jsonl"); n < c.least || n > c.most {
					t.Errorf("asked %d times in six hours, want %d to %d", n, c.least, c.most)
				}
				if n := w.asked("/export/org/sites.json"); n < 20 {
					t.Errorf("the others suffer: sites asked %d times", n)
				}
			})
		})
	}
}

func TestWhatIsNotSupportedIsSaidOnceAndAskedDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{console: simulator.Options{Sites: 2, Assets: 40, Missing: []string{"/export/org/tasks.jsonl"}}})
		w.pass(time.Minute)
		w.expect("runzero_collector_supported", "tasks", 0)
		w.expect("runzero_collector_supported", "sites", 1)
		if !w.poller.Ready() {
			t.Error("not ready for want of what is not supported")
		}
		w.pass(72 * time.Hour)
		if n := w.asked("/org/tasks"); n < 3 || n > 4 {
			t.Errorf("asked %d times in three days, want once a day", n)
		}
		if n := strings.Count(w.log.String(), `msg="not supported`); n != 1 {
			t.Errorf("said %d times: %s", n, w.log)
		}
	})
}

func TestReadyOnlyWhenEverythingWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{})
		if w.poller.Ready() {
			t.Error("ready before anything was asked")
		}
		w.console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusBadGateway, Times: 1})
		w.pass(10 * time.Second)
		if w.poller.Ready() {
			t.Error("ready without assets")
		}
		w.pass(time.Minute)
		if !w.poller.Ready() {
			t.Error("not ready after the retry")
		}
		w.console.Inject(simulator.Fault{Drop: true})
		w.pass(3 * time.Hour)
		if !w.poller.Ready() {
			t.Error("a console that is down takes the exporter out of service")
		}
	})
}

func TestAWrongTokenIsSaidWithWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{
			token:  func(*simulator.Console) string { return "ET00000000000000000000000000000000" },
			config: poller.Config{Advise: func(error) string { return "mend the token" }},
		})
		w.pass(24 * time.Hour)
		if n := w.asked("/export/org/assets.json"); n > 25 {
			t.Errorf("a refused token was tried %d times in a day", n)
		}
		if text := w.log.String(); !strings.Contains(text, `do="mend the token"`) || strings.Contains(text, "ET0000") {
			t.Errorf("the log: %s", text)
		}
		w.expect("runzero_collector_success", poller.Discovery, 0)
		for _, s := range w.poller.Status() {
			if s.Collector == poller.Discovery && !strings.HasSuffix(s.Problem, ": mend the token") {
				t.Errorf("the status: %+v", s)
			}
		}
	})
}

func TestOrganizationsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{token: (*simulator.Console).AccountToken})
		first := w.console.Organizations()[0]
		w.pass(time.Minute)
		if n := len(w.values("runzero_sites", "org_name")); n != 3 {
			t.Fatalf("%d organizations", n)
		}
		rows := `[{"id":"` + first.ID + `","name":"` + first.Name + `"},{"id":"99999999-0000-4000-8000-000000000000","name":"` + first.Name + `"}]`
		w.console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Drop: true})
		w.pass(70 * time.Minute)
		organizations := w.values("runzero_collector_interval_seconds", "org_name")
		if len(organizations) != 3 || organizations[first.Name] != 0 { // two of one name, and what is of none
			t.Errorf("%v, want two organizations told apart by their ids", organizations)
		}
		if len(w.values("runzero_sites", "org_name")) != 1 {
			t.Errorf("the sites of those that are gone are still served: %v", w.values("runzero_sites", "org_name"))
		}
	})
}

func TestCollectorsAreHandedWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls []collector.Poll
		names := collector.SiteNames{"s1": "HQ"}
		target := poller.Target{Collectors: []poller.Collector{
			{Name: "sites", Interval: interval, Collector: collectFunc(func(context.Context, collector.Poll) (collector.Snapshot, error) {
				return collector.Snapshot{Sites: names}, nil
			})},
			{Name: "tasks", Interval: interval, Collector: collectFunc(func(_ context.Context, p collector.Poll) (collector.Snapshot, error) {
				polls = append(polls, p)
				return collector.Snapshot{Sites: p.Sites}, nil
			})},
		}}
		w := newWorld(t, setup{target: target})
		w.pass(time.Hour)
		if len(polls) < 3 {
			t.Fatalf("%d polls", len(polls))
		}
		organization := w.console.Organizations()[0]
		if first := polls[0]; first.Organization.ID != organization.ID || first.Organization.Name != organization.Name || first.Sites["s1"] != "HQ" || first.Previous != nil || !first.Now.Before(time.Now()) {
			t.Errorf("the first poll: %+v", first)
		}
		if second := polls[1]; second.Previous == nil || second.Previous.Sites["s1"] != "HQ" {
			t.Errorf("the second poll: %+v", second)
		}
	})
}

func TestARenamedOrganizationKeepsWhatItsScansLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var previous []*collector.Snapshot
		target := poller.Target{Collectors: []poller.Collector{{Name: "tasks", Interval: interval, Collector: collectFunc(
			func(_ context.Context, p collector.Poll) (collector.Snapshot, error) {
				previous = append(previous, p.Previous)
				return collector.Snapshot{Sites: collector.SiteNames{"s1": p.Organization.Name}}, nil
			})}}}
		w := newWorld(t, setup{target: target, token: (*simulator.Console).AccountToken, console: simulator.Options{Organizations: 1}})
		w.pass(time.Minute)
		rows := `[{"id":"` + w.console.Organizations()[0].ID + `","name":"New name"}]`
		w.console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.pass(90 * time.Minute)
		last := previous[len(previous)-1]
		for i, p := range previous {
			if i > 0 && p == nil {
				t.Fatalf("poll %d of %d knows nothing of the one before", i+1, len(previous))
			}
		}
		if last.Sites["s1"] != "New name" {
			t.Errorf("not renamed: %v", last.Sites)
		}
	})
}
