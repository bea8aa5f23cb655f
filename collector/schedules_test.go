package collector

import (
	"strings"
	"testing"
)

// schedule is a recurring scan of HQ with these further members.
func schedule(id, name, rest string) string {
	return `{"id":"` + id + `","type":"scan","recur":true,"name":"` + name + `","site_id":"` + hq + `","site_name":"HQ",` + rest + `}`
}

func TestSchedules(t *testing.T) {
	const nightly = `{schedule="Nightly",site_name="HQ"} `
	info := func(frequency string) string {
		return `runzero_scan_schedule_info{frequency="` + frequency + `",schedule="Nightly",schedule_id="p1",site_name="HQ"} 1`
	}
	flags := func(paused, failing string) []string {
		return []string{"runzero_scan_schedule_paused" + nightly + paused, "runzero_scan_schedule_failing" + nightly + failing}
	}
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"active, but its last run could not start", schedule("p1", "Nightly",
			`"status":"active","error":"explorer unavailable","recur_frequency":"daily,monday|sunday;-300","start_time":@-90d,"recur_last":@-26h,"recur_next":@-2h,"grace_period":"4"`), append(flags("0", "1"),
			info("daily"),
			"runzero_scan_schedule_last_run_timestamp_seconds"+nightly+"@-26h",
			"runzero_scan_schedule_next_run_timestamp_seconds"+nightly+"@-2h",
			"runzero_scan_schedule_grace_seconds"+nightly+"14400")},
		{"never ran: next run at its start", schedule("p1", "Nightly",
			`"status":"active","error":"","recur_frequency":"weekly","start_time":@3d,"recur_last":0,"recur_next":0`), append(flags("0", "0"),
			info("weekly"), "runzero_scan_schedule_next_run_timestamp_seconds"+nightly+"@3d")},
		{"paused: no next run", schedule("p1", "Nightly",
			`"status":"paused","recur_frequency":"monthly","start_time":@-90d,"recur_last":@-40d,"recur_next":@2d,"error":" \n"`), append(flags("1", "0"),
			info("monthly"), "runzero_scan_schedule_last_run_timestamp_seconds"+nightly+"@-40d")},
		{"paused and never ran", schedule("p1", "Nightly", `"status":"paused","start_time":@2d`), append(flags("1", "0"), info("unknown"))},
		{"continuous: no next run", schedule("p1", "Nightly",
			`"status":"active","recur_frequency":"continuous","start_time":@-90d,"recur_last":@-1h,"recur_next":0`), append(flags("0", "0"),
			info("continuous"), "runzero_scan_schedule_last_run_timestamp_seconds"+nightly+"@-1h")},
		{"unknown frequency, absurd grace", schedule("p1", "Nightly", `"status":"active","recur_frequency":"fortnightly;60","grace_period":"1000000"`), append(flags("0", "0"), info("other"))},
		{"removed", schedule("p1", "Nightly", `"status":"removed","hidden":true,"recur_next":@2d`), nil},
		{"finished", schedule("p1", "Nightly", `"status":"completed","recur_last":@-1d`) + schedule("p2", "Nightly", `"status":"stopped"`), nil},
		{"listed twice", strings.Repeat(schedule("p1", "Nightly", `"status":"active"`), 2), append(flags("0", "0"), info("unknown"))},
		{"schedule of a connector", strings.ReplaceAll(schedule("p1", "Nightly", `"status":"active"`), `"scan"`, `"connector"`), nil},
		{"the site is gone", strings.ReplaceAll(schedule("p1", "Nightly", `"status":"active"`), hq, newSite), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantSeries(t, tasksOf(t, Poll{Sites: acmeSites()}, test.body), "runzero_scan_schedule", test.want...)
		})
	}
}

// Names are unique within a site only.
func TestSchedulesOfTheSameName(t *testing.T) {
	body := schedule("aaaaaaaa-1", "Sweep", `"status":"active"`) +
		schedule("bbbbbbbb-1", " Sweep ", `"status":"active"`) +
		schedule("cccccccc-1", "Same start", `"status":"active"`) +
		schedule("cccccccc-2", "Same start", `"status":"active"`) +
		schedule("dddddddd-1", "", `"status":"active"`) +
		schedule("eeeeeeee-1", strings.Repeat("é", 300), `"status":"active"`) +
		strings.ReplaceAll(schedule("ffffffff-1", "Sweep", `"status":"active"`), hq, plant)
	var want []string
	for _, labels := range []string{
		`schedule="Same start (cccccccc-1)",site_name="HQ"`,
		`schedule="Same start (cccccccc-2)",site_name="HQ"`,
		`schedule="Sweep (aaaaaaaa)",site_name="HQ"`,
		`schedule="Sweep (bbbbbbbb)",site_name="HQ"`,
		`schedule="Sweep",site_name="Plant"`,
		`schedule="unknown",site_name="HQ"`,
		`schedule="` + strings.Repeat("é", 128) + `",site_name="HQ"`,
	} {
		want = append(want, "runzero_scan_schedule_paused{"+labels+"} 0")
	}
	wantSeries(t, tasksOf(t, Poll{Sites: acmeSites()}, body), "runzero_scan_schedule_paused", want...)
}
