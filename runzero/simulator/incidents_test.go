package simulator

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// newIncident makes a console with an incident that begins an hour before noon, and ends
// half an hour later if it ends, and one without incidents.
func newIncident(t *testing.T, i Incident, ends bool) (c, calm *Console, clk *clock) {
	t.Helper()
	i.From = noon.Add(-time.Hour)
	if ends {
		i.To = noon.Add(-30 * time.Minute)
	}
	c, clk = newConsole(Options{Incidents: []Incident{i}})
	calm, _ = newConsole(Options{})
	calm.opts.Now = clk.Now
	return c, calm, clk
}

// at sets the clock to a time relative to noon.
func (c *clock) at(d time.Duration) { c.unix.Store(noon.Add(d).Unix()) }

func listed(t *testing.T, c *Console, path string, org int) []object {
	t.Helper()
	var rows []object
	get(t, c, path+"?_oid="+c.Organizations()[org].ID, c.AccountToken(), http.StatusOK, &rows)
	return rows
}

func TestExplorerOffline(t *testing.T) {
	c, _, clk := newIncident(t, Incident{Kind: ExplorerOffline, Organization: 1, Explorer: 1}, true)
	for _, tt := range []struct {
		at   time.Duration
		want bool
	}{{-61 * time.Minute, true}, {-time.Hour, false}, {-31 * time.Minute, false}, {-30 * time.Minute, true}} {
		clk.at(tt.at)
		row := listed(t, c, "/org/explorers", 1)[1]
		if row["connected"] != tt.want {
			t.Errorf("%s: connected %v", tt.at, row["connected"])
		}
		if checkin := int64(row["last_checkin"].(float64)); !tt.want && (checkin > noon.Add(-time.Hour).Unix() || checkin < noon.Add(-61*time.Minute).Unix()) {
			t.Errorf("%s: it checked in at %d", tt.at, checkin)
		}
	}
}

// The first site is scanned every hour.
func TestScansStop(t *testing.T) {
	for _, ends := range []bool{false, true} {
		c, calm, clk := newIncident(t, Incident{Kind: ScansStop}, ends)
		latest := func(c *Console) int64 {
			s := c.orgs[0].sites[0].schedule
			return s.run(s.latest(clk.Now().Unix())).start
		}
		for at := -3 * time.Hour; at <= 3*time.Hour; at += 10 * time.Minute {
			clk.at(at)
			stopped := at >= -time.Hour && !ends || at >= -time.Hour && at < time.Hour/2 && latest(calm) < noon.Add(-30*time.Minute).Unix()
			last := noon.Add(-time.Hour).Unix()
			if got := latest(c); stopped && got >= last || !stopped && got != latest(calm) {
				t.Errorf("ends %v, %s: the last scan began at %d, without the incident at %d", ends, at, got, latest(calm))
			}
		}
		clk.at(3 * time.Hour)
		for _, row := range listed(t, c, "/org/tasks", 0) {
			started := int64(row["created_at"].(float64))
			inside := started >= noon.Add(-time.Hour).Unix() && (!ends || started < noon.Add(-30*time.Minute).Unix())
			if inside && row["type"] == "scan" && row["name"] == c.orgs[0].sites[0].schedule.name {
				t.Errorf("ends %v: a scan began at %d", ends, started)
			}
		}
	}
}

func TestAssetsJumpAndDrop(t *testing.T) {
	for _, tt := range []struct {
		kind     IncidentKind
		from, to float64 // of the site's assets when nothing happens
	}{{AssetsJump, 1.3, 1.5}, {AssetsDrop, 0.5, 0.7}} {
		c, calm, clk := newIncident(t, Incident{Kind: tt.kind, Share: 0.4}, false)
		count := func(c *Console) (all, site float64) {
			for a := range c.Assets(0) {
				all++
				if a.SiteID == c.orgs[0].sites[0].id {
					site++
				}
				if a.FirstSeen > a.LastSeen || a.LastSeen > clk.Now().Unix() {
					t.Errorf("%s: %+v", clk.Now(), a)
				}
			}
			return all, site
		}
		for at := -5 * time.Hour; at <= 5*time.Hour; at += time.Hour {
			clk.at(at)
			all, site := count(c)
			calmAll, calmSite := count(calm)
			ratio := site / calmSite
			if all-calmAll != site-calmSite || at < -time.Hour && ratio != 1 || at > 2*time.Hour && (ratio < tt.from || ratio > tt.to) {
				t.Errorf("%v, %s: %v assets, %v of them at the site; without the incident %v, %v", tt.kind, at, all, site, calmAll, calmSite)
			}
			rows := listed(t, c, "/org/sites", 0)
			if got := rows[0]["asset_count"]; got != site {
				t.Errorf("%v, %s: the site counts %v assets, and has %v", tt.kind, at, got, site)
			}
		}
	}
}

