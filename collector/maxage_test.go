package collector

import (
	"strings"
	"testing"
	"time"
)

func TestScanMaxAges(t *testing.T) {
	const upperHQ = "A7B2287E-0000-4000-8000-000000000001"
	twins := SiteNames(Distinguish(map[string]string{zeroID: unassigned, hq: "HQ", plant: "HQ", lab: "Lab"}))
	for _, test := range []struct {
		name  string
		sites SiteNames
		rules []ScanMaxAge
		want  map[string]time.Duration // by site; others: eight days
	}{
		{"no rule", acmeSites(), nil, nil},
		{"any site of any organization", acmeSites(), []ScanMaxAge{{MaxAge: day}}, map[string]time.Duration{"HQ": day, "Plant": day, "Lab": day}},
		{"a site by its id", acmeSites(), []ScanMaxAge{{Site: hq, MaxAge: day}}, map[string]time.Duration{"HQ": day}},
		{"ids are case-insensitive", acmeSites(), []ScanMaxAge{{Site: upperHQ, MaxAge: day}}, map[string]time.Duration{"HQ": day}},
		{"names are case-sensitive", acmeSites(), []ScanMaxAge{{Site: "hq", MaxAge: day}, {Organization: "ACME", MaxAge: day}}, nil},
		{"surrounding space is ignored", acmeSites(), []ScanMaxAge{{Site: " HQ\n", MaxAge: day}}, map[string]time.Duration{"HQ": day}},
		{"an organization by its name", acmeSites(), []ScanMaxAge{{Organization: "Acme", Site: "Lab", MaxAge: day}}, map[string]time.Duration{"Lab": day}},
		{"another organization", acmeSites(), []ScanMaxAge{{Organization: "Beacon", MaxAge: day}, {Organization: otherID, MaxAge: day}}, nil},
		{"the first match applies", acmeSites(), []ScanMaxAge{{Organization: "Beacon", Site: "HQ", MaxAge: time.Hour}, {Site: "HQ", MaxAge: day}, {Organization: "Acme", MaxAge: 2 * day}, {MaxAge: 3 * day}},
			map[string]time.Duration{"HQ": day, "Plant": 2 * day, "Lab": 2 * day}},
		{"sites of the same name", twins, []ScanMaxAge{{Site: "HQ", MaxAge: day}}, map[string]time.Duration{"HQ (a7b2287e)": day, "HQ (b7b2287e)": day}},
		{"one of them by label", twins, []ScanMaxAge{{Site: "HQ (b7b2287e)", MaxAge: day}}, map[string]time.Duration{"HQ (b7b2287e)": day}},
	} {
		t.Run(test.name, func(t *testing.T) {
			settings := defaults()
			settings.ScanMaxAges = test.rules
			s := collect(t, collectorOf(t, "tasks", settings), responses{tasksPath: {body: ``}}, Poll{Sites: test.sites})
			want := map[string]float64{}
			for id, site := range test.sites {
				if id != zeroID {
					want[site] = (8 * day).Seconds()
				}
			}
			for site, age := range test.want {
				want[site] = age.Seconds()
			}
			equal(t, "ages", by(s, "runzero_scan_max_age_seconds", siteLabel), want)
		})
	}
}

