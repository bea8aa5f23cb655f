package poller_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Each round of n organizations takes 2n+1 calls of weight 1, of 49 a day: an even schedule takes 20 hours for 20
// organizations, and 40 hours for 40, whose tasks are then exported less often than once a day, too.
// In the first two days the tasks of each may be exported once more, so that the exports are spread over the day.
func TestManyOrganizationsOnTheSmallestLicenceAreServedEvenly(t *testing.T) {
	t.Parallel()
	for _, n := range []int{20, 40} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(5 * time.Hour)
				options := simulator.Options{Organizations: n, Sites: 1, Assets: 1, Limit: 100, DayStart: 15 * time.Hour}
				w := harness.Start(t, harness.Setup{On: newConsole(options, emptyTasks), Token: (*simulator.Console).AccountToken})
				const perCall = 24 * time.Hour / 49
				even, first := perCall*time.Duration(2*n+1), perCall*time.Duration(3*n+1)
				for hour := range 4 * 24 {
					w.Pass(time.Hour)
					oldest := even * 5 / 4
					if hour < 2*24 {
						oldest = first
					}
					for name, last := range w.Values("runzero_collector_last_success_timestamp_seconds", "collector", "org_name") {
						if age := time.Since(time.Unix(int64(last), 0)); strings.HasPrefix(name, "assets") && last > 0 && age > oldest {
							t.Fatalf("in hour %d, %s is %s old, more than %s", hour, name, age, oldest)
						}
					}
				}
				if got := len(w.Values("runzero_assets", "org_name")); got != n {
					t.Errorf("%d organizations have data", got)
				}
			})
		})
	}
}

func TestAResultOutlastsAnIntervalThatTheQuotaLengthens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * time.Hour)
		w := harness.Start(t, harness.Setup{On: newConsole(licence(100), emptyTasks), Flags: func(f *config.Flags) {
			f.CacheInterval, f.CacheMaxAge = time.Minute, 30*time.Minute
		}})
		w.Pass(2 * time.Hour)
		for range 48 {
			w.Pass(17 * time.Minute)
			if len(w.Values("runzero_sites")) == 0 || len(w.Values("runzero_assets")) == 0 {
				t.Fatalf("withdrawn after %s: %v", time.Now(), w.Values("runzero_collector_interval_seconds", "collector"))
			}
		}
		w.Console.Inject(simulator.Fault{Status: http.StatusBadGateway})
		w.Pass(60 * time.Hour)
		if len(w.Values("runzero_sites")) != 0 {
			t.Error("exposed without end")
		}
	})
}

func TestOrganizationsThatAreGoneNeedNoCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{
			On:    newConsole(simulator.Options{Organizations: 5, Sites: 1, Assets: 1, Limit: 100_000}, emptyTasks),
			Token: (*simulator.Console).AccountToken,
		})
		w.Pass(30 * time.Minute)
		before := w.Values("runzero_exporter_demand_calls")[""]
		w.Flags.Organizations = []string{w.Console.Organizations()[0].Name}
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Minute)
		// Each organization has its assets every 15 minutes, and its tasks once a day.
		if after := w.Values("runzero_exporter_demand_calls")[""]; before-after != 4*(96+1) {
			t.Errorf("%v calls a day for five organizations, %v for one", before, after)
		}
	})
}

// With the last calls of a day, intervals become very long, but only until the quota resets: nothing else is foreseen.
func TestWhatIsForeseenKnowsTheReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := harness.Start(t, harness.Setup{On: newConsole(licence(100), emptyTasks), Flags: harness.OnChange})
		w.Pass(2 * 24 * time.Hour)
		const wholeDay = 8 * 45 * 60 // seconds: the weight of the console makes so much of the 44 minutes of the tasks
		for range 4 * 48 {
			w.Pass(15 * time.Minute)
			console := func(family string) float64 { return w.Values(family, "collector")["console"] }
			polled, next := console("runzero_collector_last_attempt_timestamp_seconds"), console("runzero_collector_next_poll_timestamp_seconds")
			reset := w.Values("runzero_api_usage_reset_timestamp_seconds")[""]
			if latest := max(reset, polled+wholeDay) + 60; next > latest || polled+console("runzero_collector_interval_seconds") > latest {
				t.Fatalf("at %s: polled at %.0f, reset at %.0f, next poll at %.0f", time.Now(), polled, reset, next)
			}
		}
	})
}
