package poller_test

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const (
	changesPath = "/account/tasks"
	tasksPath   = "/export/org/tasks.jsonl"
	assetsPath  = "/export/org/assets.jsonl"
)

// onlyTasks leaves the collectors on that tasks and assets need, and these.
func onlyTasks(more ...string) func(*config.Flags) {
	return func(f *config.Flags) {
		harness.OnChange(f)
		for name := range f.Collectors {
			f.Collectors[name] = config.CollectorFlags{Enabled: slices.Contains(append(more, "sites", "tasks"), name)}
		}
	}
}

// followed is an account of so many small organizations, in which nothing happens but what a test lets happen. The daily
// exports come late on the day.
func followed(organizations int, collectors ...string) harness.Setup {
	console := simulator.New(simulator.Options{Organizations: organizations, Sites: 2, Assets: 2, Quiet: true, Limit: 100_000})
	return harness.Setup{On: console, Token: (*simulator.Console).AccountToken, Flags: onlyTasks(collectors...), Random: func() float64 { return 0.1 }}
}

// following starts an exporter, and has the first round and the first poll of changes behind it.
func following(t *testing.T, s harness.Setup) *harness.World {
	t.Helper()
	w := harness.Start(t, s)
	w.Pass(20 * time.Minute)
	if n, organizations := w.Requests(changesPath), len(byOrganization(w.Console, tasksPath, time.Time{})); n != 1 || organizations < 2 {
		t.Fatalf("changes were polled %d times, and the tasks of %d organizations: %s", n, organizations, w.Log)
	}
	return w
}

// byOrganization are the times of the requests of a path since then, by organization.
func byOrganization(console *simulator.Console, path string, since time.Time) map[string][]time.Time {
	times := map[string][]time.Time{}
	for _, call := range console.Calls() {
		if query, err := url.ParseQuery(call.Query); err == nil && call.Path == path && !call.Time.Before(since) {
			times[query.Get("_oid")] = append(times[query.Get("_oid")], call.Time)
		}
	}
	return times
}

// count counts requests of a path since then.
func count(console *simulator.Console, path string, since time.Time) int {
	n := 0
	for _, times := range byOrganization(console, path, since) {
		n += len(times)
	}
	return n
}

// expectExports compares how often the tasks of each organization were exported since then.
func expectExports(t *testing.T, w *harness.World, since time.Time, want int, when string) {
	t.Helper()
	exports := byOrganization(w.Console, tasksPath, since)
	for _, o := range w.Console.Organizations() {
		if n := len(exports[o.ID]); n != want && len(byOrganization(w.Console, tasksPath, time.Time{})[o.ID]) > 0 {
			t.Errorf("%s: the tasks of %s were exported %d times, want %d", when, o.Name, n, want)
		}
	}
}

// expectFollowed reports tasks that are not as fresh as the changes.
func expectFollowed(t *testing.T, w *harness.World, when string) {
	t.Helper()
	feed := w.Console.Calls()
	feed = slices.DeleteFunc(feed, func(c simulator.Call) bool { return c.Path != changesPath || c.Status != 200 })
	newest := feed[len(feed)-1].Time
	for organization, last := range w.Values("runzero_collector_last_success_timestamp_seconds", "collector", "org_name") {
		if strings.HasPrefix(organization, "tasks/") && organization != "tasks/" && last < float64(newest.Unix()) {
			t.Errorf("%s: %s is of %v, want %v", when, organization, last, newest.Unix())
		}
	}
	for organization, next := range w.Values("runzero_collector_next_poll_timestamp_seconds", "collector", "org_name") {
		if in := time.Unix(int64(next), 0).Sub(newest); strings.HasPrefix(organization, "tasks/") && (in < 0 || in > interval+2*time.Minute) {
			t.Errorf("%s: %s is next polled %s after the changes", when, organization, in)
		}
	}
	for organization, every := range w.Values("runzero_collector_interval_seconds", "collector", "org_name") {
		if strings.HasPrefix(organization, "tasks/") && every != interval.Seconds() {
			t.Errorf("%s: %s is polled every %v", when, organization, every)
		}
	}
}

