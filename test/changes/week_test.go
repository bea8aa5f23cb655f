package changes

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

var (
	days      = flag.Int("days", defaultDays, "how long the account lives in which everything happens")
	customers = flag.Int("organizations", defaultOrganizations, "how many organizations it has")
)

// week is an account in which everything happens that can happen.
type week struct {
	*account
	random    *rand.Rand
	scans     []scan
	troubles  []trouble
	settledAt time.Time // when the exporter had seen everything before
}

// scan is a scan that ends.
type scan struct {
	organization string
	end          time.Time
}

// trouble is a time in which the console is down or the exporter does not run.
type trouble struct{ from, to time.Time }

func TestChangesAreWhatCompleteExportsSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(30 * time.Minute) // not at midnight
		w := &week{random: rand.New(rand.NewPCG(3, 4))}
		w.account = start(t, simulator.Options{Organizations: *customers, Sites: 3, Assets: 200, Quiet: true}, nil)
		w.settle()
		for day := range *days {
			w.planScans()
			for hour := range 23 {
				w.happen(day, hour)
				w.Pass(time.Hour - time.Since(time.Now().Truncate(time.Hour)))
			}
			w.settle()
		}
		w.report()
	})
}

// settle compares, after which what has ended may be edited.
func (w *week) settle() {
	w.t.Helper()
	at := time.Now()
	w.checkpoint()
	if at.After(w.oracle.crowded) {
		w.settledAt = at
	}
}

// planScans lets one scan begin in each organization, at any time of the next day.
func (w *week) planScans() {
	for i, o := range w.Console.Organizations() {
		if o.Demo || o.Inactive {
			continue
		}
		at := time.Now().Add(time.Duration(w.random.Int64N(int64(24 * time.Hour)))).Truncate(time.Second)
		lasts := time.Duration(4+w.random.IntN(40)) * time.Minute
		w.Console.StartScan(i, w.random.IntN(len(o.Sites)), at, lasts)
		w.scans = append(w.scans, scan{o.ID, at.Add(lasts)})
	}
}

// happen is what happens in an hour of a day.
func (w *week) happen(day, hour int) {
	w.t.Helper()
	for range 1 + *customers/60 {
		w.edit()
	}
	switch {
	case hour == 3 && day%3 == 0:
		w.burst()
	case hour == 6 && day%3 == 0, hour == 15 && day%3 == 2:
		w.trouble(func() { w.outage(time.Duration(5+w.random.IntN(40)) * time.Minute) })
	case hour == 6 && day%3 == 1:
		w.trouble(func() { w.outage(time.Duration(120+w.random.IntN(120)) * time.Minute) })
	case hour == 11:
		w.trouble(w.Restart)
	case hour == 17 && day%2 == 0:
		w.trouble(func() { w.kill(20 * time.Minute) })
	case hour == 20 && day%2 == 0:
		w.trouble(w.restartWithoutCache)
	default:
		if hour%4 != 1 {
			return
		}
	}
	w.settle()
}

// burst changes more tasks than the account-wide list has rows.
func (w *week) burst() {
	w.Console.AddTasks("connector", 1100, indices(*customers)...)
	w.Console.AddTasks("scan", *customers, indices(*customers)...)
	// While lists are full, complete exports are made at longer intervals.
	w.troubles = append(w.troubles, trouble{time.Now(), time.Now().Add(90 * time.Minute)})
	w.oracle.crowded = time.Now().Add(2 * time.Hour)
}

// trouble remembers when the console or the exporter was down.
func (w *week) trouble(happens func()) {
	from := time.Now()
	happens()
	w.troubles = append(w.troubles, trouble{from, time.Now()})
}

// edit is what a person does to a task that has ended long enough ago for the exporter to know it.
func (w *week) edit() {
	org := w.random.IntN(*customers)
	var ended []simulator.Task
	for task := range w.Console.Tasks(org) {
		if !task.Recur && !task.Ended.IsZero() && task.Ended.Before(w.settledAt) {
			ended = append(ended, task)
		}
	}
	if len(ended) == 0 {
		return
	}
	id := ended[w.random.IntN(len(ended))].ID
	switch w.random.IntN(6) {
	case 0, 1:
		w.Console.ChangeTask(org, id, simulator.TaskChange{Name: fmt.Sprintf("Renamed %d", w.random.IntN(10))})
	case 2:
		w.Console.ChangeTask(org, id, simulator.TaskChange{Hidden: true})
	case 3, 4:
		w.Console.ChangeTask(org, id, simulator.TaskChange{Status: "removed"})
	default:
		w.delete(org, id)
	}
}

// report checks the calls of each day and the age of assets after each scan.
func (w *week) report() {
	w.t.Helper()
	calls := w.calls
	for i, day := range slices.Sorted(maps.Keys(calls)) {
		w.t.Logf("%s: %d calls %v", day, total(calls[day]), calls[day])
		// 2,500 with 300 organizations, of which 500 do not depend on how many there are. Not on a day on which the cache is lost or there is a burst.
		if n := total(calls[day]); n > 500+2000**customers/300 && i%2 == 1 && i%3 != 0 {
			w.t.Errorf("%d calls on day %d", n, i)
		}
	}
	ages := w.ages()
	if len(ages) < *customers**days/3 {
		w.t.Fatalf("%d scans ended", len(ages))
	}
	w.t.Logf("assets after %d scans: half within %s, nine tenths within %s, all within %s; %d comparisons", len(ages),
		ages[len(ages)/2], ages[len(ages)*9/10], ages[len(ages)-1], w.oracle.compared)
	if oldest := ages[len(ages)-1]; oldest > interval+interval/10 {
		w.t.Errorf("assets %s after a scan", oldest)
	}
}

// ages is how long after the end of each scan the assets were polled, in order. What ended shortly before or in a
// trouble is left out.
func (w *week) ages() []time.Duration {
	var ages []time.Duration
	for _, s := range w.scans {
		troubled := slices.ContainsFunc(w.troubles, func(x trouble) bool {
			return s.end.After(x.from.Add(-2*interval)) && s.end.Before(x.to.Add(interval))
		})
		if troubled || time.Since(s.end) < 2*interval {
			continue
		}
		at := w.firstAssets(s.organization, s.end)
		if at.IsZero() {
			at = time.Now()
		}
		if age := at.Sub(s.end); age > interval+interval/10 {
			w.t.Logf("the assets of %s were polled %s after a scan that ended %s", w.oracle.names[s.organization], age, s.end.UTC().Format("Mon 15:04"))
		}
		ages = append(ages, at.Sub(s.end))
	}
	slices.Sort(ages)
	return ages
}
