package simulator

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// lifecycle is what becomes of a scan.
var lifecycle = []string{"new", "active", "scanned", "processing", "processed"}

func tasksOf(t *testing.T, c *Console, path string) []object {
	t.Helper()
	var list []object
	get(t, c, path, c.OrganizationToken(0), 200, &list)
	return list
}

func unix(o object, k string) int64 { f, _ := o[k].(float64); return int64(f) }

func TestTasks(t *testing.T) {
	c, clk := newConsole(Options{Sites: 6})
	now := clk.Now().Unix()
	all := tasksOf(t, c, "/export/org/tasks.json")
	if len(all) < 1500 || len(all) > maxTasks {
		t.Errorf("%d tasks", len(all))
	}
	ids, parents := map[any]bool{}, map[any]object{}
	for i, o := range all {
		if ids[o["id"]] {
			t.Fatalf("two tasks %v", o["id"])
		}
		ids[o["id"]] = true
		if i > 0 && unix(o, "created_at") > unix(all[i-1], "created_at") {
			t.Fatal("not newest first")
		}
		if o["recur"] == true {
			parents[o["id"]] = o
		}
	}
	texts, good := map[string]bool{}, map[any]int64{}
	for _, o := range all {
		if o["recur"] == true {
			continue
		}
		p := parents[o["parent_id"]]
		if o["type"] != "analysis" && (p == nil || unix(p, "created_at") > unix(o, "created_at") || p["site_id"] != o["site_id"]) {
			t.Fatalf("parent %v of %v", p, o)
		}
		times := []int64{unix(o, "created_at"), unix(o, "data_acquisition_started_at"), unix(o, "data_acquisition_ended_at"),
			unix(o, "data_processing_started_at"), unix(o, "data_processing_ended_at")}
		set := slices.IndexFunc(times, func(v int64) bool { return v == 0 })
		if set < 0 {
			set = len(times)
		}
		if !slices.IsSorted(times[:set]) || times[set-1] > now {
			t.Fatalf("times %v of %v", times, o)
		}
		texts[o["error"].(string)] = true
		if o["status"] == "processed" {
			if set != 5 || o["error"] != "" || o["type"] == "scan" && o["stats"].(object)["change.totalAssets"] == nil {
				t.Errorf("%v", o)
			}
			if o["type"] == "scan" {
				good[o["site_name"]] = max(good[o["site_name"]], times[4])
			}
		}
	}
	if len(texts) < 4 {
		t.Errorf("error texts %v", texts)
	}
	for i, s := range c.Organizations()[0].Sites {
		age := time.Duration(now-good[s.Name]) * time.Second
		switch {
		case i == 5 && good[s.Name] != 0, i == 4 && (age < 12*24*time.Hour || age > 15*24*time.Hour), i < 4 && age > 4*24*time.Hour:
			t.Errorf("%s: last good scan %v ago", s.Name, age)
		}
	}
	named := func(part string) object {
		for _, o := range parents {
			if strings.Contains(o["name"].(string), part) {
				return o
			}
		}
		t.Fatalf("no schedule %s", part)
		return nil
	}
	if o := named("Guest"); o["status"] != "active" || !strings.HasPrefix(o["error"].(string), "explorer unavailable") || unix(o, "recur_next") > now-12*hour {
		t.Errorf("%v", o)
	}
	if o := named("Change-freeze"); unix(o, "recur_last") != 0 || unix(o, "recur_next") != 0 || unix(o, "start_time") <= now {
		t.Errorf("%v", o)
	}
	if o := named("paused"); o["status"] != "paused" {
		t.Errorf("%v", o)
	}
	if o := named("Hourly"); unix(o, "recur_next") <= now-minute || unix(o, "recur_next") > now+hour || !ids[o["recur_last_task_id"]] {
		t.Errorf("%v", o)
	}
	if n := len(tasksOf(t, c, "/org/tasks")); n != maxListed {
		t.Errorf("/org/tasks lists %d", n)
	}
	if n := len(tasksOf(t, c, "/org/tasks?status=PROCESSED&search=type:connector")); n == 0 || n > 400 {
		t.Errorf("%d connector runs", n)
	}
}

func TestEndedRunsDoNotChange(t *testing.T) {
	c, clk := newConsole(Options{Sites: 2})
	ended := func() map[any]object {
		m := map[any]object{}
		for _, o := range tasksOf(t, c, "/export/org/tasks.json") {
			if s := o["status"]; o["recur"] == false && (s == "processed" || s == "error" || s == "stopped" || s == "canceled") {
				m[o["id"]] = o
			}
		}
		return m
	}
	before := ended()
	clk.Advance(3*24*time.Hour + 5*time.Minute)
	kept, fresh := 0, 0
	for id, o := range ended() {
		old, ok := before[id]
		if !ok {
			fresh++
			continue
		}
		kept++
		for k, v := range o {
			switch v.(type) {
			case object, []any:
			default:
				if old[k] != v {
					t.Errorf("%s of %v was %v, is %v", k, o["name"], old[k], v)
				}
			}
		}
	}
	if kept < 500 || fresh < 72 {
		t.Errorf("%d kept, %d new", kept, fresh)
	}
}

