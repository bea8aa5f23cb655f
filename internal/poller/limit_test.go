package poller_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// withoutUsage removes the usage headers of a console, as they are missing on exports of runZero's cloud.
func withoutUsage(c *simulator.Console) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.ServeHTTP(&headerRemover{ResponseWriter: w}, r)
	})
}

type headerRemover struct {
	http.ResponseWriter
	wrote bool
}

func (w *headerRemover) WriteHeader(code int) {
	w.wrote = true
	for name := range w.Header() {
		if strings.HasPrefix(name, "X-Api-Usage-") {
			w.Header().Del(name)
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *headerRemover) Write(p []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

func TestAConfiguredLimitHoldsWithoutUsageHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := int64(100)
		w := harness.Start(t, harness.Setup{On: newConsole(licence(1_000_000), emptyTasks), Handler: withoutUsage, Flags: func(f *config.Flags) { f.QuotaLimit = &limit }})
		w.Expect("runzero_exporter_quota_limit_calls", 100, "source", "configured")
		w.Pass(24 * time.Hour)
		first := len(w.Console.Calls())
		w.Pass(48 * time.Hour)
		if n := len(w.Console.Calls()) - first; first > 50 || n > 100 || first < 40 || n < 85 {
			t.Errorf("%d calls on the first day and %d on two more, want up to 50 a day", first, n)
		}
		for name, last := range w.Values("runzero_collector_last_success_timestamp_seconds", "collector") {
			if age := time.Since(time.Unix(int64(last), 0)); (name == "assets" || name == "tasks") && age > 90*time.Minute {
				t.Errorf("%s is %s old", name, age)
			}
		}
	})
}

// Nobody says what the limit is, and the day's calls are used up by others: 429s without any header.
func TestASpentDayWithoutUsageHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w := harness.Start(t, harness.Setup{On: newConsole(licence(1000)), Handler: withoutUsage})
		w.Pass(time.Hour)
		w.Console.Spend(w.Console.Usage().Remaining)
		w.Pass(time.Hour)
		w.Expect("runzero_api_paused", 1, "reason", quota.PausedQuota)
		before := len(w.Console.Calls())
		w.Pass(12 * time.Hour)
		if n := len(w.Console.Calls()) - before; n > 13 {
			t.Errorf("%d requests in 12 hours, want one an hour", n)
		}
		w.Pass(4 * time.Hour) // the quota has reset at midnight
		w.Expect("runzero_api_paused", 0, "reason", quota.PausedQuota)
		for name, last := range w.Values("runzero_collector_last_success_timestamp_seconds", "collector") {
			if age := time.Since(time.Unix(int64(last), 0)); (name == "assets" || name == "tasks") && age > time.Hour {
				t.Errorf("%s is %s old", name, age)
			}
		}
	})
}

// Others use 45 calls an hour of 500: from 11 hours after the reset on, none is left. The reset is at 15:30, and the
// exporter starts when nothing is left.
func TestFreeCallsAreNoticedWithinTwoHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(3*time.Hour + 17*time.Minute)
		options := licence(500)
		options.DayStart = 15*time.Hour + 30*time.Minute
		w := startOn(t, options)
		hours := func(n int, calls int) {
			for range n {
				w.Console.Spend(min(calls, w.Console.Usage().Remaining))
				w.Pass(time.Hour)
			}
		}
		hours(1, 0)
		hours(1, 500)
		hours(9, 45)
		for range 2 * 24 {
			hours(1, 45)
			last := w.Values("runzero_collector_last_success_timestamp_seconds", "collector")
			free := w.Console.Usage().Remaining
			if age := time.Since(time.Unix(int64(last["assets"]), 0)); free > 200 && free < 400 && age > 2*time.Hour {
				t.Fatalf("%s old with %d free calls at %s", age, free, time.Now().UTC())
			}
		}
	})
}

func TestTheLimitIsEstimatedFromLiveAssets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 3, Sites: 1, Assets: 1, Limit: -1})
		sites, q := &fake{}, quota.New(quota.Share{Share: 0.5}, quota.NewGate(time.Now))
		sites.become(func(collector.Poll) (collector.Snapshot, error) {
			live := &dto.Metric{Label: []*dto.LabelPair{{Name: new("state"), Value: new("live")}}, Gauge: &dto.Gauge{Value: new(200.0)}}
			return collector.Snapshot{Families: []*dto.MetricFamily{{Name: new("runzero_site_assets"), Help: new(""), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{live}}}}, nil
		})
		w := start(t, setup{on: console, tokens: []string{console.AccountToken()}, quota: q, collectors: []schedule.Collector{sites.named("sites")}, estimate: true})
		if s := q.State(time.Now()); s.Limit != 100 || s.LimitSource != quota.LimitEstimated {
			t.Errorf("before anything is counted: %d, %s", s.Limit, s.LimitSource)
		}
		w.pass(time.Minute)
		if s := q.State(time.Now()); s.Limit != 600 || s.LimitSource != quota.LimitEstimated {
			t.Errorf("of 3 organizations with 200 live assets each: %d, %s", s.Limit, s.LimitSource)
		}
	})
}

// A crash during a poll does not lose its calls.
func TestACrashDuringAPollCountsItsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := newConsole(licence(1000), simulator.Fault{Delay: time.Minute})
		s := harness.Setup{On: console, CacheDir: harness.CacheDir(t)}
		w := harness.Start(t, s)
		w.Pass(150 * time.Second) // discovery is over, and polls are running
		spent, made := w.Values("runzero_exporter_spent_calls")[""], len(console.Calls())
		s.CacheDir = copyFolder(t, s.CacheDir)
		w.Stop()
		after := harness.Start(t, s)
		if got := after.Values("runzero_exporter_spent_calls")[""]; got < spent || made < 3 {
			t.Errorf("%v calls spent after the crash, %v before; the console has had %d", got, spent, made)
		}
	})
}
