package collector

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// console is a list of tasks that changes.
type console struct {
	rnd   *rand.Rand
	now   time.Time
	tasks []runzero.Task
}

// live lets things happen within a time: runs that are created, go on, fail and end, schedules that come, change and go,
// and tasks that are edited.
func (c *console) live(d time.Duration) {
	for end := c.now.Add(d); ; {
		if c.now = c.now.Add(time.Duration(c.rnd.IntN(600)+1) * time.Second); c.now.After(end) {
			c.now = end
			return
		}
		c.happen()
	}
}

func (c *console) happen() {
	kinds := []string{"scan", "scan", "connector", "import", "analysis", "sample", "telepathy"}
	if len(c.tasks) == 0 || c.rnd.IntN(3) == 0 {
		t := runzero.Task{
			ID: uuid(len(c.tasks)), Type: kinds[c.rnd.IntN(len(kinds))], Status: "new", CreatedAt: c.now, UpdatedAt: c.now,
			Name: fmt.Sprint("task ", c.rnd.IntN(5)), SiteID: []string{hq, plant, lab, ""}[c.rnd.IntN(4)],
		}
		if c.rnd.IntN(4) == 0 {
			t.Recur, t.Status, t.Frequency, t.Interval, t.StartTime = true, "active", "daily", day, c.now
		}
		c.tasks = append(c.tasks, t)
		return
	}
	t := &c.tasks[max(0, len(c.tasks)-1-c.rnd.IntN(30))]
	t.UpdatedAt = c.now
	switch {
	case t.Recur:
		t.LastRun, t.NextRun, t.Failed = c.now, c.now.Add(time.Duration(1+c.rnd.IntN(3))*day), c.rnd.IntN(2) == 0
		t.Status = []string{"active", "active", "paused", "removed"}[c.rnd.IntN(4)]
	case t.Status == "new":
		t.Status, t.AcquisitionStarted = "active", c.now
	case t.Status == "active":
		t.Status, t.AcquisitionEnded = []string{"processing", "error", "canceled"}[c.rnd.IntN(3)], c.now
	case t.Status == "processing":
		t.Status, t.ProcessingEnded = "processed", c.now
		t.Changes.Total = runzero.Known(int64(c.rnd.IntN(100)))
	case c.rnd.IntN(20) == 0: // a finished one is edited
		t.Name, t.Status = "edited", []string{"processed", "removed", "error"}[c.rnd.IntN(3)]
	}
}

func (c *console) export(t *testing.T) *Tasks {
	t.Helper()
	tasks := newTasks(acmeSites())
	for i := range c.tasks {
		if err := tasks.add(&c.tasks[i], c.now); err != nil {
			t.Fatal(err)
		}
	}
	tasks.forgetSettled()
	return tasks
}

