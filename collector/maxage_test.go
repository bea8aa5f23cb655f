package collector

import (
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
		want  map[string]time.Duration // by site; others: seven days
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
					want[site] = (7 * day).Seconds()
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
	settings := Settings{ScanMaxAge: 7 * day, ScanMaxAges: []ScanMaxAge{{Organization: "Acme", MaxAge: day}}}
	for _, name := range []string{"Acme", "Acme (4ffe8ffb)", "Acme (" + acmeID + ")"} {
		if got := settings.scanMaxAge(Organization{ID: acmeID, Name: name}, hq, "HQ"); got != day {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := settings.scanMaxAge(Organization{ID: acmeID, Name: "Acme (5ffe8ffb)"}, hq, "HQ"); got != 7*day {
		t.Errorf("another organization: %v", got)
	}
}
