package poller_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// licence is a small console on a licence of so many calls a day.
func licence(limit int) simulator.Options {
	return simulator.Options{Sites: 2, Assets: 5, Limit: limit}
}

func startOn(t *testing.T, options simulator.Options) *harness.World {
	t.Helper()
	return harness.Start(t, harness.Setup{On: newConsole(options, emptyTasks)})
}

func TestTheSmallestLicence(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		exporters int
		share     float64
	}{"the defaults": {1, 0.5}, "two exporters of one account": {2, 0.4}} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(5*time.Hour + 17*time.Minute) // nobody starts at midnight
				const days = 2
				options := licence(100)
				options.DayStart = 15*time.Hour + 30*time.Minute
				s := harness.Setup{On: newConsole(options, emptyTasks), Flags: func(f *config.Flags) { f.QuotaShare = c.share }}
				var exporters []*harness.World
				for range c.exporters {
					exporters = append(exporters, harness.Start(t, s))
				}
				oldest := 0.0
				for range days * 24 {
					exporters[0].Pass(time.Hour)
					for name, last := range exporters[0].Values("runzero_collector_last_success_timestamp_seconds", "collector") {
						if name != schedule.Discovery { // which is polled once a day
							oldest = max(oldest, float64(time.Now().Unix())-last)
						}
					}
				}
				if oldest > 14*3600 { // the console's version, eight times as old as scans
					t.Errorf("data as old as %.1f hours was exposed", oldest/3600)
				}
				total, share := 0, int(float64(c.exporters)*c.share*100)
				for day, n := range callsByDay(s.On.Calls(), options.DayStart) {
					if n > share {
						t.Errorf("%d calls on the day of %s, of a share of %d", n, day.Format(time.DateOnly), share)
					}
					total += n
				}
				if total < days*share*8/10 {
					t.Errorf("%d calls in %d days of %d: the share is not used", total, days, share)
				}
				for _, w := range exporters {
					if !w.Exporter.Ready() || len(w.Log.Lines("poll failed")) > 0 {
						t.Errorf("one of them is not ready: %s", w.Log)
					}
				}
			})
		})
	}
}

func TestPollingPausesWhenTheQuotaIsSpentAndResumesAfterTheReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w := startOn(t, licence(1000))
		w.Pass(2 * time.Hour)
		sites := w.Text("runzero_sites")
		w.Console.Spend(w.Console.Usage().Remaining)
		before := len(w.Console.Calls())
		w.Pass(2 * time.Hour)
		// One request finds out, with a 429 that the console does not charge, and then one an hour.
		if n := len(w.Console.Calls()) - before; n > 4+2 {
			t.Errorf("%d requests with no calls left", n)
		}
		w.Expect("runzero_api_paused", 1, "reason", quota.PausedQuota)
		w.Expect("runzero_api_paused", 0, "reason", quota.PausedRateLimit)
		next := time.Unix(int64(w.Values("runzero_collector_next_poll_timestamp_seconds", "collector")["sites"]), 0)
		if in := time.Until(next); in < -time.Minute || in > time.Hour {
			t.Errorf("the next poll is in %s, want it within the hour", in)
		}

		before = len(w.Console.Calls())
		w.Pass(11*time.Hour + 50*time.Minute)
		if n := len(w.Console.Calls()) - before; n < 10 || n > 12 {
			t.Errorf("%d requests in 12 hours in which polling was paused, want one an hour", n)
		}
		if now := w.Text("runzero_sites"); sites == "" || now != sites {
			t.Errorf("the last results are not exposed: %s", now)
		}
		if paused := w.Log.Lines(`msg="polling paused`); len(paused) != 1 || !strings.Contains(paused[0], "the next request is at 11:0") {
			t.Errorf("logged %q", paused)
		}

		w.Pass(2 * time.Hour) // past midnight
		w.Expect("runzero_api_paused", 0, "reason", quota.PausedQuota)
		if n := len(w.Console.Calls()) - before; n < 3*4 {
			t.Errorf("%d requests in the first hours of the new day", n)
		}
		if resumed := w.Log.Lines(`msg="polling resumed"`); len(resumed) != 1 {
			t.Errorf("logged %q", resumed)
		}
	})
}

func TestTheReserveIsLeftToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w := startOn(t, licence(1000))
		w.Pass(time.Hour)
		w.Console.Spend(w.Console.Usage().Remaining - 100)
		before := len(w.Console.Calls())
		w.Pass(12 * time.Hour)
		if n := len(w.Console.Calls()) - before; n > 4+100/2/2 {
			t.Errorf("%d calls in half a day, want at most half of the reserve of 100 a day", n)
		}
		w.Expect("runzero_api_paused", 1, "reason", quota.PausedReserve)
		w.Expect("runzero_api_paused", 0, "reason", quota.PausedQuota)
		if text := w.Exporter.Status()[0].Quota.Explain(); !strings.Contains(text, "--quota.reserve") || !strings.Contains(text, "the next request is at") {
			t.Errorf("explained as %q", text)
		}
	})
}