func expectReasons(t *testing.T, w *harness.World, name string, want map[string]float64) {
	t.Helper()
	got := map[string]float64{}
	for key, n := range w.Values("runzero_collector_poll_reason_total", "collector", "reason") {
		if of, reason, _ := strings.Cut(key, "/"); of == name && n > 0 {
			got[reason] = n
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("polls of %s by reason: %v, want %v", name, got, want)
	}
}

func TestOrganizationsAreExportedOnceADayAndFollowedInBetween(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := followed(8)
		s.Random = nil
		w := following(t, s)
		began := time.Now()
		expectExports(t, w, time.Time{}, 1, "at first")
		for range 10 {
			w.Pass(143 * time.Minute)
			expectFollowed(t, w, time.Since(began).String())
		}
		w.Pass(24*time.Hour - time.Since(began))
		expectExports(t, w, began, 1, "within a day")
		w.Pass(24 * time.Hour)
		expectExports(t, w, began, 2, "within two days")
		hours := map[int]int{}
		for _, times := range byOrganization(w.Console, tasksPath, began) {
			hours[int(times[0].Sub(began).Hours())/6]++
			if again := times[1].Sub(times[0]); (again - 24*time.Hour).Abs() > time.Minute {
				t.Errorf("exported again after %s", again)
			}
		}
		if len(hours) < 3 {
			t.Errorf("exports by quarter of the day: %v", hours)
		}
		if n, gap := count(w.Console, changesPath, began), shortestGap(w.Console.Calls(), changesPath); n < 180 || gap < interval {
			t.Errorf("changes were polled %d times in two days, at least %s apart", n, gap)
		}
		expectReasons(t, w, "tasks", map[string]float64{"interval": float64(3*8 + w.Requests(changesPath))})
	})
}

// The time of day of an export may come a minute after the first one. Nothing is polled more often than configured, and
// no day is left out.
func TestNoOrganizationIsExportedAgainWithinItsInterval(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{interval, 6 * time.Hour, 24 * time.Hour} {
		t.Run(every.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := followed(3)
				s.Random = func() float64 { return 0.9993 } // a minute later
				flags := s.Flags
				s.Flags = func(f *config.Flags) { flags(f); f.CacheInterval = every }
				w := harness.Start(t, s)
				w.Pass(49 * time.Hour)
				for organization, times := range byOrganization(w.Console, tasksPath, time.Time{}) {
					if first := times[1].Sub(times[0]); first < min(every, 12*time.Hour) || first > 25*time.Hour || len(times) != 3 {
						t.Errorf("%s was exported at %v", organization, times)
					}
				}
			})
		})
	}
}

// A scan of one organization shows without an export.
func TestAChangeShowsWithoutAnExport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := following(t, followed(2))
		before, running := w.Snapshot("tasks"), len(w.Values("runzero_scan_running_start_timestamp_seconds", "site_name"))
		w.Console.StartScan(1, 0, time.Now(), time.Hour)
		w.Pass(interval + time.Minute)
		if n := len(w.Values("runzero_scan_running_start_timestamp_seconds", "site_name")); n != running+1 {
			t.Errorf("%d scans are running, and were %d: %q", n, running, difference(before, w.Snapshot("tasks")))
		}
		w.Pass(time.Hour)
		expectFollowed(t, w, "after the scan")
		expectExports(t, w, time.Time{}, 1, "after the scan")
	})
}

func TestFailuresOfTheChanges(t *testing.T) {
	t.Parallel()
	brokenOff, outOfOrder := simulator.Fault{Path: changesPath, Truncate: 1}, simulator.Fault{Path: changesPath, Status: 502}
	for what, c := range map[string]struct {
		fault   simulator.Fault
		times   int
		exports [3]int // of each organization, 24 minutes, 70 minutes and 190 minutes later
		want    map[string]float64
	}{
		"once":                               {brokenOff, 1, [3]int{0, 0, 0}, map[string]float64{"interval": 3 + 1 + 12, "retry": 1}},
		"twice":                              {brokenOff, 2, [3]int{1, 1, 1}, map[string]float64{"interval": 3 + 1 + 11, "retry": 2, "change": 3}},
		"for more than an hour":              {brokenOff, 5, [3]int{1, 4, 11}, nil},
		"out of order, while all else works": {outOfOrder, 2, [3]int{1, 1, 1}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := following(t, followed(3))
				c.fault.Times = c.times
				began := time.Now()
				w.Console.Inject(c.fault)
				for i, after := range []time.Duration{24 * time.Minute, 70 * time.Minute, 190 * time.Minute} {
					w.Pass(after - time.Since(began))
					expectExports(t, w, began, c.exports[i], after.String())
				}
				expectFollowed(t, w, "at last")
				if c.want != nil {
					expectReasons(t, w, "tasks", c.want)
				}
				for _, times := range byOrganization(w.Console, tasksPath, began) {
					for i := range times[1:] {
						if gap := times[i+1].Sub(times[i]); gap < interval {
							t.Errorf("exported again after %s", gap)
						}
					}
				}
			})
		})
	}
}

