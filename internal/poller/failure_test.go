package poller_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestAFailureKeepsTheLastGoodResultUntilItIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks)})
		w.Pass(time.Minute)
		good := w.Text("runzero_assets")
		last := w.Values("runzero_collector_last_success_timestamp_seconds", "collector")["assets"]
		remove := w.Console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Truncate: 200})
		w.Pass(2 * time.Hour)
		if now := w.Text("runzero_assets"); good == "" || now != good {
			t.Errorf("exposed %s, want the last good result: %s", now, good)
		}
		w.Expect("runzero_collector_success", 0, "collector", "assets")
		w.Expect("runzero_collector_success", 1, "collector", "tasks")
		w.Expect("runzero_collector_last_success_timestamp_seconds", last, "collector", "assets")
		if n := w.Values("runzero_collector_consecutive_failures", "collector")["assets"]; n < 3 {
			t.Errorf("%v failures in a row, want at least 3", n)
		}

		remove()
		w.Pass(90 * time.Minute)
		w.Expect("runzero_collector_success", 1, "collector", "assets")
		w.Expect("runzero_collector_consecutive_failures", 0, "collector", "assets")
		if len(w.Log.Lines("polls succeed again", "collector=assets")) != 1 {
			t.Errorf("logged: %s", w.Log)
		}
	})
}

// A healthy endpoint is requested 24 times in six hours, and so is one that has no data at all.
func TestFailuresCostFewCalls(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		fault       simulator.Fault
		data        bool // there was some before
		least, most int
	}{
		"dropped connections":            {simulator.Fault{Drop: true}, true, 20, 32},
		"dropped connections, no data":   {simulator.Fault{Drop: true}, false, 22, 30},
		"forbidden":                      {simulator.Fault{Status: http.StatusForbidden}, true, 7, 10},
		"forbidden, no data":             {simulator.Fault{Status: http.StatusForbidden}, false, 22, 30},
		"an invalid request":             {simulator.Fault{Status: http.StatusUnprocessableEntity}, true, 7, 10},
		"an invalid request and no data": {simulator.Fault{Status: http.StatusUnprocessableEntity}, false, 22, 30},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.fault.Path = "/export/org/tasks.jsonl"
				console := simulator.New(small)
				if !c.data {
					console.Inject(c.fault)
				}
				w := harness.Start(t, harness.Setup{On: console})
				w.Pass(time.Minute)
				console.Inject(c.fault)
				w.Pass(6 * time.Hour)
				if n := w.Requests("/export/org/tasks.jsonl"); n < c.least || n > c.most {
					t.Errorf("requested %d times in six hours, want %d to %d", n, c.least, c.most)
				}
				if n := w.Requests("/export/org/sites.json"); n < 20 {
					t.Errorf("sites were requested only %d times", n)
				}
			})
		})
	}
}

// A console that is down, slow or out of calls must not hold up a rollout.
func TestReadyOnceEveryPollHasSucceededOrFailed(t *testing.T) {
	t.Parallel()
	fails := func(path string) simulator.Fault { return simulator.Fault{Path: path, Status: http.StatusBadGateway} }
	for what, c := range map[string]struct {
		fault  simulator.Fault
		within time.Duration // after that it is ready
		before time.Duration // until then it is not
	}{
		"all is well":                {simulator.Fault{Path: "/nothing"}, 10 * time.Second, 0},
		"one poll fails":             {fails("/export/org/assets.jsonl"), 10 * time.Second, 0},
		"one poll takes ten minutes": {simulator.Fault{Path: "/export/org/assets.jsonl", Delay: 10 * time.Minute}, 11 * time.Minute, 9 * time.Minute},
		"the console is down":        {simulator.Fault{Drop: true}, time.Minute, 0},
		"the token is wrong":         {simulator.Fault{Status: http.StatusUnauthorized}, time.Minute, 0},
		"no call is left": {simulator.Fault{Status: http.StatusTooManyRequests, Header: http.Header{
			"X-API-Usage-Limit": {"1000"}, "X-API-Usage-Today": {"1000"}, "X-API-Usage-Remaining": {"0"}}}, time.Minute, 0},
	} {
		for _, token := range []func(*simulator.Console) string{nil, (*simulator.Console).AccountToken} {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks, c.fault), Token: token})
				w.Pass(c.before)
				if c.before > 0 && w.Exporter.Ready() {
					t.Errorf("%s: ready without assets", what)
				}
				w.Pass(c.within - c.before)
				if !w.Exporter.Ready() {
					t.Errorf("%s: not ready after %s", what, c.within)
				}
				w.Console.Inject(simulator.Fault{Drop: true})
				w.Pass(3 * time.Hour)
				if !w.Exporter.Ready() {
					t.Errorf("%s: a console that is down makes the exporter unready", what)
				}
			})
		}
	}
}

func TestASnapshotOlderThanMaxAgeIsWithdrawnUntilAPollSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sites := &fake{result: oneSite}
		w := start(t, setup{collectors: []schedule.Collector{sites.named("sites")}, config: poller.Config{MaxAge: 10 * time.Hour}})
		unlimited := start(t, setup{collectors: []schedule.Collector{sites.named("sites")}})
		w.pass(time.Minute)
		sites.become(func(collector.Poll) (collector.Snapshot, error) { return collector.Snapshot{}, io.ErrUnexpectedEOF })
		w.pass(9 * time.Hour)
		if len(w.values("runzero_sites")) == 0 {
			t.Error("withdrawn before the maximum age")
		}
		w.pass(time.Hour + time.Minute)
		if len(w.values("runzero_sites")) != 0 {
			t.Error("exposed beyond the maximum age")
		}
		w.expect("runzero_collector_success", "sites", 0)
		w.pass(80 * time.Hour)
		if len(unlimited.values("runzero_sites")) == 0 {
			t.Error("withdrawn without a maximum age")
		}
		sites.become(oneSite)
		w.pass(2 * time.Hour)
		if len(w.values("runzero_sites")) == 0 {
			t.Error("still withdrawn although polls succeed")
		}
	})
}
