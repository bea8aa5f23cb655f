package collector

import (
	"strings"
	"testing"
)

// tasksOf polls tasks.
func tasksOf(t *testing.T, poll Poll, body string) Snapshot {
	t.Helper()
	return collect(t, collectorOf(t, "tasks", defaults()), responses{tasksPath: {body: body}}, poll)
}

// Everything the collector exports.
func TestTasks(t *testing.T) {
	s := tasksOf(t, Poll{Sites: acmeSites()}, `
		{"id":"p1","organization_id":"`+acmeID+`","type":"scan","status":"active","error":"","recur":true,"name":"Nightly","site_id":"`+hq+`","site_name":"HQ",
		 "recur_frequency":"daily,monday|tuesday|wednesday|thursday|friday|saturday|sunday;-300","start_time":@-90d,"recur_last":@-10h,"recur_next":@14h,
		 "recur_last_task_id":"r1","parent_id":"00000000-0000-0000-0000-000000000000","grace_period":"4","updated_at":@-10h,"stats":{},"data_processing_ended_at":0}
		{"id":"p2","type":"scan","status":"paused","recur":true,"name":"Quarterly","site_id":"`+plant+`","site_name":"Plant","recur_frequency":"monthly",
		 "start_time":@-90d,"recur_last":@-40d,"recur_next":@5d,"grace_period":0,"error":""}
		{"id":"p3","type":"connector","status":"active","recur":true,"name":"CrowdStrike","site_id":"`+hq+`","recur_frequency":"hourly","recur_last":@-1h,"recur_next":@1h}

		{"id":"r1","type":"scan","status":"processed","error":"","name":"Nightly","recur":false,"parent_id":"p1","site_id":"`+hq+`","site_name":"HQ",
		 "created_at":@-10h,"start_time":@-10h,"updated_at":@-8h,"data_acquisition_started_at":@-598m,"data_acquisition_ended_at":@-550m,
		 "data_processing_started_at":@-549m,"data_processing_ended_at":@-540m,"params":{"targets":"10.0.0.0/8"},
		 "stats":{"change.newAssets":"1","change.offlineAssets":"2","change.onlineAssets":"0","change.changedAssets":5,"change.unchangedAssets":26.0,
		 "change.ignoredAssets":"0","change.totalAssets":"34","ResultCount":100}}
		{"id":"r2","type":"scan","status":"processed","parent_id":"p1","site_id":"`+hq+`","data_acquisition_started_at":@-34h,"data_acquisition_ended_at":@-33h,
		 "stats":{"change.totalAssets":"33"}}
		{"id":"r3","type":"scan","status":"error","error":"task canceled by jane@example.com","site_id":"`+plant+`","created_at":@-2d,"updated_at":@-47h,"stats":null}
		{"id":"r4","type":"scan","status":"active","site_id":"`+plant+`","data_acquisition_started_at":@-30m}
		{"id":"r5","type":"connector","status":"processed","name":"CrowdStrike","parent_id":"p3","site_id":"`+hq+`","updated_at":@-58m}
		{"id":"r6","type":"import","status":"error","name":"nessus.xml","error":"cannot read","updated_at":@-3d}
		{"id":"r7","type":"sample","status":"processed","site_id":"`+lab+`","updated_at":@-1h}
		{"id":"r8","type":"analysis","status":"processed","name":"Outlier calculation"}`)
	golden(t, "tasks", s.Families)
}

func TestNoTasks(t *testing.T) {
	for name, body := range map[string]string{"lines": "", "array": "[]", "page": `{"tasks":null}`} {
		t.Run(name, func(t *testing.T) {
			golden(t, "tasks-none", tasksOf(t, Poll{Sites: acmeSites()}, body).Families)
		})
	}
}

func TestUnknownTypesAndStatuses(t *testing.T) {
	s := tasksOf(t, Poll{Sites: acmeSites()}, `
		{"id":"1","type":"scan","status":"Processed"}
		{"id":"2","type":"scan","status":"canceled"} {"id":"3","type":"scan","status":"cancelled"}
		{"id":"4","type":"scan","status":"hibernating"} {"id":"5","type":"scan"} {"id":"6","type":"scan","status":7}
		{"id":"7","type":"telepathy","status":"active"} {"id":"8","type":"","status":"removed"} {"id":"9"}
		{"id":"10","type":"scan","status":"active","recur":true} {"id":"11","type":"scan","status":"paused","recur":"true"}`)
	wantSeries(t, s, "runzero_tasks",
		`runzero_tasks{status="processed",task_type="scan"} 1`,
		`runzero_tasks{status="canceled",task_type="scan"} 2`,
		`runzero_tasks{status="other",task_type="scan"} 3`,
		`runzero_tasks{status="active",task_type="other"} 1`,
		`runzero_tasks{status="removed",task_type="other"} 1`,
		`runzero_tasks{status="other",task_type="other"} 1`)
}