// A search is for whole hours: what fills one list fills all others of that hour.
func TestMoreChangesThanTheConsoleLists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := following(t, followed(3))
		began := time.Now()
		w.Console.AddTasks("connector", 1001, 0)
		w.Pass(15 * time.Minute)
		expectExports(t, w, began, 1, "at once")
		w.Pass(15 * time.Minute)
		expectExports(t, w, began, 1, "half an hour later")
		if every := w.Values("runzero_collector_interval_seconds", "collector", "org_name"); every["tasks/"+w.Console.Organizations()[0].Name] != 35*60 {
			t.Errorf("intervals: %v", every)
		}
		w.Pass(3 * time.Hour)
		expectExports(t, w, began, 2, "three hours later")
		for _, times := range byOrganization(w.Console, tasksPath, began) {
			if len(times) == 2 && times[1].Sub(times[0]) < 35*time.Minute {
				t.Errorf("exported again after %s", times[1].Sub(times[0]))
			}
		}
		expectFollowed(t, w, "at last")
		if lines := w.Log.Lines("more tasks have changed"); len(lines) != 2 {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestASearchThatIsNotSupported(t *testing.T) {
	t.Parallel()
	for what, fault := range map[string]func(*simulator.Console) simulator.Fault{
		"refused": func(*simulator.Console) simulator.Fault { return simulator.SearchRefused(changesPath) },
		"ignored": func(*simulator.Console) simulator.Fault { return simulator.SearchIgnored(changesPath) },
		"answered for another one": func(*simulator.Console) simulator.Fault {
			body := `[{"id":"a","organization_id":"b","type":"scan","status":"new","created_at":1e9,"updated_at":1e9}]`
			return simulator.Fault{Path: changesPath, Body: &body}
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := followed(2)
				s.On.Inject(fault(s.On))
				w := harness.Start(t, s)
				w.Pass(3 * time.Hour)
				if n := w.Requests(changesPath); n > 3 {
					t.Errorf("changes were polled %d times", n)
				}
				for _, times := range byOrganization(w.Console, tasksPath, time.Time{}) {
					if n := len(times); n < 11 || n > 14 {
						t.Errorf("exported %d times in three hours", n)
					}
				}
				if lines := w.Log.Lines(`msg="not supported`, "collector=tasks"); len(lines) != 1 {
					t.Errorf("logged %q", lines)
				}
				if supported := w.Values("runzero_collector_supported", "collector", "org_name"); supported["tasks/"+w.Console.Organizations()[0].Name] != 1 {
					t.Errorf("supported: %v", supported)
				}
			})
		})
	}
}

func TestASearchThatIsSupportedADayLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := followed(2)
		remove := s.On.Inject(simulator.SearchRefused(changesPath))
		w := harness.Start(t, s)
		w.Pass(20 * time.Hour)
		if n := w.Requests(changesPath); n != 1 {
			t.Errorf("changes were polled %d times", n)
		}
		remove()
		removed := time.Now()
		w.Pass(5 * time.Hour)
		expectFollowed(t, w, "a day later")
		resumed := byOrganization(w.Console, changesPath, removed)[""][0]
		expectExports(t, w, resumed.Add(time.Millisecond), 0, "once changes are followed")
		w.Pass(24 * time.Hour)
		expectExports(t, w, resumed.Add(time.Millisecond), 1, "in the next day")
		if gap := shortestGap(exportsOf(w.Console), tasksPath); gap < interval {
			t.Errorf("exported again after %s", gap)
		}
	})
}

// exportsOf are the exports of tasks of one organization.
func exportsOf(console *simulator.Console) []simulator.Call {
	return slices.DeleteFunc(console.Calls(), func(c simulator.Call) bool {
		return c.Path != tasksPath || !strings.Contains(c.Query, console.Organizations()[0].ID)
	})
}

// At first nothing shows that the search is applied if it finds nothing: it looks back to the newest task.
func TestASearchThatFindsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := followed(2)
		s.On.AddTasks("connector", 1, 0)
		time.Sleep(5 * time.Hour) // so that later searches need not find it
		s.On.Inject(simulator.SearchEmpty(changesPath))
		tasks := simulator.Fault{Path: tasksPath, Status: 500}
		remove := s.On.Inject(tasks) // so that changes are polled before there is anything to follow
		w := harness.Start(t, s)
		w.Pass(20 * time.Minute)
		remove()
		w.Pass(3 * time.Hour)
		if lines := w.Log.Lines(`msg="not supported`, "has not shown one that has"); len(lines) != 1 {
			t.Errorf("logged %s", w.Log)
		}
		if n := count(w.Console, tasksPath, time.Now().Add(-time.Hour)); n < 7 {
			t.Errorf("%d exports in an hour", n)
		}
	})
}

