package poller_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// assetsOf are the times since then at which the assets of an organization were polled.
func assetsOf(w *harness.World, organization int, since time.Time) []time.Time {
	return byOrganization(w.Console, assetsPath, since)[w.Console.Organizations()[organization].ID]
}

// expectNoneCloser reports polls of the assets of one organization that are closer than the interval.
func expectNoneCloser(t *testing.T, w *harness.World) {
	t.Helper()
	for _, times := range byOrganization(w.Console, assetsPath, time.Time{}) {
		for i := range times[1:] {
			if gap := times[i+1].Sub(times[i]); gap < interval {
				t.Errorf("assets were polled again after %s", gap)
			}
		}
	}
}

func TestAssetsArePolledWhenAScanHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := following(t, followed(3, "assets"))
		began := time.Now()
		ends := began.Add(90 * time.Minute)
		w.Console.StartScan(1, 0, began, 90*time.Minute)
		w.Pass(5 * time.Hour)
		if polls := assetsOf(w, 1, began); len(polls) != 1 || polls[0].Before(ends) || polls[0].Sub(ends) > interval*11/10 {
			t.Errorf("after a scan that ended at %s, assets were polled at %v", ends, polls)
		}
		for _, other := range []int{0, 2} {
			if polls := assetsOf(w, other, began); len(polls) != 0 {
				t.Errorf("of another organization at %v", polls)
			}
		}
		for name, every := range w.Values("runzero_collector_interval_seconds", "collector", "org_name") {
			if strings.HasPrefix(name, "assets/") && every != (6*time.Hour).Seconds() {
				t.Errorf("%s is polled every %v", name, every)
			}
		}
		expectReasons(t, w, "assets", map[string]float64{"interval": 3, "change": 1})

		// Without changes, after the longest interval: right after the tasks, which might have told of one.
		w.Pass(2 * time.Hour)
		for _, other := range []int{0, 2} {
			polls := assetsOf(w, other, time.Time{})
			if len(polls) != 2 {
				t.Fatalf("polled at %v", polls)
			}
			if gap := polls[1].Sub(polls[0]); gap < 6*time.Hour || gap > 6*time.Hour+interval*11/10 {
				t.Errorf("polled again after %s", gap)
			}
			var told time.Time
			for _, call := range w.Console.Calls() {
				if call.Path == changesPath && !call.Time.After(polls[1]) {
					told = call.Time
				}
			}
			if late := polls[1].Sub(told); late > 5*time.Second {
				t.Errorf("polled %s after the tasks", late)
			}
		}
		expectReasons(t, w, "assets", map[string]float64{"interval": 5, "change": 1})
		expectNoneCloser(t, w)
	})
}

// However often something changes, assets are polled at most once per interval.
func TestAssetsAreNotPolledMoreOftenThanTheirInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := followed(2, "assets")
		s.Flags = func(f *config.Flags) {
			onlyTasks("assets")(f)
			f.Collectors["tasks"] = config.CollectorFlags{Enabled: true, Interval: 5 * time.Minute}
		}
		w := harness.Start(t, s)
		for range 36 {
			w.Console.StartScan(0, 0, time.Now(), 4*time.Minute)
			w.Pass(5 * time.Minute)
		}
		if n := len(assetsOf(w, 0, time.Time{})); n < 10 || n > 13 {
			t.Errorf("assets were polled %d times in three hours", n)
		}
		expectNoneCloser(t, w)
	})
}

// With the token of one organization, its own tasks tell.
func TestAssetsArePolledOnChangeWithoutAnAccountCredential(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := followed(1, "assets")
		s.Token = nil
		w := harness.Start(t, s)
		w.Pass(20 * time.Minute)
		began := time.Now()
		w.Console.StartScan(0, 0, began, time.Hour)
		w.Pass(5 * time.Hour)
		polls := 0
		for _, call := range w.Console.Calls() {
			if call.Path == assetsPath && call.Time.After(began) {
				if polls++; call.Time.Sub(began) < time.Hour || call.Time.Sub(began) > time.Hour+interval*11/10 {
					t.Errorf("polled %s after the start of the scan", call.Time.Sub(began))
				}
			}
		}
		if polls != 1 || w.Requests(changesPath) != 0 {
			t.Errorf("assets were polled %d times, changes %d times", polls, w.Requests(changesPath))
		}
		expectReasons(t, w, "assets", map[string]float64{"interval": 1, "change": 1})
	})
}

// What does not tell whether something has changed has assets polled at each interval.
func TestAssetsArePolledByIntervalWhenNothingTellsOfChanges(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		flags  func(*config.Flags)
		faults []simulator.Fault
	}{
		"tasks are off":   {func(f *config.Flags) { f.Collectors["tasks"] = config.CollectorFlags{} }, nil},
		"as configured":   {func(f *config.Flags) { f.AssetRefresh = config.RefreshByInterval }, nil},
		"tasks fail":      {nil, []simulator.Fault{{Path: tasksPath, Truncate: 1}}},
		"not supported":   {nil, []simulator.Fault{{Path: tasksPath, Status: 404}, {Path: "/export/org/scans.json", Status: 404}, {Path: "/org/tasks", Status: 403}}},
		"fail after half": {nil, nil},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := followed(1, "assets")
				s.Token = nil
				s.Flags = func(f *config.Flags) {
					onlyTasks("assets")(f)
					if c.flags != nil {
						c.flags(f)
					}
				}
				for _, fault := range c.faults {
					s.On.Inject(fault)
				}
				w := harness.Start(t, s)
				w.Pass(20 * time.Minute)
				if what == "fail after half" {
					w.Console.Inject(simulator.Fault{Path: tasksPath, Truncate: 1})
					w.Pass(20 * time.Minute)
				}
				before := w.Requests(assetsPath)
				w.Pass(3 * time.Hour)
				if n := w.Requests(assetsPath) - before; n < 11 || n > 13 {
					t.Errorf("assets were polled %d times in three hours: %s", n, w.Log)
				}
				if every := w.Values("runzero_collector_interval_seconds", "collector")["assets"]; every != interval.Seconds() {
					t.Errorf("every %v", every)
				}
			})
		})
	}
}

// Two failures in a row, a reload in between, and a console that is out of order.
func TestReasonsOfPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := following(t, followed(2, "assets"))
		remove := w.Console.Inject(simulator.Fault{Path: "/account/sites", Truncate: 1})
		w.Pass(13 * time.Minute)
		expectReasons(t, w, "sites", map[string]float64{"interval": 3, "retry": 1})
		remove()
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Minute)
		expectReasons(t, w, "sites", map[string]float64{"interval": 3, "retry": 1, "reload": 1})
		remove = w.Console.Inject(simulator.Fault{Status: 502})
		w.Pass(40 * time.Minute)
		remove()
		w.Pass(20 * time.Minute)
		probes := 0.0
		for reason, n := range w.Values("runzero_collector_poll_reason_total", "reason") {
			if reason == "probe" {
				probes = n
			}
		}
		if probes < 3 || probes > 12 {
			t.Errorf("%v polls were to find out whether the console was back", probes)
		}
	})
}