func TestTaskStatus(t *testing.T) {
	for want, statuses := range map[outcome][]string{
		pending:   {"new", "queued", "paused"},
		running:   {"active", "scanned", "connecting", "connected", "processing", "stopping"},
		succeeded: {"processed", "completed"},
		failed:    {"stopped", "canceled", "error", "failed", "removed"},
	} {
		for _, status := range statuses {
			if label, got := taskStatus(status); got != want || label != status {
				t.Errorf("%s: label %s, outcome %d, want %d", status, label, got, want)
			}
		}
	}
	if label, got := taskStatus("cancelled"); label != "canceled" || got != failed {
		t.Errorf("cancelled: label %s, outcome %d", label, got)
	}
	if label, got := taskStatus("hibernating"); label != other || got != pending {
		t.Errorf("an unknown status: label %s, outcome %d", label, got)
	}
}

func TestIntegrations(t *testing.T) {
	run := func(id, name, status, rest string) string {
		return `{"id":"` + id + `","type":"connector","name":"` + name + `","status":"` + status + `",` + rest + `}`
	}
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"the last run failed, an earlier one succeeded",
			run("1", "Azure", "processed", `"updated_at":@-3h`) + run("2", "Azure", "error", `"updated_at":@-1h`), []string{
				`runzero_integration_last_success_timestamp_seconds{integration="Azure"} @-3h`,
				`runzero_integration_last_success{integration="Azure"} 0`}},
		{"never succeeded", run("1", "Azure", "error", `"updated_at":@-1h`), []string{
			`runzero_integration_last_success{integration="Azure"} 0`}},
		{"names that are equal when cleaned",
			run("1", "Azure\\n AD", "processed", `"updated_at":@-3h`) + run("2", " Azure AD", "processed", `"updated_at":@-2h`) + run("3", "", "processed", `"updated_at":@-2h`), []string{
				`runzero_integration_last_success_timestamp_seconds{integration="Azure AD"} @-2h`,
				`runzero_integration_last_success{integration="Azure AD"} 1`,
				`runzero_integration_last_success_timestamp_seconds{integration="unknown"} @-2h`,
				`runzero_integration_last_success{integration="unknown"} 1`}},
		{"unfinished runs",
			run("1", "Azure", "active", `"updated_at":@-3h`) + run("2", "Azure", "new", `"updated_at":@-1h`), nil},
		{"runs without a credible end",
			run("1", "Azure", "error", `"updated_at":0`) + run("2", "Azure", "processed", `"updated_at":@400d`), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantSeries(t, tasksOf(t, Poll{Sites: acmeSites()}, test.body), "runzero_integration", test.want...)
		})
	}
}

// Their runs may drop out of the task list. If the schedule is removed, they are forgotten.
func TestScheduledIntegrationsAreRemembered(t *testing.T) {
	runs := `{"id":"1","type":"connector","name":"Azure","status":"processed","updated_at":@-30h}
		{"id":"2","type":"connector","name":"Gone","status":"processed","updated_at":@-30h}`
	schedule := `{"id":"3","type":"connector","name":"Azure","status":"active","recur":true}`
	before := tasksOf(t, Poll{Sites: acmeSites()}, runs+schedule)
	for range 2 { // also over several polls
		before = tasksOf(t, Poll{Sites: acmeSites(), Previous: &before}, schedule)
		wantSeries(t, before, "runzero_integration",
			`runzero_integration_last_success_timestamp_seconds{integration="Azure"} @-30h`,
			`runzero_integration_last_success{integration="Azure"} 1`)
	}
	removed := strings.Replace(schedule, `"active"`, `"removed"`, 1)
	wantSeries(t, tasksOf(t, Poll{Sites: acmeSites(), Previous: &before}, removed), "runzero_integration")
	after := tasksOf(t, Poll{Sites: acmeSites(), Previous: &before}, schedule+`{"id":"4","type":"connector","name":"Azure","status":"error","updated_at":@-1h}`)
	wantSeries(t, after, "runzero_integration",
		`runzero_integration_last_success_timestamp_seconds{integration="Azure"} @-30h`,
		`runzero_integration_last_success{integration="Azure"} 0`)
}