func (c *console) snapshot(t *testing.T, tasks *Tasks) Snapshot {
	t.Helper()
	s, err := tasks.snapshot(Poll{Organization: Organization{Name: "Acme"}, Sites: acmeSites(), Now: c.now, Settings: defaults()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever happens, adding what has changed gives what reading everything gives, or is unclear.
func TestChangesAddUpToAnExport(t *testing.T) {
	added, unclear := 0, 0
	for seed := range uint64(5) {
		c := &console{rnd: rand.New(rand.NewPCG(seed, 1)), now: noon}
		c.live(2 * 24 * time.Hour)
		current := c.snapshot(t, c.export(t))
		for range 60 {
			c.live(time.Duration(1+c.rnd.IntN(40)) * time.Minute)
			changed := Followed{Organization: Organization{Name: "Acme"}, Snapshot: &current, Sites: acmeSites()}
			var rows []runzero.Task
			for _, task := range c.tasks {
				if c.now.Sub(task.UpdatedAt) < time.Hour { // some were seen before
					rows = append(rows, task)
				}
			}
			c.rnd.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			result, err := changed.add(rows, Poll{Now: c.now, Settings: defaults()})
			if err != nil {
				t.Fatal(err)
			}
			whole := c.snapshot(t, c.export(t))
			if result.Unclear {
				unclear++
				current = whole
				continue
			}
			added++
			current = *result.Snapshot
			if got, want := exposition(t, current.Families), exposition(t, whole.Families); got != want {
				t.Fatalf("seed %d, after %s:\ngot\n%s\nwant\n%s", seed, c.now.Sub(noon), got, want)
			}
			if got, want := current.Tasks.Processed, whole.Tasks.Processed; !got.Equal(want) {
				t.Fatalf("seed %d: assets changed at %s, want %s", seed, got, want)
			}
			current.Tasks = cached(t, current.Tasks)
		}
	}
	t.Logf("%d were added, %d were unclear", added, unclear)
	if added < 2*unclear || unclear == 0 {
		t.Errorf("%d were added, %d were unclear", added, unclear)
	}
}

// cached returns tasks as they come from a cache.
func cached(t *testing.T, tasks *Tasks) *Tasks {
	t.Helper()
	state, err := json.Marshal(tasks)
	if err != nil {
		t.Fatal(err)
	}
	loaded := LoadTasks(state)
	if loaded == nil {
		t.Fatalf("cannot be loaded: %s", state)
	}
	return loaded
}

func TestCachedTasksOfAnotherVersionAreNotUsed(t *testing.T) {
	state, err := json.Marshal(newTasks(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{
		"", "null", "{}", "[", `{"Version":2}`, strings.Replace(string(state), `"Version":2`, `"Version":1`, 1), strings.Replace(string(state), `"Runs":{}`, `"Runs":[]`, 1),
	} {
		if LoadTasks([]byte(other)) != nil {
			t.Errorf("%s is used", other)
		}
	}
	if LoadTasks(nil) != nil || LoadTasks(state) == nil {
		t.Error("what is there is not used, or what is not is")
	}
}

// What is kept of one organization is bounded. One with more cannot be followed by its changes.
func TestTooManyTasksAreNotFollowed(t *testing.T) {
	tasks := newTasks(nil)
	for i := range 3 * maxUnsettled {
		task := runzero.Task{ID: uuid(i), Type: typeScan, Status: "processed", UpdatedAt: noon.Add(time.Duration(i) * time.Minute)}
		if err := tasks.add(&task, noon.Add(1000*day)); err != nil {
			t.Fatal(err)
		}
		if len(tasks.Runs) > 2*maxUnsettled {
			t.Fatalf("%d runs are kept", len(tasks.Runs))
		}
	}
	if tasks.forgetSettled(); tasks.Incomplete || len(tasks.Runs) > 20 {
		t.Errorf("%d runs are kept of a history of finished ones, incomplete: %t", len(tasks.Runs), tasks.Incomplete)
	}
	for i := range 3 * maxUnsettled {
		if err := tasks.add(&runzero.Task{ID: uuid(i), Type: typeScan, Status: "active"}, noon); err != nil {
			t.Fatal(err)
		}
	}
	if tasks.forgetSettled(); !tasks.Incomplete || len(tasks.Runs) > 0 {
		t.Errorf("%d runs are kept, incomplete: %t", len(tasks.Runs), tasks.Incomplete)
	}
	if n := tasks.Counts[typeScan]["active"]; n != 3*maxUnsettled {
		t.Errorf("%d are counted", n)
	}
}

func TestATaskThatAListOfChangesLacks(t *testing.T) {
	tasks := newTasks(nil)
	for id, updated := range map[string]time.Time{"old": noon.Add(-2 * time.Hour), "new": noon.Add(-10 * time.Minute)} {
		if err := tasks.add(&runzero.Task{ID: id, Type: typeConnector, Status: "processed", UpdatedAt: updated}, noon); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		listed []string
		oldest time.Duration // of the list
		want   string
	}{
		{nil, time.Hour, "new"},
		{[]string{"new"}, time.Hour, ""},
		{nil, 10 * time.Minute, ""}, // the list may end before it
		{[]string{"new"}, 3 * time.Hour, "old"},
	} {
		var list []runzero.Task
		for _, id := range c.listed {
			list = append(list, runzero.Task{ID: id})
		}
		if got := tasks.missed(list, noon.Add(-c.oldest)); got != c.want {
			t.Errorf("of %v, since %s: %q, want %q", c.listed, c.oldest, got, c.want)
		}
	}
	for _, c := range []struct {
		task runzero.Task
		want bool
	}{
		{runzero.Task{ID: "new"}, true},
		{runzero.Task{ID: "new", Hidden: runzero.True}, false}, // lists may leave it out
		{runzero.Task{ID: "old"}, false},
	} {
		poll := Poll{Previous: &Snapshot{Tasks: tasks}, Missed: "new"}
		if got := poll.overlooked(&c.task); got != c.want {
			t.Errorf("%+v is overlooked: %v", c.task, got)
		}
	}
}