// When a console was out of order, nothing has to be exported: changes show what happened meanwhile.
func TestNoStormOfExportsAfterAnOutage(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		lasting time.Duration
		exports int
	}{"an hour": {time.Hour, 0}, "twelve hours": {12 * time.Hour, 0}, "longer than changes reach back": {50 * time.Hour, 1}} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := following(t, followed(3))
				remove := w.Console.Inject(simulator.Fault{Status: 502})
				w.Pass(c.lasting)
				remove()
				began := time.Now()
				w.Console.StartScan(0, 0, began.Add(-time.Hour), 30*time.Minute)
				w.Pass(50 * time.Minute)
				expectFollowed(t, w, "afterwards")
				overdue := 0 // whose daily export would have been in the outage
				if c.lasting > 10*time.Hour {
					overdue = 3
				}
				exports := byOrganization(w.Console, tasksPath, began)
				for id, times := range exports {
					if len(times) > 1 {
						t.Errorf("%s was exported %d times", id, len(times))
					}
				}
				if n := len(exports); n > overdue || n < 3*c.exports {
					t.Errorf("%d organizations were exported afterwards: %v", n, exports)
				}
				if polls := w.Values("runzero_collector_poll_reason_total", "collector", "reason"); polls["sites/probe"]+polls["tasks/probe"]+polls["discovery/probe"] == 0 {
					t.Errorf("polls by reason: %v", polls)
				}
			})
		})
	}
}

func TestAnUnclearChangeExportsThatOrganizationAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := following(t, followed(3))
		began := time.Now()
		w.Console.ChangeTask(1, lastRun(w.Console, 1), simulator.TaskChange{Status: "removed"})
		w.Pass(2 * time.Hour)
		edited := w.Console.Organizations()[1].ID
		if exports := byOrganization(w.Console, tasksPath, began); len(exports) != 1 || len(exports[edited]) != 1 || exports[edited][0].Sub(began) > interval {
			t.Errorf("exported %v, want %s once", exports, edited)
		}
		expectFollowed(t, w, "afterwards")
		expectReasons(t, w, "tasks", map[string]float64{"interval": float64(3 + w.Requests(changesPath)), "change": 1})
	})
}

// lastRun is the newest run of an organization that has ended.
func lastRun(console *simulator.Console, organization int) string {
	runs := slices.DeleteFunc(slices.Collect(console.Tasks(organization)), func(t simulator.Task) bool { return t.Recur || t.Ended.IsZero() || t.Type == "sample" })
	return slices.MaxFunc(runs, func(a, b simulator.Task) int { return cmp.Or(a.Ended.Compare(b.Ended), cmp.Compare(a.ID, b.ID)) }).ID
}

func TestOnceDoesNotPollChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := followed(2, "assets")
		s.CacheDir = harness.CacheDir(t)
		following(t, s).Stop()
		time.Sleep(30 * time.Hour)
		began := time.Now()
		s.Idle = true
		w := harness.Start(t, s)
		if err := w.Exporter.Once(t.Context()); err != nil {
			t.Error(err)
		}
		expectExports(t, w, began, 1, "once")
		if n, assets := count(w.Console, changesPath, began), count(w.Console, assetsPath, began); n != 0 || assets < 2 {
			t.Errorf("changes were polled %d times, assets %d times", n, assets)
		}
	})
}

// Without calls to spare, changes that fail do not have every organization exported at once.
func TestNoRushOfExportsOnAShortQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * time.Hour)
		s := followed(20)
		s.On = simulator.New(simulator.Options{Organizations: 20, Sites: 2, Assets: 2, Quiet: true, Limit: 100, DayStart: 15 * time.Hour})
		w := harness.Start(t, s)
		w.Pass(34 * time.Hour) // the first round is over
		w.Console.Inject(simulator.Fault{Path: changesPath, Truncate: 1, Times: 8})
		for range 30 * 2 {
			w.Pass(30 * time.Minute)
			if n := count(w.Console, tasksPath, time.Now().Add(-time.Hour)); n > 15 {
				t.Fatalf("%d exports in an hour", n)
			}
		}
		for day, n := range callsByDay(w.Console.Calls(), 15*time.Hour) {
			if n > 50 {
				t.Errorf("%d calls on the day of %s", n, day)
			}
		}
	})
}
