package collector

import (
	"strings"
	"testing"
)

// scan is a scan of HQ with this status and these further members.
func scan(id, status, rest string) string {
	return `{"id":"` + id + `","type":"scan","status":"` + status + `","site_id":"` + hq + `","site_name":"HQ",` + rest + `}`
}

func TestScans(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string // of runzero_scan_{last,running}*
	}{
		{"none", ``, nil},
		{"the last to end counts, whatever the order", scan("1", "processed", `"updated_at":@-5h`) + scan("2", "processed", `"updated_at":@-2h`) + scan("3", "processed", `"updated_at":@-9h`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-2h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-2h`,
			`runzero_scan_last_success{site_name="HQ"} 1`}},
		{"a failure after a success", scan("1", "completed", `"created_at":@-6h,"updated_at":@-5h,"stats":{"change.totalAssets":9}`) + scan("2", "stopped", `"created_at":@-3h,"updated_at":@-2h,"stats":{"change.totalAssets":2}`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-5h`,
			`runzero_scan_last_duration_seconds{site_name="HQ"} 3600`,
			`runzero_scan_last_assets{change="total",site_name="HQ"} 9`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-2h`,
			`runzero_scan_last_success{site_name="HQ"} 0`}},
		{"never successful", scan("1", "canceled", `"updated_at":@-5h`) + scan("2", "cancelled", `"updated_at":@-4h`), []string{
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-4h`,
			`runzero_scan_last_success{site_name="HQ"} 0`}},
		{"a successful scan that found nothing", scan("1", "processed", `"updated_at":@-5h,"stats":{"change.totalAssets":"0","change.newAssets":0}`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-5h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-5h`,
			`runzero_scan_last_success{site_name="HQ"} 1`,
			`runzero_scan_last_assets{change="total",site_name="HQ"} 0`,
			`runzero_scan_last_assets{change="new",site_name="HQ"} 0`}},
		{"unreadable stats", scan("1", "processed", `"updated_at":@-5h,"stats":[1,2]`) + scan("2", "processed", `"updated_at":@-4h,"stats":{"change.totalAssets":{"n":1},"change.newAssets":"few","change.ignoredAssets":"3"}`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-4h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-4h`,
			`runzero_scan_last_success{site_name="HQ"} 1`,
			`runzero_scan_last_assets{change="ignored",site_name="HQ"} 3`}},
		{"ends when data has been acquired", scan("1", "processed", `"data_acquisition_ended_at":@-4h,"data_processing_ended_at":@-3h,"updated_at":@-2h,"start_time":@-6h,"data_acquisition_started_at":@-5h`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-4h`,
			`runzero_scan_last_duration_seconds{site_name="HQ"} 3600`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-4h`,
			`runzero_scan_last_success{site_name="HQ"} 1`}},
		{"ends when data has been processed", scan("1", "processed", `"data_acquisition_ended_at":0,"data_processing_ended_at":@-3h,"updated_at":@-2h`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-3h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-3h`,
			`runzero_scan_last_success{site_name="HQ"} 1`}},
		{"without an end", scan("1", "processed", `"created_at":@-3h`) + scan("2", "error", `"updated_at":null`), nil},
		{"an end in the far future is ignored", scan("1", "processed", `"updated_at":@300d`) + scan("2", "processed", `"updated_at":@-5h`) + scan("3", "error", `"updated_at":@2d`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-5h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-5h`,
			`runzero_scan_last_success{site_name="HQ"} 1`}},
		{"an hour of clock skew is accepted", scan("1", "processed", `"updated_at":@1h`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @1h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @1h`,
			`runzero_scan_last_success{site_name="HQ"} 1`}},
		{"the oldest running scan", scan("1", "active", `"created_at":@-2h`) + scan("2", "scanned", `"data_acquisition_started_at":@-7h,"created_at":@-9h`) + scan("3", "processing", `"start_time":@-1h`), []string{
			`runzero_scan_running_start_timestamp_seconds{site_name="HQ"} @-7h`}},
		{"waiting scans are not running", scan("1", "new", `"created_at":@-2h`) + scan("2", "queued", `"created_at":@-2h`) + scan("3", "paused", `"created_at":@-2h`) + scan("4", "hibernating", `"created_at":@-2h`), nil},
		{"schedules are not runs, whatever their status and error", scan("1", "active", `"recur":true,"error":"explorer unavailable","start_time":@-9d,"updated_at":@-1h`) + scan("2", "processed", `"recur":true,"updated_at":@-1h`), nil},
		{"other tasks are not scans", `{"id":"1","type":"sample","status":"processed","site_id":"` + hq + `","updated_at":@-1h}{"id":"2","type":"connector","status":"active","site_id":"` + hq + `","created_at":@-1h}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := tasksOf(t, Poll{Sites: acmeSites()}, test.body)
			var got Snapshot
			for _, f := range s.Families {
				if strings.HasPrefix(f.GetName(), "runzero_scan_last_") || strings.HasPrefix(f.GetName(), "runzero_scan_running_") {
					got.Families = append(got.Families, f)
				}
			}
			wantSeries(t, got, "runzero_scan", test.want...)
		})
	}
}

