package poller_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestPollsEverythingAtOnceAtTheStartTheCheapestFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{Console: small})
		w.Pass(10 * time.Second)
		var order []string
		for _, call := range w.Console.Calls() {
			if !strings.HasPrefix(call.Path, "/health") && !strings.HasPrefix(call.Path, "/releases") { // of the console, not of the organization
				order = append(order, call.Path)
			}
		}
		want := []string{"/export/org/assets.json", "/export/org/sites.json", "/export/org/tasks.jsonl", "/export/org/assets.jsonl"}
		if !slices.Equal(order, want) {
			t.Errorf("requested %v, want %v", order, want)
		}
		if !w.Exporter.Ready() {
			t.Error("not ready although every poll has succeeded")
		}
	})
}

func TestPollsOncePerIntervalAndNeverSooner(t *testing.T) {
	t.Parallel()
	for what, limit := range map[string]int{"enough calls": 10_000, "no limit": -1} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := startOn(t, licence(limit))
				w.Pass(6 * time.Hour)
				for _, endpoint := range endpoints {
					every := interval
					if endpoint == "/health" {
						every = time.Hour
					}
					if got := shortestGap(w.Console.Calls(), endpoint); got < every {
						t.Errorf("%s was requested again after %s, before its interval of %s", endpoint, got, every)
					}
					ideal := int(6 * time.Hour / every)
					if n := w.Requests(endpoint); n > ideal+1 || float64(n) < 0.88*float64(ideal) {
						t.Errorf("%s was requested %d times in 6 hours, want about %d", endpoint, n, ideal)
					}
				}
				if n := w.Requests("/export/org/assets.json"); n != 1 {
					t.Errorf("the token's organization was requested %d times, want once", n)
				}
				w.Expect("runzero_exporter_interval_stretch_ratio", 1)
				if text := w.Exporter.Status()[0].Quota.Explain(); strings.Contains(text, "no daily limit") != (limit < 0) {
					t.Errorf("explained as %q", text)
				}
				if text := w.Log.String(); strings.Contains(text, "stretched") || strings.Contains(text, "paused") {
					t.Errorf("logged %s", text)
				}
			})
		})
	}
}

func TestAPollComesAtMostATenthAfterItsInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 60, Sites: 1, Assets: 1, Limit: 100_000})
		sites := &fake{}
		w := start(t, setup{on: console, tokens: []string{console.AccountToken()}, collectors: []schedule.Collector{sites.named("sites")}})
		w.pass(2 * time.Hour)
		last, seconds := map[string]time.Time{}, map[time.Time]int{}
		for _, poll := range sites.seen() {
			before, polled := last[poll.Organization.ID]
			if took := poll.Now.Sub(before); polled && (took < interval || took > interval*11/10) {
				t.Errorf("polled again after %s, of %s", took, interval)
			}
			if last[poll.Organization.ID] = poll.Now; polled {
				seconds[poll.Now.Truncate(time.Second)]++
			}
		}
		if len(last) != 60 || len(seconds) < 200 {
			t.Errorf("%d organizations were polled in %d seconds: they march in step", len(last), len(seconds))
		}
	})
}

func TestScrapesMakeNoRequestsAndShowGrowingAges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{Console: small})
		w.Pass(time.Minute)
		requests, before := w.Console.Count(), w.Values("runzero_scan_age_seconds", "site_name")
		if len(before) == 0 {
			t.Fatal("there are no ages")
		}
		for range 50 {
			w.Pass(time.Second)
			if families, err := w.Exporter.Gather(); err != nil || len(families) < 30 {
				t.Fatalf("%d families, %v", len(families), err)
			}
		}
		if n := w.Console.Count() - requests; n != 0 {
			t.Errorf("50 scrapes caused %d requests", n)
		}
		for site, age := range w.Values("runzero_scan_age_seconds", "site_name") {
			if age != before[site]+50 {
				t.Errorf("%s: the age is %v, and was %v 50 seconds ago", site, age, before[site])
			}
		}
	})
}

func TestOncePollsEverythingOnceAndReportsWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{Console: small, Idle: true})
		w.Console.Inject(simulator.Fault{Path: "/export/org/tasks.jsonl", Status: http.StatusInternalServerError, Times: 1})
		err := w.Exporter.Once(t.Context())
		if err == nil || !strings.Contains(err.Error(), "tasks of ") || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("got %v, want the one poll that failed", err)
		}
		for _, endpoint := range endpoints {
			if n := w.Requests(endpoint); n != 1 {
				t.Errorf("%s was requested %d times, want once", endpoint, n)
			}
		}
		if len(w.Values("runzero_sites", "org_name")) != 1 {
			t.Errorf("no sites are exposed")
		}
	})
}

func TestPanicFailsOnePollAndLogsWhereButNoValues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sites := &fake{result: func(collector.Poll) (collector.Snapshot, error) { panic("10.0.0.7 of jane@example.com") }}
		w := start(t, setup{collectors: []schedule.Collector{sites.named("sites")}})
		w.pass(time.Minute)
		w.expect("runzero_collector_success", "sites", 0)
		if text := w.log.String(); !strings.Contains(text, "panicked") || !strings.Contains(text, "poller_test.go") || strings.Contains(text, "10.0.0.7") {
			t.Errorf("logged: %s", text)
		}
		sites.become(oneSite)
		w.pass(time.Hour)
		w.expect("runzero_collector_success", "sites", 1)
	})
}

func TestCollectorsReceiveSitesAndTheirPreviousSnapshotAlsoAfterARename(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 1, Sites: 1, Assets: 1})
		sites := &fake{result: oneSite}
		tasks := &fake{result: func(p collector.Poll) (collector.Snapshot, error) { return collector.Snapshot{Sites: p.Sites}, nil }}
		w := start(t, setup{on: console, tokens: []string{console.AccountToken()}, collectors: []schedule.Collector{sites.named("sites"), tasks.named("tasks")}})
		w.pass(time.Minute)
		organization := console.Organizations()[0]
		rows := `[{"id":"` + organization.ID + `","name":"New name"}]`
		console.Inject(simulator.Fault{Path: "/account/orgs", Body: &rows})
		w.pass(90 * time.Minute)
		polls := tasks.seen()
		if first := polls[0]; first.Organization.ID != organization.ID || first.Organization.Name != organization.Name ||
			first.Sites["1"] != "site of "+organization.Name || first.Previous != nil {
			t.Errorf("the first poll: %+v", first)
		}
		for i, poll := range polls[1:] {
			if poll.Previous == nil || !strings.HasPrefix(poll.Previous.Sites["1"], "site of ") {
				t.Errorf("poll %d of %d does not know the snapshot before", i+2, len(polls))
			}
		}
		if last := polls[len(polls)-1]; last.Organization.Name != "New name" || last.Previous.Sites["1"] != "site of New name" {
			t.Errorf("the last poll: %+v", last)
		}
	})
}
