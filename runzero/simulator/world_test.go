package simulator

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDeterminism(t *testing.T) {
	a, clockA := newConsole(Options{Seed: 5, Assets: 50})
	b, clockB := newConsole(Options{Seed: 5, Assets: 50})
	other, _ := newConsole(Options{Seed: 6, Assets: 100})
	same := func() {
		t.Helper()
		paths := []string{"/org/hosted-zones", "/account/sites", "/account/agents", "/account/orgs", "/account/license", "/account/tasks"}
		for of := range identity {
			paths = append(paths, "/export/org/"+of+".jsonl")
		}
		for _, path := range paths {
			x, y := ask(t, a, "GET", path, a.AccountToken(), ""), ask(t, b, "GET", path, b.AccountToken(), "")
			if x.Code != 200 || x.Body.String() != y.Body.String() {
				t.Errorf("%s: %d, differs", path, x.Code)
			}
		}
	}
	same()
	// One walks to the later day, the other leaps.
	for range 9 {
		clockA.Advance(24 * time.Hour)
		get(t, a, "/org/sites", a.OrganizationToken(0), 200, nil)
	}
	clockB.Advance(9 * 24 * time.Hour)
	same()
	if a.ExportToken(0) == other.ExportToken(0) || a.Organizations()[0].ID == other.Organizations()[0].ID {
		t.Error("seeds do not matter")
	}
	if got, want := fmt.Sprint(a.Organizations()), fmt.Sprint(b.Organizations()); got != want {
		t.Errorf("%s, %s", got, want)
	}
}

func TestOrganizations(t *testing.T) {
	c, _ := newConsole(Options{Organizations: 4, Sites: 3})
	orgs := c.Organizations()
	if n := len(orgs); n != 6 || !orgs[4].Demo || !orgs[5].Inactive || len(orgs[0].Sites) != 3 || !orgs[3].Project {
		t.Errorf("%+v", orgs)
	}
	var rows []object
	get(t, c, "/account/orgs", c.AccountToken(), 200, &rows)
	for i, r := range rows {
		n := 0
		for range c.Assets(i) {
			n++
		}
		if r["id"] != orgs[i].ID || r["demo"] != orgs[i].Demo || r["inactive"] != orgs[i].Inactive || r["asset_count"] != float64(n) {
			t.Errorf("%v, want %+v with %d assets", r, orgs[i], n)
		}
	}
	for _, o := range orgs {
		names := map[string]bool{}
		for _, s := range o.Sites {
			names[s.Name] = true
		}
		if len(names) != len(o.Sites) {
			t.Errorf("two sites have one name: %+v", o.Sites)
		}
	}
}

func TestSiteCounts(t *testing.T) {
	c, clk := newConsole(Options{Assets: 600})
	for range 2 {
		for i, o := range c.Organizations() {
			type counts struct{ all, live, recent, services, software, vulns float64 }
			want := map[string]counts{}
			recent := clk.Now().Truncate(time.Hour).Unix() - recentDays*day
			for a := range c.Assets(i) {
				n := want[a.SiteID]
				n.all++
				if a.Alive {
					n.live++
				}
				if a.LastSeen >= recent {
					n.recent++
				}
				n.services += float64(a.Services)
				n.software += float64(a.Software)
				n.vulns += float64(a.Vulnerabilities)
				want[a.SiteID] = n
			}
			for _, path := range []string{"/org/sites", "/export/org/sites.json"} {
				var rows []object
				get(t, c, path, c.OrganizationToken(i), 200, &rows)
				if len(rows) != len(o.Sites) {
					t.Errorf("%d sites, want %d", len(rows), len(o.Sites))
				}
				for _, r := range rows {
					f := func(k string) float64 { return r[k].(float64) }
					got := counts{f("asset_count"), f("live_asset_count"), f("recent_asset_count"), f("service_count"), f("software_count"), f("vulnerability_count")}
					if got != want[r["id"].(string)] {
						t.Errorf("%v: %v, want %v", r["name"], got, want[r["id"].(string)])
					}
					if r["name"] == "Harbour Lab" && (got.live != 0 || got.all == 0) {
						t.Errorf("the passive site has %v", got)
					}
				}
			}
		}
		clk.Advance(31 * time.Hour)
	}
}

// TestFleet runs in the year 2026 and in that of synctest bubbles.
func TestFleet(t *testing.T) {
	for _, at := range []time.Time{noon, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		clk := newClock()
		clk.unix.Store(at.Unix())
		c := New(Options{Assets: 5000, Now: clk.Now})
		for range 8 {
			now := clk.Now().Unix()
			n, alive, fresh, types, oses := 0, 0, 0, map[string]int{}, map[string]int{}
			ids := map[string]bool{}
			for a := range c.Assets(0) {
				n++
				types[a.Type]++
				oses[a.OS]++
				ids[a.ID] = true
				if a.Alive {
					alive++
				}
				if a.FirstSeen >= now-7*day {
					fresh++
				}
				if a.FirstSeen > a.LastSeen || a.LastSeen > now || a.LastSeen < now-120*day && a.SiteName != "Plant 2" {
					t.Fatalf("at %d: %+v", now, a)
				}
			}
			if n < 4700 || n > 5000 || len(ids) != n {
				t.Errorf("%v: %d assets, %d ids", clk.Now(), n, len(ids))
			}
			if alive < n/3 || alive > n*9/10 || fresh < n/200 || fresh > n/10 {
				t.Errorf("%v: of %d %d alive, %d new in a week", clk.Now(), n, alive, fresh)
			}
			if len(types) < 20 || types[""] == 0 || oses[""] == 0 || len(oses) < 80 || len(oses) > 500 {
				t.Errorf("%d types, %d systems", len(types), len(oses))
			}
			clk.Advance(149 * time.Hour)
		}
	}
}

func TestExplorers(t *testing.T) {
	c, clk := newConsole(Options{})
	seen := map[string]map[bool]bool{}
	for range 30 * 4 {
		var rows []object
		get(t, c, "/org/explorers", c.OrganizationToken(0), 200, &rows)
		inactive, outdated, unbound := 0, 0, 0
		for _, r := range rows {
			name, connected := r["name"].(string), r["connected"].(bool)
			if seen[name] == nil {
				seen[name] = map[bool]bool{}
			}
			seen[name][connected] = true
			age := clk.Now().Unix() - int64(r["last_checkin"].(float64))
			if connected != (age <= 20) || age < 0 {
				t.Fatalf("connected %v, checked in %d s ago", connected, age)
			}
			if r["inactive"] == true {
				inactive++
				if connected || r["deactivated_at"] == 0.0 {
					t.Errorf("%v", r)
				}
			}
			if !strings.HasPrefix(r["version"].(string), "5.1.260818.0 (build ") {
				outdated++
			}
			if r["site_id"] == zeroUUID {
				unbound++
			}
		}
		if len(rows) != 4 || inactive != 1 || outdated == 0 || unbound != 1 {
			t.Fatalf("%d explorers: %d inactive, %d outdated, %d unbound", len(rows), inactive, outdated, unbound)
		}
		clk.Advance(6*time.Hour + 7*time.Minute)
	}
	if len(seen["raspberry"]) != 2 || len(seen["HALVORSEN-RZ03"]) != 1 {
		t.Errorf("%v", seen)
	}
}