func TestScheduledScanHasAllStates(t *testing.T) {
	c, clk := newConsole(Options{Organizations: 1, Sites: 1})
	clk.Advance(time.Hour)
	site := c.Organizations()[0].Sites[0].ID
	var states []string
	id := any(nil)
	for len(states) < len(lifecycle) && clk.Now().Before(noon.Add(2*time.Hour)) {
		for _, o := range tasksOf(t, c, "/export/org/tasks.json?fields=id,status,created_at&search=recur:f+type:scan+created_at:%3C1hour+site:"+site) {
			if unix(o, "created_at") < noon.Unix()+hour {
				continue
			}
			if id == nil {
				id = o["id"]
			}
			if s := o["status"].(string); len(states) == 0 || states[len(states)-1] != s {
				states = append(states, s)
			}
		}
		clk.Advance(20 * time.Second)
	}
	if !slices.Equal(states, lifecycle) {
		t.Errorf("states %v", states)
	}
	var one object
	get(t, c, "/org/tasks/"+id.(string), c.OrganizationToken(0), 200, &one)
	if _, ok := one["site_name"]; ok || one["status"] != "processed" {
		t.Errorf("%v", one)
	}
}

func TestStartedScan(t *testing.T) {
	c, clk := newConsole(Options{Organizations: 1})
	stale := c.orgs[0].sites[2]
	newest := func() (seen int64) {
		for a := range c.Assets(0) {
			if a.SiteID == stale.id && a.Scanned {
				seen = max(seen, a.LastSeen)
			}
		}
		return seen
	}
	if age := clk.Now().Unix() - newest(); age < 12*day {
		t.Fatalf("the stale site was seen %d s ago", age)
	}
	w := ask(t, c, http.MethodPut, "/org/sites/"+stale.id+"/scan", c.OrganizationToken(0),
		`{"targets":"10.2.0.0/24","explorer":"`+c.orgs[0].explorers[0].id+`","scan-name":"Remedy"}`)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	created := lines(t, w.Body)[0]
	if created["status"] != "new" || created["name"] != "Remedy" || created["params"].(object)["targets"] != "10.2.0.0/24" {
		t.Errorf("%v", created)
	}
	var states []string
	for len(states) < len(lifecycle) && clk.Now().Before(noon.Add(10*time.Minute)) {
		var o object
		get(t, c, "/org/tasks/"+created["id"].(string), c.OrganizationToken(0), 200, &o)
		if s := o["status"].(string); len(states) == 0 || states[len(states)-1] != s {
			states = append(states, s)
		}
		clk.Advance(5 * time.Second)
	}
	if !slices.Equal(states, lifecycle) {
		t.Errorf("states %v", states)
	}
	if age := clk.Now().Unix() - newest(); age > hour {
		t.Errorf("after the scan the site was seen %d s ago", age)
	}
	for _, path := range []string{"/org/tasks", "/export/org/tasks.json"} {
		if !slices.ContainsFunc(tasksOf(t, c, path), func(o object) bool { return o["id"] == created["id"] && o["site_name"] == stale.name }) {
			t.Errorf("%s does not list it", path)
		}
	}
}

func TestRejectsInvalidScans(t *testing.T) {
	c, _ := newConsole(Options{})
	site, explorer := c.orgs[0].sites[0].id, c.orgs[0].explorers[0].id
	for _, tt := range []struct {
		site, token, body string
		status            int
	}{
		{site, c.OrganizationToken(0), `{"targets":"defaults","explorer-group-id":"` + zeroUUID + `"}`, 200},
		{"Headquarters", c.OrganizationToken(0), `{"targets":"defaults","hosted-zone-name":"auto"}`, 200},
		{site, c.AccountToken(), `{"targets":"defaults","agent":"` + explorer + `"}`, 200},
		{site, c.OrganizationToken(0), `{"targets":"defaults"}`, 400},
		{site, c.OrganizationToken(0), `{"explorer":"` + explorer + `"}`, 400},
		{site, c.OrganizationToken(0), ``, 400},
		{site, c.OrganizationToken(0), `{"targets":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
		{site, c.OrganizationToken(0), `{"targets":"defaults","explorer":"` + zeroUUID + `"}`, 404},
		{site, c.OrganizationToken(1), `{"targets":"defaults","hosted-zone-name":"auto"}`, 404},
		{site, c.ExportToken(0), `{"targets":"defaults","hosted-zone-name":"auto"}`, 401},
	} {
		if w := ask(t, c, http.MethodPut, "/org/sites/"+tt.site+"/scan", tt.token, tt.body); w.Code != tt.status {
			t.Errorf("%.80s: %d %s, want %d", tt.body, w.Code, w.Body, tt.status)
		}
	}
	for range maxStarted + 10 {
		c.start(&started{org: c.orgs[0], site: c.orgs[0].sites[0]}, noon.Unix())
	}
	if len(c.started) != maxStarted {
		t.Errorf("%d started scans are kept", len(c.started))
	}
}
