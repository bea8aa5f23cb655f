package poller_test

import (
	"context"
	"net/http"
	"strconv"
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
	return simulator.Options{Sites: 2, Assets: 40, Limit: limit}
}

func startOn(t *testing.T, options simulator.Options) *harness.World {
	t.Helper()
	return harness.Start(t, harness.Setup{On: newConsole(options, emptyTasks)})
}

func TestTheDefaultsOnTheSmallestLicence(t *testing.T) {
	for _, dayStart := range []time.Duration{0, 15*time.Hour + 30*time.Minute, 23*time.Hour + 59*time.Minute} {
		t.Run(dayStart.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(5*time.Hour + 17*time.Minute) // nobody starts at midnight
				const days = 2
				options := licence(100)
				options.DayStart = dayStart
				w := startOn(t, options)
				oldest := 0.0
				for range days * 24 * 2 {
					w.Pass(30 * time.Minute)
					for name, last := range w.Values("runzero_collector_last_success_timestamp_seconds", "collector") {
						if name != schedule.Discovery { // which succeeds once
							oldest = max(oldest, float64(time.Now().Unix())-last)
						}
					}
				}
				total := 0
				for day, n := range callsByDay(w.Console.Calls(), dayStart) {
					if n > 50 {
						t.Errorf("%d calls on the day of %s, of a share of 50", n, day.Format(time.DateOnly))
					}
					total += n
				}
				if total < days*50*85/100 {
					t.Errorf("%d calls in %d days of 50: the share is not used", total, days)
				}
				if oldest > 12*3600 {
					t.Errorf("data as old as %.1f hours was exposed", oldest/3600)
				}
				if !w.Exporter.Ready() {
					t.Error("not ready")
				}
			})
		})
	}
}

func TestPollingPausesWhenTheQuotaIsSpentAndResumesAfterTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w := startOn(t, licence(1000))
		w.Pass(2 * time.Hour)
		sites := w.Text("runzero_sites")
		w.Console.Spend(w.Console.Usage().Remaining)
		before := len(w.Console.Calls())
		w.Pass(2 * time.Hour)
		// One request finds out, with a 429 that the console does not charge.
		if n := len(w.Console.Calls()) - before; n > 4 {
			t.Errorf("%d requests with no calls left", n)
		}
		w.Expect("runzero_api_paused", 1, "reason", quota.PausedQuota)
		w.Expect("runzero_api_paused", 0, "reason", quota.PausedRateLimit)
		reset := w.Values("runzero_api_usage_reset_timestamp_seconds")[""]
		w.Expect("runzero_collector_next_poll_timestamp_seconds", reset, "collector", "sites")

		before = len(w.Console.Calls())
		w.Pass(11*time.Hour + 50*time.Minute)
		if n := len(w.Console.Calls()) - before; n != 0 {
			t.Errorf("%d requests while polling was paused", n)
		}
		if now := w.Text("runzero_sites"); sites == "" || now != sites {
			t.Errorf("the last results are not exposed: %s", now)
		}
		if paused := w.Log.Lines(`msg="polling paused`); len(paused) != 1 || !strings.Contains(paused[0], "00:00 UTC") {
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
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w := startOn(t, licence(1000))
		w.Pass(time.Hour)
		w.Console.Spend(w.Console.Usage().Remaining - 100)
		before := len(w.Console.Calls())
		w.Pass(12 * time.Hour)
		if n := len(w.Console.Calls()) - before; n > 4 {
			t.Errorf("%d calls of the reserve", n)
		}
		w.Expect("runzero_api_paused", 1, "reason", quota.PausedReserve)
		w.Expect("runzero_api_paused", 0, "reason", quota.PausedQuota)
		if text := strings.Join(w.Exporter.Quota(), " "); !strings.Contains(text, "--quota.reserve") || !strings.Contains(text, "00:00 UTC") {
			t.Errorf("explained as %q", text)
		}
	})
}

func TestAPausedPollIsNotAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut, complete := 0, 0
		// Polls of four requests and a share of ten calls: the third is cut short.
		account := quota.New(quota.Share{Share: 0.5}, quota.NewGate(time.Now))
		sites := func(ctx context.Context, _ collector.Poll) (collector.Snapshot, error) {
			for range 4 {
				if err := account.Admit(ctx); err != nil {
					cut++
					return collector.Snapshot{}, err
				}
				account.Observer("1").Responded(runzero.Exchange{
					Sent: time.Now(), Code: http.StatusOK, Authenticated: true, Usage: runzero.Usage{Limit: runzero.Known(20)},
				})
			}
			complete++
			return collector.Snapshot{}, nil
		}
		w := start(t, setup{quota: account, collectors: []schedule.Collector{polling("sites", sites)}})
		for range 72 {
			w.pass(time.Hour)
			w.expect("runzero_collector_consecutive_failures", "sites", 0)
			if spent := account.State(time.Now()).Spent; spent > 10 {
				t.Fatalf("%d calls are spent", spent)
			}
		}
		if cut == 0 || complete < 4 {
			t.Errorf("%d polls were cut short and %d complete: this tests nothing", cut, complete)
		}
		if lines := w.log.Lines("poll failed"); len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestIntervalsFollowAChangedLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(3 * time.Hour)
		var raise atomic.Int64
		raise.Store(-900)
		w := harness.Start(t, harness.Setup{On: newConsole(licence(1000), emptyTasks), Handler: raiseLimit(&raise)})
		sitesInterval := func() float64 { return w.Values("runzero_collector_interval_seconds", "collector")["sites"] }
		w.Pass(6 * time.Hour)
		w.Expect("runzero_exporter_budget_calls", 50)
		if got := sitesInterval(); got < 3600 {
			t.Errorf("an interval of %v s at a limit of 100", got)
		}
		if lines := w.Log.Lines(`msg="intervals are stretched"`); len(lines) < 1 || len(lines) > 3 {
			t.Errorf("logged %q", lines)
		}

		raise.Store(0)
		w.Pass(4 * time.Hour) // the next response reports it
		if got := sitesInterval(); got != interval.Seconds() {
			t.Errorf("an interval of %v s after the limit was raised to 1000", got)
		}
		if lines := w.Log.Lines(`msg="intervals are as configured again"`); len(lines) != 1 {
			t.Errorf("logged %q", lines)
		}

		raise.Store(-800)
		w.Pass(28 * time.Hour)
		if got := sitesInterval(); got < 1800 {
			t.Errorf("an interval of %v s after the limit was lowered to 200", got)
		}
		for day, n := range callsByDay(w.Console.Calls(), 0) {
			if day.Day() > 1 && n > 100 {
				t.Errorf("%d calls on %s, of a share of 100", n, day)
			}
		}
	})
}

// raiseLimit adds to the limit that the console reports, and to what remains of it.
func raiseLimit(by *atomic.Int64) func(*simulator.Console) http.Handler {
	return func(console *simulator.Console) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			console.ServeHTTP(&raisingWriter{ResponseWriter: w, by: by.Load()}, r)
		})
	}
}

type raisingWriter struct {
	http.ResponseWriter
	by int64
}

func (w *raisingWriter) WriteHeader(code int) {
	for _, name := range []string{"X-API-Usage-Limit", "X-API-Usage-Remaining"} {
		if n, err := strconv.ParseInt(w.Header().Get(name), 10, 64); err == nil {
			w.Header().Set(name, strconv.FormatInt(max(n+w.by, 0), 10))
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *raisingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestWithoutALimitIntervalsAreAsConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startOn(t, licence(-1))
		w.Pass(24 * time.Hour)
		for _, endpoint := range endpoints[1:] {
			if n := w.Requests(endpoint); n < 96*9/10 || n > 96+1 {
				t.Errorf("%s was requested %d times in a day, want about 96", endpoint, n)
			}
		}
		w.Expect("runzero_exporter_interval_stretch_ratio", 1)
		if text := strings.Join(w.Exporter.Quota(), " "); !strings.Contains(text, "no daily limit") {
			t.Errorf("explained as %q", text)
		}
		if text := w.Log.String(); strings.Contains(text, "stretched") || strings.Contains(text, "paused") {
			t.Errorf("logged %s", text)
		}
	})
}

func TestTwoExportersOfOneAccountKeepToTheirSharesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(4 * time.Hour)
		const days, dayStart = 2, 9 * time.Hour
		options := licence(100)
		options.DayStart = dayStart
		s := harness.Setup{On: simulator.New(options), Flags: func(f *config.Flags) { f.QuotaShare = 0.4 }}
		s.On.Inject(emptyTasks)
		one, two := harness.Start(t, s), harness.Start(t, s)
		one.Pass(days * 24 * time.Hour)
		total := 0
		for day, n := range callsByDay(s.On.Calls(), dayStart) {
			if n > 80 {
				t.Errorf("%d calls on %s, of shares of 80 together", n, day)
			}
			total += n
		}
		if total < days*80*8/10 {
			t.Errorf("%d calls in %d days of 80", total, days)
		}
		for _, w := range []*harness.World{one, two} {
			if !w.Exporter.Ready() || len(w.Log.Lines("poll failed")) > 0 {
				t.Errorf("one of them starves: %s", w.Log)
			}
		}
	})
}

func TestAConsoleThatIsDownDoesNotCostTheShare(t *testing.T) {
	withoutHeaders := http.Header{"X-Api-Usage-Remaining": nil, "X-Api-Usage-Limit": nil}
	for what, fault := range map[string]simulator.Fault{
		"no connection": {Drop: true}, "a proxy's error": {Status: http.StatusBadGateway, Header: withoutHeaders},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(20 * time.Hour)
				w := startOn(t, licence(100))
				w.Pass(6 * time.Hour)
				remove := w.Console.Inject(fault)
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
						t.Errorf("six hours after the console came back, %s is %.1f hours old: %s", name, age/3600, w.Exporter.Quota())
					}
				}
			})
		})
	}
}