func TestOtherToolsSpendCalls(t *testing.T) {
	c, clk := newConsole(Options{Limit: 1000, Incidents: []Incident{
		{Kind: OtherTool, Share: 0.2, From: noon.Add(-48 * time.Hour)},
		{Kind: CallsGone, Share: 0.15, From: noon, To: noon.Add(12 * time.Hour)},
	}})
	for _, tt := range []struct {
		at          time.Duration
		today, left int
	}{{-6 * time.Hour, 50, 950}, {-time.Second, 99, 901}, {0, 850, 150}, {6 * time.Hour, 900, 100}, {12 * time.Hour, 0, 1000}, {18 * time.Hour, 50, 950}} {
		clk.at(tt.at)
		if u := c.Usage(); u.Today != tt.today || u.Remaining != tt.left {
			t.Errorf("%s: %+v", tt.at, u)
		}
	}
	c, _ = newConsole(Options{Limit: 1000, Incidents: []Incident{{Kind: CallsGone, From: noon, To: noon.Add(time.Hour)}}})
	if code := ask(t, c, http.MethodGet, "/org/sites", c.OrganizationToken(0), "").Code; code != http.StatusTooManyRequests {
		t.Errorf("an account without a call left responds %d", code)
	}
}

func TestLicenceFullAndExpiring(t *testing.T) {
	ends := noon.Add(20 * 24 * time.Hour)
	c, _ := newConsole(Options{Organizations: 2, Assets: 300, Limit: 5000, Incidents: []Incident{{Kind: LicenseFull, Share: 0.9}, {Kind: LicenseEnds, To: ends}}})
	var license object
	header := get(t, c, "/account/license", c.AccountToken(), http.StatusOK, &license)
	if license["license_max_assets"] != 500.0 || header.Get("X-API-Usage-Limit") != "500" || license["license_expiration"] != float64(ends.Unix()) {
		t.Errorf("%v, %v", license, header)
	}
}

func TestServerFails(t *testing.T) {
	const path = "/export/org/assets.jsonl"
	c, _, clk := newIncident(t, Incident{Kind: ServerFails, Path: path}, true)
	for at, want := range map[time.Duration]int{-61 * time.Minute: 200, -time.Hour: 503, -31 * time.Minute: 503, -30 * time.Minute: 200} {
		clk.at(at)
		if code := ask(t, c, http.MethodGet, path, c.ExportToken(0), "").Code; code != want {
			t.Errorf("%s: %d", at, code)
		}
		if code := ask(t, c, http.MethodGet, "/export/org/sites.json", c.ExportToken(0), "").Code; code != http.StatusOK {
			t.Errorf("%s: the sites respond %d", at, code)
		}
	}
}

func TestDemoIncidentsAreStableWithinAnHour(t *testing.T) {
	for hour := range 24 {
		end := noon.Add(time.Duration(hour) * time.Hour)
		first, last := DemoIncidents(end), DemoIncidents(end.Add(59*time.Minute+59*time.Second))
		if !slices.Equal(first, last) {
			t.Errorf("%s: %v, and later %v", end, first, last)
		}
		today := first[len(first)-1]
		if today.Kind != CallsGone || today.From.After(end) || today.From.YearDay() != end.YearDay() || !today.To.After(end) {
			t.Errorf("%s: the calls of today are gone %v", end, today)
		}
	}
}
