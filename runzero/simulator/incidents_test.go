package simulator

import (
	"net/http"
	"slices"
	"strings"
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

func TestScansFail(t *testing.T) {
	c, _, clk := newIncident(t, Incident{Kind: ScansFail}, false)
	last := func() run {
		s := c.orgs[0].sites[0].schedule
		return s.run(s.latest(clk.Now().Unix()))
	}
	clk.at(-61 * time.Minute)
	if r := last(); r.failed {
		t.Error("a scan failed before")
	}
	clk.at(time.Minute)
	if r := last(); !r.failed || r.err == "" {
		t.Errorf("a scan did not fail: %+v", r)
	}
	if sv := c.view().observe(c.orgs[0].sites[0]); !sv.known || sv.observed > noon.Add(-time.Hour).Unix() {
		t.Errorf("the assets were found at %d", sv.observed)
	}
}

func TestScanHangs(t *testing.T) {
	for _, ends := range []bool{false, true} {
		c, _, clk := newIncident(t, Incident{Kind: ScanHangs, Organization: 1}, ends)
		status := func() any {
			for _, row := range listed(t, c, "/org/tasks", 1) {
				if row["name"] == "Scan of Headquarters" {
					return row["status"]
				}
			}
			return nil
		}
		for at, want := range map[time.Duration]any{-61 * time.Minute: nil, -58 * time.Minute: "active", 72 * time.Hour: "active"} {
			if ends && at > 0 {
				want = "processed"
			}
			if clk.at(at); status() != want {
				t.Errorf("ends %v, %s: %v, want %v", ends, at, status(), want)
			}
		}
	}
}

func TestIntegrationStops(t *testing.T) {
	c, calm, clk := newIncident(t, Incident{Kind: IntegrationStops, Name: "CrowdStrike sync"}, false)
	latest := func(c *Console, name string) (at int64) {
		for _, row := range listed(t, c, "/org/tasks", 0) {
			if row["type"] == "connector" && row["name"] == name && row["recur"] == false {
				at = max(at, int64(row["created_at"].(float64)))
			}
		}
		return at
	}
	clk.at(24 * time.Hour)
	if at := latest(c, "CrowdStrike sync"); at == 0 || at >= noon.Add(-time.Hour).Unix() {
		t.Errorf("it last ran at %d", at)
	}
	if at := latest(c, "Azure AD sync"); at == 0 || at != latest(calm, "Azure AD sync") {
		t.Errorf("another integration last ran at %d", at)
	}
}

func TestExplorerFlaps(t *testing.T) {
	c, _, clk := newIncident(t, Incident{Kind: ExplorerFlaps, Organization: 1}, false)
	changes, before := 0, true
	for at := -time.Hour; at < 5*time.Hour; at += time.Minute {
		clk.at(at)
		if now, _, _ := c.orgs[1].explorers[0].connection(clk.Now().Unix()); now != before {
			before, changes = now, changes+1
		}
	}
	if changes != 12 {
		t.Errorf("it connected or disconnected %d times in six hours", changes)
	}
}

func TestExplorerDeleted(t *testing.T) {
	c, _, clk := newIncident(t, Incident{Kind: ExplorerDeleted, Organization: 1, Explorer: 1}, false)
	for at, want := range map[time.Duration]int{-61 * time.Minute: 3, -time.Hour: 2} {
		clk.at(at)
		rows := listed(t, c, "/org/explorers", 1)
		if len(rows) != want || want == 2 && (rows[0]["id"] == c.orgs[1].explorers[1].id || rows[1]["id"] == c.orgs[1].explorers[1].id) {
			t.Errorf("%s: %d Explorers", at, len(rows))
		}
	}
}

// What is deleted is missing in every list, and leaves no trace.
func TestSiteAndOrganizationDeleted(t *testing.T) {
	c, clk := newConsole(Options{Assets: 400, Incidents: []Incident{
		{Kind: SiteDeleted, Organization: 1, Name: "Bremen Depot", Share: 0.2, From: noon},
		{Kind: OrganizationDeleted, Name: "Orchard Street Schools", Share: 0.1, From: noon},
	}})
	org := c.Organizations()[len(c.orgs)-1]
	count := func(text string) (lists int) {
		for _, path := range []string{"/account/sites", "/account/tasks", "/account/orgs", "/account/agents", "/export/org/assets.json", "/export/org/sites.json", "/export/org/tasks.jsonl"} {
			path += "?_oid=" + c.Organizations()[1].ID
			if w := ask(t, c, http.MethodGet, path, c.AccountToken(), ""); w.Code != http.StatusOK {
				t.Errorf("%s responds %d", path, w.Code)
			} else if strings.Contains(w.Body.String(), text) {
				lists++
			}
		}
		return lists
	}
	for at, want := range map[time.Duration][3]int{-time.Minute: {5, 4, 200}, 0: {0, 0, 404}} {
		clk.at(at)
		exported := ask(t, c, http.MethodGet, "/export/org/assets.jsonl?_oid="+org.ID, c.AccountToken(), "")
		if got := [3]int{count("Bremen Depot"), count(org.ID), exported.Code}; got != want {
			t.Errorf("%s: the site is in %d lists, the organization in %d, its export responds %d; want %v", at, got[0], got[1], got[2], want)
		}
		assets := 0
		for a := range c.Assets(1) {
			if a.SiteName == "Bremen Depot" {
				assets++
			}
		}
		if at < 0 && (assets < 30 || assets > 45) || at == 0 && assets > 0 {
			t.Errorf("%s: the site has %d assets", at, assets)
		}
	}
}

func TestSiteUnscanned(t *testing.T) {
	c, clk := newConsole(Options{Incidents: []Incident{{Kind: SiteUnscanned, Name: "Airport Office", From: noon}}})
	for at, want := range map[time.Duration]int{-time.Minute: 0, time.Minute: 0, 24 * time.Hour: 1, 72 * time.Hour: 3} {
		clk.at(at)
		sites, runs := 0, 0
		for _, row := range listed(t, c, "/org/sites", 0) {
			if row["name"] == "Airport Office" {
				sites++
			}
		}
		for _, row := range listed(t, c, "/org/tasks", 0) {
			if row["site_name"] != "Airport Office" || row["recur"] == true {
				continue
			}
			if runs++; row["status"] != "error" {
				t.Errorf("%s: a scan has the status %v", at, row["status"])
			}
		}
		if runs != want || sites != 1 && at > 0 || sites != 0 && at < 0 {
			t.Errorf("%s: %d sites, %d runs, want %d", at, sites, runs, want)
		}
	}
}

// shares counts the assets of an organization that have a property, at a time.
func shares(c *Console, clk *clock, at time.Duration, has func(Asset) bool) (n int) {
	clk.at(at)
	for a := range c.Assets(1) {
		if has(a) {
			n++
		}
	}
	return n
}

func TestAssetsDrain(t *testing.T) {
	c, clk := newConsole(Options{Assets: 2000, Incidents: []Incident{{Kind: AssetsDrain, Organization: 1, Share: 0.5, From: noon.Add(-10 * 24 * time.Hour), To: noon}}})
	atSite := func(a Asset) bool { return a.SiteName == "Headquarters" }
	before := shares(c, clk, -10*24*time.Hour, atSite)
	last := before
	for day := -9; day <= 2; day++ {
		now := shares(c, clk, time.Duration(day)*24*time.Hour, atSite)
		if now > last+before/50 || now < last-before/10 {
			t.Errorf("%d assets a day after %d", now, last)
		}
		last = now
	}
	if last < before*4/10 || last > before*6/10 {
		t.Errorf("%d of %d assets are left", last, before)
	}
}

func TestAssetsImported(t *testing.T) {
	c, clk := newConsole(Options{Assets: 2000, Incidents: []Incident{{Kind: AssetsImported, Organization: 1, Share: 0.15, From: noon.Add(-5 * time.Hour)}}})
	fresh := func(a Asset) bool { return a.FirstSeen == noon.Add(-5*time.Hour).Unix() && a.Sparse }
	if before, after := shares(c, clk, -6*time.Hour, fresh), shares(c, clk, 0, fresh); before != 0 || after < 140 || after > 160 {
		t.Errorf("%d new assets before, %d after", before, after)
	}
}

func TestRiskRisesAndSupportEnds(t *testing.T) {
	c, clk := newConsole(Options{Assets: 2000, Incidents: []Incident{
		{Kind: RiskRises, Organization: 1, Share: 0.1, From: noon}, {Kind: SupportEnds, Organization: 1, Share: 0.1, From: noon},
	}})
	for name, has := range map[string]func(Asset) bool{
		"critical":    func(a Asset) bool { return a.Risk == "critical" },
		"unsupported": func(a Asset) bool { return a.EOLOS != 0 && a.EOLOS <= clk.Now().Unix() },
	} {
		if before, after := shares(c, clk, -time.Minute, has), shares(c, clk, 0, has); after < before+50 || after > before+130 {
			t.Errorf("%d %s assets before, %d after", before, name, after)
		}
	}
}

func TestTokensRejectedAndEverythingFails(t *testing.T) {
	for kind, want := range map[IncidentKind][2]int{TokensRejected: {401, 200}, ServerFails: {503, 503}} {
		c, _, clk := newIncident(t, Incident{Kind: kind}, false)
		for at, want := range map[time.Duration][2]int{-61 * time.Minute: {200, 200}, 0: want} {
			clk.at(at)
			got := [2]int{ask(t, c, http.MethodGet, "/account/orgs", c.AccountToken(), "").Code, ask(t, c, http.MethodGet, "/health", "", "").Code}
			if got != want {
				t.Errorf("%v, %s: responses %v, want %v", kind, at, got, want)
			}
		}
	}
}

func TestDemoIncidentsAreStableWithinAnHour(t *testing.T) {
	for hour := range 24 {
		end := noon.Add(time.Duration(hour) * time.Hour)
		incidents := DemoIncidents(end)
		if last := DemoIncidents(end.Add(59*time.Minute + 59*time.Second)); !slices.Equal(incidents, last) {
			t.Errorf("%s: %v, and later %v", end, incidents, last)
		}
		c, clk := newConsole(Options{Incidents: incidents})
		clk.unix.Store(end.Unix())
		c.Usage() // what was spent at once is spent in the day of its time
		for _, at := range []time.Duration{0, 59 * time.Minute} {
			clk.unix.Store(end.Add(at).Unix())
			if u := c.Usage(); u.Remaining < u.Limit*12/100 || u.Remaining > u.Limit*20/100 {
				t.Errorf("%s later than %s, %d of %d calls are left", at, end, u.Remaining, u.Limit)
			}
		}
	}
}
