package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"
)

func zones(t *testing.T, c *Console) map[string]object {
	t.Helper()
	var rows []object
	get(t, c, "/org/hosted-zones", c.OrganizationToken(0), 200, &rows)
	byName := map[string]object{}
	for i, truth := range c.HostedZones() {
		r := rows[i]
		if r["id"] != truth.ID || r["name"] != truth.Name || r["enabled"] != truth.Enabled || unix(r, "explorers_total") != truth.Explorers ||
			unix(r, "tasks_active") != truth.Active || unix(r, "tasks_waiting") != truth.Waiting {
			t.Fatalf("row %v, truth %+v", r, truth)
		}
		byName[truth.Name] = r
	}
	return byName
}

func TestHostedZones(t *testing.T) {
	c, clk := newConsole(Options{Assets: 20})
	enabled, loads := 0, map[[2]int64]bool{}
	for range 2 * 24 * 6 {
		enabled = 0
		for name, z := range zones(t, c) {
			active, waiting := unix(z, "tasks_active"), unix(z, "tasks_waiting")
			if z["enabled"] == true {
				enabled++
			} else if active+waiting > 0 {
				t.Fatalf("%s is disabled: %v", name, z)
			}
			if active > unix(z, "explorers_total") || waiting > 0 && active < unix(z, "explorers_total") {
				t.Fatalf("%s: %v", name, z)
			}
			if name == "zone1" {
				loads[[2]int64{active, waiting}] = true
			}
		}
		if z := c.view().zone("auto"); !z.enabled {
			t.Fatalf("auto is %s", z.name)
		}
		clk.Advance(10 * time.Minute)
	}
	if enabled != 2 || len(loads) != 7 {
		t.Errorf("%d zones are enabled; loads %v", enabled, loads)
	}
}

func TestStartsScansWithZonesAndGroups(t *testing.T) {
	c, clk := newConsole(Options{Assets: 20})
	site := c.orgs[0].sites[0].id
	start := func(how string, status int) object {
		t.Helper()
		w := ask(t, c, http.MethodPut, "/org/sites/"+site+"/scan", c.OrganizationToken(0), `{"targets":"example.com","scan-name":"Elsewhere",`+how+`}`)
		if w.Code != status {
			t.Fatalf("%s: %d %s", how, w.Code, w.Body)
		}
		return lines(t, w.Body)[0]
	}
	listed := func(id any) object {
		t.Helper()
		for _, o := range tasksOf(t, c, "/org/tasks?search=name:Elsewhere") {
			if o["id"] == id {
				return o
			}
		}
		t.Fatalf("task %v is not listed", id)
		return nil
	}
	load := func(name string) int64 {
		z := zones(t, c)[name]
		return unix(z, "tasks_active") + unix(z, "tasks_waiting")
	}
	before := load("zone2")
	z := zones(t, c)["zone2"]["id"].(string)
	for _, how := range []string{`"hosted-zone-name":"zone2"`, `"hosted-zone-id":"` + z + `"`, `"hosted-zone-name":"` + z + `"`} {
		task := listed(start(how, 200)["id"])
		if task["hosted_zone_id"] != z || task["agent_id"] != zeroUUID || task["agent_name"] != nil || task["explorer_group_name"] != nil {
			t.Errorf("%s: %v", how, task)
		}
	}
	if n := load("zone2"); n != before+3 {
		t.Errorf("three more scans took the load from %d to %d", before, n)
	}
	clk.Advance(20 * time.Minute)
	for _, o := range tasksOf(t, c, "/org/tasks?search=name:Elsewhere") {
		if o["status"] != "processed" {
			t.Errorf("%v", o)
		}
	}
	// auto goes where there is room: one scan more in either zone.
	one, two := load("zone1"), load("zone2")
	task := listed(start(`"hosted-zone-name":"auto"`, 200)["id"])
	if load("zone1")+load("zone2") != one+two+1 || task["hosted_zone_id"] == zeroUUID || task["hosted_zone_id"] == zones(t, c)["zone3"]["id"] {
		t.Errorf("%v", task)
	}
	task = listed(start(`"explorer-group-id":"`+site+`"`, 200)["id"])
	if task["agent_id"] != c.view().available(c.orgs[0]).id || task["explorer_group_name"] == nil || task["hosted_zone_id"] != zeroUUID {
		t.Errorf("%v", task)
	}
	start(`"hosted-zone-name":"zone3"`, 400)
	start(`"hosted-zone-name":"zone9"`, 404)
}

// The exporter has to tell them apart by their ids.
func TestTwoExplorersHaveOneName(t *testing.T) {
	c, _ := newConsole(Options{Assets: 20})
	var rows []object
	get(t, c, "/account/agents", c.AccountToken(), 200, &rows)
	called := map[string]int{}
	for _, r := range rows {
		called[fmt.Sprint(r["organization_id"], r["name"])]++
	}
	maps.DeleteFunc(called, func(_ string, n int) bool { return n == 1 })
	if len(called) != 1 {
		t.Errorf("Explorers of one name in one organization: %v", called)
	}
}