func TestScanMaxAgeMatchesOrganizationsOfTheSameName(t *testing.T) {
	settings := Settings{ScanMaxAge: 8 * day, ScanMaxAges: []ScanMaxAge{{Organization: "Acme", MaxAge: day}}}
	for _, name := range []string{"Acme", "Acme (4ffe8ffb)", "Acme (" + acmeID + ")"} {
		if got := settings.scanMaxAge(Organization{ID: acmeID, Name: name}, hq, "HQ", 2*day); got != day {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := settings.scanMaxAge(Organization{ID: acmeID, Name: "Acme (5ffe8ffb)"}, hq, "HQ", 0); got != 8*day {
		t.Errorf("another organization: %v", got)
	}
}

// A site's schedules say how old its last good scan may become. Their grace here is 4 hours.
func TestScanMaxAgesOfSchedules(t *testing.T) {
	daily := schedule("1", "Daily", `"status":"active","recur_frequency":"daily","recur_last":@-10h,"recur_next":@14h,"grace_period":"4"`)
	scheduled := func(rest string) string { return schedule("2", "Other", `"grace_period":"4",`+rest) }
	removed := scheduled(`"status":"removed","recur_frequency":"monthly"`)
	weekdays := scheduled(`"status":"active","recur_frequency":"daily,monday|tuesday|wednesday|thursday|friday;-300"`)
	for _, test := range []struct {
		name, body string
		want       time.Duration
	}{
		{"hourly", scheduled(`"status":"active","recur_frequency":"hourly"`), 5 * time.Hour},
		{"daily", daily, 28 * time.Hour},
		{"daily, but not at weekends", weekdays, 3*day + 4*time.Hour},
		{"weekly", scheduled(`"status":"active","recur_frequency":"weekly;60"`), 7*day + 4*time.Hour},
		{"monthly", scheduled(`"status":"active","recur_frequency":"monthly","recur_last":@-20d,"recur_next":@10d`), 31*day + 4*time.Hour},
		{"without grace", strings.ReplaceAll(daily, `,"grace_period":"4"`, ""), day},
		{"the longest", daily + scheduled(`"status":"active","recur_frequency":"monthly"`), 31*day + 4*time.Hour},
		{"the longest with its grace", daily + schedule("2", "Other", `"status":"active","recur_frequency":"hourly","grace_period":"48"`), 49 * time.Hour},
		{"its next run is later than its frequency says", scheduled(`"status":"active","recur_frequency":"weekly","recur_last":@-3d,"recur_next":@11d`), 14*day + 4*time.Hour},
		{"its last run was late", scheduled(`"status":"active","recur_frequency":"weekly","recur_last":@-3d,"recur_next":@3d`), 7*day + 4*time.Hour},
		{"of a frequency that runZero may add", scheduled(`"status":"active","recur_frequency":"fortnightly","recur_last":@-172799s,"recur_next":@12d`), 14*day + 4*time.Hour},
		{"and never ran", scheduled(`"status":"active","recur_frequency":"fortnightly","start_time":@1d`), 8 * day},
		{"its next run is due in 30 years", scheduled(`"status":"active","recur_frequency":"fortnightly","recur_last":@-2d,"recur_next":@10000d`), 8 * day},
		{"continuous", scheduled(`"status":"active","recur_frequency":"continuous","recur_last":@-1h,"recur_next":@1h`), 8 * day},
		{"once", scheduled(`"status":"active","recur_frequency":"once","recur_last":@-1d,"recur_next":@1d`), 8 * day},
		{"paused", daily + scheduled(`"status":"paused","recur_frequency":"monthly"`), 28 * time.Hour},
		{"removed", daily + removed, 28 * time.Hour},
		{"removed, and no other", removed, 8 * day},
		{"a schedule of another site", strings.ReplaceAll(daily, hq, plant), 8 * day},
		{"a connector's schedule", strings.ReplaceAll(daily, `"scan"`, `"connector"`), 8 * day},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := by(tasksOf(t, Poll{Sites: acmeSites()}, test.body), "runzero_scan_max_age_seconds", siteLabel)["HQ"]; got != test.want.Seconds() {
				t.Errorf("%gs, want %s", got, test.want)
			}
		})
	}
}

func TestSettingsOfSitesPrecedeSchedules(t *testing.T) {
	settings := defaults()
	settings.ScanMaxAges = []ScanMaxAge{{Organization: "Acme", Site: "HQ", MaxAge: 2 * day}}
	weekly := schedule("1", "Weekly", `"status":"active","recur_frequency":"weekly"`)
	body := weekly + strings.ReplaceAll(strings.ReplaceAll(weekly, hq, plant), `"1"`, `"2"`)
	s := collect(t, collectorOf(t, "tasks", settings), responses{tasksPath: {body: body}}, Poll{Sites: acmeSites()})
	equal(t, "ages", by(s, "runzero_scan_max_age_seconds", siteLabel), map[string]float64{"HQ": 2 * 86400, "Plant": 7 * 86400, "Lab": 8 * 86400})
}

func TestIntegrationMaxAges(t *testing.T) {
	scheduled := func(id, name, status, frequency string) string {
		return `{"id":"` + id + `","type":"connector","name":"` + name + `","status":"` + status + `","recur":true,"recur_frequency":"` + frequency + `","grace_period":4}`
	}
	s := tasksOf(t, Poll{Sites: acmeSites()}, scheduled("1", "Azure", "active", "daily")+scheduled("2", " Azure ", "active", "weekly")+
		scheduled("3", "Paused", "paused", "daily")+scheduled("4", "Continuous", "active", "continuous")+
		scheduled("5", "Removed", "removed", "daily")+`{"id":"6","type":"connector","name":"Azure","status":"processed","updated_at":@-1h}
		{"id":"7","type":"import","name":"nessus.xml","status":"processed","updated_at":@-1h}`+scheduled("8", "Never ran", "active", "hourly"))
	wantSeries(t, s, "runzero_integration_max_age_seconds",
		`runzero_integration_max_age_seconds{integration="Azure"} 619200`, `runzero_integration_max_age_seconds{integration="Never ran"} 18000`)
}
