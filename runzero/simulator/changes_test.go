package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever changes in a task's row, its updated_at is of then.
func TestUpdatedAtMovesWithEveryChange(t *testing.T) {
	c, clk := newConsole(Options{Quiet: true, Sites: 3, Incidents: []Incident{
		{Kind: ExplorerOffline, Explorer: 0, From: noon.Add(20 * time.Hour), To: noon.Add(70 * time.Hour)},
		{Kind: ScansStop, Site: 1, From: noon.Add(30 * time.Hour), To: noon.Add(50 * time.Hour)},
	}})
	c.StartScan(0, 0, noon.Add(10*time.Hour), 90*time.Minute)
	changes := map[string]int{}
	before, last := map[key]string{}, noon.Unix()
	for range 10 * 24 {
		v := c.view()
		for _, task := range v.tasks(c.orgs[0]) {
			row := string(appendRecord(nil, task, c.taskFields))
			if old := before[task.id]; old != row && (old != "" || v.now > noon.Unix()) {
				kind := "run"
				if task.parent {
					kind = "schedule"
				}
				changes[kind+" "+task.typ]++
				if task.updated <= last || task.updated > v.now {
					t.Fatalf("at %d, after %d, this row has changed from\n%s\nto\n%s", v.now, last, old, row)
				}
			}
			before[task.id] = row
		}
		last = v.now
		clk.Advance(time.Hour)
	}
	if changes["schedule scan"] < 8 || changes["run scan"] < 6 || changes["run connector"] < 3 || changes["schedule sample"] < 50 {
		t.Errorf("%v", changes)
	}
}

func TestChangeTask(t *testing.T) {
	c, clk := newConsole(Options{Quiet: true, Organizations: 2})
	ended := func(org int) (ids []string) {
		for task := range c.Tasks(org) {
			if !task.Recur && !task.Ended.IsZero() {
				ids = append(ids, task.ID)
			}
		}
		slices.Reverse(ids) // the oldest first
		return ids
	}
	changed := func() map[any]object {
		var rows []object
		get(t, c, "/account/tasks?search="+url.QueryEscape("updated_at:<2hours and not type:sample"), c.AccountToken(), 200, &rows)
		byID := map[any]object{}
		for _, row := range rows {
			byID[row["id"]] = row
		}
		return byID
	}
	clk.Advance(24 * time.Hour)
	ids := ended(1)
	before := changed()
	if len(ids) < 8 || slices.ContainsFunc(ids[:4], func(id string) bool { return before[id] != nil }) {
		t.Fatalf("%v changed lately: %v", ids, before)
	}
	c.ChangeTask(1, ids[0], TaskChange{Name: "Renamed"})
	c.ChangeTask(1, ids[1], TaskChange{Hidden: true})
	c.ChangeTask(1, ids[2], TaskChange{Name: "Renamed"})
	c.ChangeTask(1, ids[2], TaskChange{Status: "removed"})
	c.ChangeTask(1, ids[3], TaskChange{Deleted: true})
	after := changed()
	if row := after[ids[0]]; row["name"] != "Renamed" || row["hidden"] != false || row["organization_id"] != c.orgs[1].id {
		t.Errorf("%v", row)
	}
	if after[ids[1]]["hidden"] != true || after[ids[2]]["status"] != "removed" || after[ids[2]]["name"] != "Renamed" {
		t.Errorf("%v", after)
	}
	if after[ids[3]] != nil || slices.Contains(ended(1), ids[3]) {
		t.Error("a deleted task is listed")
	}
	clk.Advance(3 * time.Hour)
	if row := changed()[ids[0]]; row != nil {
		t.Errorf("changed long ago: %v", row)
	}
	c.AddTasks("connector", 700, 0, 1)
	c.AddTasks("scan", 4, 1)
	if n := len(changed()); n < 704 || n > 710 {
		t.Errorf("%d tasks changed, want 704", n)
	}
	c.AddTasks("connector", 700, 1)
	if n := len(changed()); n != maxListed {
		t.Errorf("%d tasks are listed, want %d", n, maxListed)
	}
}

func TestStartScanLater(t *testing.T) {
	c, clk := newConsole(Options{Quiet: true})
	id := c.StartScan(1, 0, noon.Add(time.Hour), 40*time.Minute)
	status := func() string {
		for task := range c.Tasks(1) {
			if task.ID == id {
				return task.Status
			}
		}
		return ""
	}
	for _, want := range []string{"", "", "new", "active", "processing", "processed"} {
		if got := status(); got != want {
			t.Errorf("%v: %q, want %q", clk.Now(), got, want)
		}
		clk.Advance(map[string]time.Duration{"": 30 * time.Minute, "new": 10 * time.Minute, "active": 23 * time.Minute, "processing": 10 * time.Minute}[want])
	}
}

func TestSearchFaults(t *testing.T) {
	c, _ := newConsole(Options{Quiet: true})
	c.AddTasks("connector", 3, 0, 1)
	path := "/account/tasks"
	rows := func(fault Fault) (orgs map[any]int) {
		defer c.Inject(fault)()
		var list []object
		get(t, c, path+"?search=updated_at:%3C2hours", c.AccountToken(), 200, &list)
		orgs = map[any]int{}
		for _, row := range list {
			orgs[row["organization_id"]]++
		}
		return orgs
	}
	first, second := c.orgs[0].id, c.orgs[1].id
	plain := rows(Fault{Path: "/other"})
	if ignored := rows(SearchIgnored(path)); ignored[second] <= plain[second] || len(ignored) != 5 {
		t.Errorf("%v", ignored)
	}
	if other := rows(SearchAnsweredFor(path, second)); len(other) != 1 || other[second] != plain[second] || plain[first] == 0 {
		t.Errorf("%v, all have %v", other, plain)
	}
	if empty := rows(SearchEmpty(path)); len(empty) != 0 {
		t.Errorf("%v", empty)
	}
	defer c.Inject(SearchRefused(path))()
	if w := ask(t, c, http.MethodGet, path+"?search=updated_at:%3C2hours", c.AccountToken(), ""); w.Code != 400 || !strings.Contains(w.Body.String(), "invalid search") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