// unassigned is exported only if there are scans without a site.
func TestScansWithoutSite(t *testing.T) {
	wantSeries(t, tasksOf(t, Poll{Sites: acmeSites()}, ``), "runzero_scan_max_age_seconds",
		`runzero_scan_max_age_seconds{site_name="HQ"} 691200`, `runzero_scan_max_age_seconds{site_name="Lab"} 691200`, `runzero_scan_max_age_seconds{site_name="Plant"} 691200`)
	for name, site := range map[string]string{"zero": `"` + zeroID + `"`, "null": "null", "empty": `""`} {
		t.Run(name, func(t *testing.T) {
			s := tasksOf(t, Poll{Sites: acmeSites()}, `{"id":"1","type":"scan","status":"processed","site_id":`+site+`,"site_name":null,"updated_at":@-1h}`)
			wantSeries(t, s, "runzero_scan_last_success_timestamp_seconds", `runzero_scan_last_success_timestamp_seconds{site_name="unassigned"} @-1h`)
			if got := len(series(t, s, "runzero_scan_max_age_seconds")); got != 4 {
				t.Errorf("%d sites, want 4", got)
			}
		})
	}
}

// The console lists a limited number of tasks. A site whose last successful scan has dropped
// out is the one that alerts are for.
func TestLastScansAreRemembered(t *testing.T) {
	body := scan("1", "processed", `"created_at":@-49h,"updated_at":@-48h,"stats":{"change.totalAssets":34}`) + scan("2", "error", `"updated_at":@-24h`)
	remembered := func(site string) []string {
		return []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="` + site + `"} @-48h`,
			`runzero_scan_last_duration_seconds{site_name="` + site + `"} 3600`,
			`runzero_scan_last_assets{change="total",site_name="` + site + `"} 34`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="` + site + `"} @-24h`,
			`runzero_scan_last_success{site_name="` + site + `"} 0`}
	}
	renamed := acmeSites()
	renamed[hq] = "Head office"
	swapped := acmeSites()
	swapped[hq], swapped[plant] = swapped[plant], swapped[hq]
	gone := acmeSites()
	delete(gone, hq)
	for _, test := range []struct {
		name          string
		before, after SiteNames // known at the first and at later polls
		body          string
		want          []string
	}{
		{"the list is empty", acmeSites(), acmeSites(), ``, remembered("HQ")},
		{"the site was renamed", acmeSites(), renamed, ``, remembered("Head office")},
		{"two sites swapped their names", acmeSites(), swapped, ``, remembered("Plant")},
		{"the sites are not known", nil, nil, ``, remembered("HQ")},
		{"the sites become known", nil, acmeSites(), ``, remembered("HQ")},
		{"the sites are no longer known", acmeSites(), nil, ``, remembered("HQ")},
		{"the site is gone", acmeSites(), gone, ``, nil},
		{"only the failure is still listed", acmeSites(), acmeSites(), scan("2", "error", `"updated_at":@-24h`), remembered("HQ")},
		{"there is a later successful one", acmeSites(), acmeSites(), scan("3", "processed", `"updated_at":@-1h`), []string{
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-1h`,
			`runzero_scan_last_attempt_timestamp_seconds{site_name="HQ"} @-1h`,
			`runzero_scan_last_success{site_name="HQ"} 1`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			snapshot := tasksOf(t, Poll{Sites: test.before}, body)
			for range 3 { // nothing is lost over several polls
				snapshot = tasksOf(t, Poll{Sites: test.after, Previous: &snapshot, LastError: errTasksEmptied}, test.body)
			}
			wantSeries(t, snapshot, "runzero_scan_last", test.want...)
		})
	}
}

// errTasksEmptied is why the poll before failed: the tasks had gone then, too.
var errTasksEmptied = &EmptiedError{Lists: []string{tasksPath}}

func TestRunningScansAreNotRemembered(t *testing.T) {
	before := tasksOf(t, Poll{Sites: acmeSites()}, scan("1", "active", `"created_at":@-1h`))
	wantSeries(t, tasksOf(t, Poll{Sites: acmeSites(), Previous: &before, LastError: errTasksEmptied}, ``), "runzero_scan_running")
}

// Times can be in milliseconds, which floats do not represent exactly.
func TestRememberedTimesDoNotDrift(t *testing.T) {
	snapshot := tasksOf(t, Poll{Sites: acmeSites()}, scan("1", "processed", `"data_acquisition_started_at":1073743575191,"data_acquisition_ended_at":1073743576192`))
	want := series(t, snapshot, "runzero_scan_last")
	for range 5 {
		snapshot = tasksOf(t, Poll{Sites: acmeSites(), Previous: &snapshot, LastError: errTasksEmptied}, ``)
	}
	wantSeries(t, snapshot, "runzero_scan_last", want...)
}

// A site does not change its name because the other has dropped out of the task list.
func TestSitesOfTheSameNameKeepTheirNames(t *testing.T) {
	first := scan("1", "processed", `"updated_at":@-2h`)
	second := `{"id":"2","type":"scan","status":"processed","site_id":"` + plant + `","site_name":"HQ","updated_at":@-3h}`
	snapshot := tasksOf(t, Poll{}, first+second)
	for range 2 {
		wantSeries(t, snapshot, "runzero_scan_last_success_timestamp_seconds",
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ (a7b2287e)"} @-2h`,
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ (b7b2287e)"} @-3h`)
		snapshot = tasksOf(t, Poll{Previous: &snapshot}, first)
	}
}

// They wait for the next poll of the sites.
func TestScansOfUnlistedSitesAreLeftOut(t *testing.T) {
	s := tasksOf(t, Poll{Sites: acmeSites()}, `{"id":"1","type":"scan","status":"processed","site_id":"`+newSite+`","site_name":"New","updated_at":@-2h}`)
	wantSeries(t, s, "runzero_scan_last")
}

func TestSiteNameFromAnyRecord(t *testing.T) {
	nameless := `{"id":"2","type":"scan","status":"active","recur":true,"name":"Nightly","site_id":"` + hq + `","site_name":null}`
	for _, body := range []string{scan("1", "processed", `"updated_at":@-2h`) + nameless, nameless + scan("1", "processed", `"updated_at":@-2h`)} {
		wantSeries(t, tasksOf(t, Poll{}, body), "runzero_scan_max_age_seconds", `runzero_scan_max_age_seconds{site_name="HQ"} 691200`)
	}
}