// requesting is a collector that makes n requests a poll, whose responses report a limit.
func requesting(q *quota.Quota, n int, limit *atomic.Int64) collector.Collector {
	return func(ctx context.Context, _ collector.Poll) (collector.Snapshot, error) {
		for range n {
			if err := q.Admit(ctx); err != nil {
				return collector.Snapshot{}, err
			}
			q.Observer("1").Responded(runzero.Exchange{Written: true,
				Sent: time.Now(), Code: http.StatusOK, Authenticated: true, Usage: runzero.Usage{Limit: runzero.Known(limit.Load())},
			})
		}
		return collector.Snapshot{}, nil
	}
}

// silent is a console that sends no usage headers: only the collector's own requests report a limit.
func silent() *simulator.Console {
	return simulator.New(simulator.Options{Sites: 1, Assets: 1, Limit: -1})
}

func TestAPausedPollIsNotAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Polls of four requests and a share of ten calls: the third is cut short.
		q, limit := quota.New(quota.Share{Share: 0.5}, quota.NewGate(time.Now)), &atomic.Int64{}
		limit.Store(20)
		inner, polls, complete := requesting(q, 4, limit), 0, 0
		sites := func(ctx context.Context, p collector.Poll) (collector.Snapshot, error) {
			s, err := inner(ctx, p)
			if polls++; err == nil {
				complete++
			}
			return s, err
		}
		w := start(t, setup{on: silent(), quota: q, collectors: []schedule.Collector{polling("sites", sites)}})
		for range 72 {
			w.pass(time.Hour)
			w.expect("runzero_collector_consecutive_failures", "sites", 0)
			if spent := q.State(time.Now()).Spent; spent > 10 {
				t.Fatalf("%d calls are spent", spent)
			}
		}
		if polls == complete || complete < 4 {
			t.Errorf("%d of %d polls were complete: this tests nothing", complete, polls)
		}
		if lines := w.log.Lines("poll failed"); len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestIntervalsFollowAChangedLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(3 * time.Hour)
		q, limit := quota.New(quota.Share{Share: 0.5}, quota.NewGate(time.Now)), &atomic.Int64{}
		limit.Store(100)
		w := start(t, setup{quota: q, collectors: []schedule.Collector{polling("sites", requesting(q, 1, limit))}})
		sitesInterval := func() float64 { return w.values("runzero_collector_interval_seconds", "collector")["sites"] }
		w.pass(6 * time.Hour)
		if got := sitesInterval(); got < 1.5*interval.Seconds() {
			t.Errorf("an interval of %v s at a share of 50", got)
		}
		if lines := w.log.Lines(`msg="intervals are stretched"`); len(lines) < 1 || len(lines) > 3 {
			t.Errorf("logged %q", lines)
		}

		limit.Store(1000)
		w.pass(time.Hour) // the next response reports it
		if got := sitesInterval(); got != interval.Seconds() {
			t.Errorf("an interval of %v s at a share of 500", got)
		}
		if lines := w.log.Lines(`msg="intervals are as configured again"`); len(lines) != 1 {
			t.Errorf("logged %q", lines)
		}

		limit.Store(120)
		w.pass(3 * time.Hour)
		if got := sitesInterval(); got < 1.3*interval.Seconds() {
			t.Errorf("an interval of %v s at a share of 60", got)
		}
		w.pass(24 * time.Hour)
		if spent := q.State(time.Now()).Spent; spent < 50 || spent > 60 {
			t.Errorf("%d calls after the limit was lowered, of a share of 60", spent)
		}
	})
}

func TestAConsoleThatIsDownDoesNotCostTheShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * time.Hour)
		w := startOn(t, licence(100))
		w.Pass(6 * time.Hour)
		remove := w.Console.Inject(simulator.Fault{
			Status: http.StatusBadGateway, Header: http.Header{"X-Api-Usage-Remaining": nil, "X-Api-Usage-Limit": nil}, // of a proxy
		})
		w.Pass(40 * time.Hour) // in which two resets go unnoticed
		for day, n := range callsByDay(w.Console.Calls(), 0) {
			if n > 50 {
				t.Errorf("%d calls on %s", n, day)
			}
		}
		remove()
		w.Pass(6 * time.Hour)
		last := w.Values("runzero_collector_last_success_timestamp_seconds", "collector")
		for _, name := range []string{"sites", "tasks", "assets"} {
			if age := float64(time.Now().Unix()) - last[name]; age > 6*3600 {
				t.Errorf("six hours after the console came back, %s is %.1f hours old: %s", name, age/3600, w.Exporter.Status()[0].Quota.Explain())
			}
		}
	})
}
