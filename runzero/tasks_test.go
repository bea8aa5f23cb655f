package runzero_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	childTask = `{"id":"4c76980f-0000-4000-8000-000000000001","client_id":"07f2bf42-0000-4000-8000-000000000001","organization_id":"4ffe8ffb-0000-4000-8000-000000000001",
 "agent_id":"0cf6c423-0000-4000-8000-000000000001","site_id":"a7b2287e-0000-4000-8000-000000000001","cruncher_id":"00000000-0000-0000-0000-000000000000",
 "hosted_zone_id":"00000000-0000-0000-0000-000000000000","template_id":"00000000-0000-0000-0000-000000000000","custom_integration_id":null,
 "created_at":1755100000,"created_by":"topsecret@example.com","created_by_user_id":"b5d877ac-0000-4000-8000-000000000001","updated_at":1755103600,
 "type":"scan","status":"processed","error":"","name":"Weekly subnet sweep","description":"","hidden":false,
 "parent_id":"b93c3a05-0000-4000-8000-000000000001","recur":false,"recur_frequency":"","start_time":1755100000,"recur_last":0,"recur_next":0,
 "recur_last_task_id":"00000000-0000-0000-0000-000000000000","grace_period":"4","source_id":1,"size_site":0,"size_data":48213,"size_results":91002,
 "data_acquisition_started_at":1755100010,"data_acquisition_ended_at":1755103000,"data_processing_started_at":1755103100,"data_processing_ended_at":1755103590,
 "params":{"targets":"topsecret.example.com","rate":"1000"},
 "stats":{"change.newAssets":"1","change.offlineAssets":"2","change.onlineAssets":0,"change.changedAssets":"5","change.unchangedAssets":"26","change.ignoredAssets":"0","change.totalAssets":34,"Sent":"999"},
 "site_name":"HQ","agent_name":"TYPI","explorer_group_name":null,"template_name":null}`

	failingSchedule = `{"id":"b93c3a05-0000-4000-8000-000000000001","type":"scan","status":"Active","error":"topsecret@example.com: explorer unavailable","recur":true,
 "recur_frequency":"daily,monday|tuesday|wednesday|thursday|friday|saturday|sunday;-300","start_time":1694534880,"recur_last":1695067682,
 "recur_next":1695139680,"recur_last_task_id":"4c76980f-0000-4000-8000-000000000001","parent_id":"00000000-0000-0000-0000-000000000000",
 "created_at":1694456592,"updated_at":1695067682,"stats":{},"hidden":false,"grace_period":"4","source_id":1,
 "data_processing_ended_at":0,"site_id":"a7b2287e-0000-4000-8000-000000000001","site_name":"Primary","agent_name":"TYPI","template_name":null}`

	newSchedule = `{"id":"c0000000-0000-4000-8000-000000000001","type":"connector","status":"active","error":null,"recur":true,"recur_frequency":"weekly",
 "start_time":1900000000,"recur_last":0,"recur_next":0,"parent_id":"","site_id":"00000000-0000-0000-0000-000000000000","stats":null,"grace_period":"",
 "hidden":true,"custom_integration_id":"d0000000-0000-4000-8000-000000000001"}`
)

func TestReadsTasks(t *testing.T) {
	for name, c := range map[string]struct {
		record string
		want   runzero.Task
	}{
		"finished run": {childTask, runzero.Task{
			ID: "4c76980f-0000-4000-8000-000000000001", OrganizationID: organization,
			SiteID: "a7b2287e-0000-4000-8000-000000000001", SiteName: "HQ", Name: "Weekly subnet sweep",
			Type: "scan", Status: "processed", ParentID: "b93c3a05-0000-4000-8000-000000000001", Hidden: runzero.False,
			StartTime: at(1755100000), CreatedAt: at(1755100000), UpdatedAt: at(1755103600), Grace: runzero.Known(4 * 3600),
			AcquisitionStarted: at(1755100010), AcquisitionEnded: at(1755103000),
			ProcessingStarted: at(1755103100), ProcessingEnded: at(1755103590),
			Changes: runzero.Changes{
				New: runzero.Known(1), Offline: runzero.Known(2), Online: runzero.Known(0), Changed: runzero.Known(5),
				Unchanged: runzero.Known(26), Ignored: runzero.Known(0), Total: runzero.Known(34),
			},
		}},
		"schedule that cannot start": {failingSchedule, runzero.Task{
			ID: "b93c3a05-0000-4000-8000-000000000001", SiteID: "a7b2287e-0000-4000-8000-000000000001", SiteName: "Primary",
			Type: "scan", Status: "active", Failed: true, Hidden: runzero.False, Recur: true, Frequency: "daily",
			StartTime: at(1694534880), LastRun: at(1695067682), NextRun: at(1695139680), Grace: runzero.Known(4 * 3600),
			CreatedAt: at(1694456592), UpdatedAt: at(1695067682),
		}},
		"schedule that never ran": {newSchedule, runzero.Task{
			ID: "c0000000-0000-4000-8000-000000000001", Type: "connector", Status: "active", Hidden: runzero.True,
			Recur: true, Frequency: "weekly", StartTime: at(1900000000), CustomIntegrationID: "d0000000-0000-4000-8000-000000000001",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tasks, err := all(serve(t, data(c.record), runzero.Config{}).Tasks(t.Context(), organization))
			got := one(t, tasks, err)
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if strings.Contains(fmt.Sprintf("%+v", got), "topsecret") {
				t.Error("the task contains its targets")
			}
		})
	}
}

func TestTaskStartAndEndUseTheBestTime(t *testing.T) {
	one, two, three := at(1), at(2), at(3)
	for name, c := range map[string]struct {
		task       runzero.Task
		start, end time.Time
	}{
		"all":                 {runzero.Task{AcquisitionStarted: three, StartTime: two, CreatedAt: one, AcquisitionEnded: one, ProcessingEnded: two, UpdatedAt: three}, three, one},
		"without acquisition": {runzero.Task{StartTime: two, CreatedAt: one, ProcessingEnded: two, UpdatedAt: three}, two, two},
		"on an old console":   {runzero.Task{CreatedAt: one, UpdatedAt: three}, one, three},
		"never":               {runzero.Task{}, time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if start, end := c.task.Start(), c.task.End(); start != c.start || end != c.end {
				t.Errorf("from %v to %v, want %v to %v", start, end, c.start, c.end)
			}
		})
	}
}

func TestReadsTaskFields(t *testing.T) {
	for members, want := range map[string]runzero.Task{
		`"recur_frequency":"Weekly;-300"`:     {Frequency: "weekly"},
		`"recur_frequency":" hourly ,x"`:      {Frequency: "hourly"},
		`"recur_frequency":null`:              {},
		`"error":" \n\t"`:                     {},
		`"error":"x"`:                         {Failed: true},
		`"error":false`:                       {},
		`"grace_period":"0"`:                  {Grace: runzero.Known(0)},
		`"grace_period":12`:                   {Grace: runzero.Known(12 * 3600)},
		`"grace_period":9223372036854775807`:  {},
		`"recur":"true"`:                      {Recur: true},
		`"stats":[{"change.newAssets":1}]`:    {},
		`"stats":{"change.newAssets":"many"}`: {},
		`"stats":{"x":{"change.newAssets":1},"change.ignoredAssets":3.0}`: {Changes: runzero.Changes{Ignored: runzero.Known(3)}},
	} {
		t.Run(members, func(t *testing.T) {
			tasks, err := all(serve(t, data(`{"id":"a",`+members+`}`), runzero.Config{}).Tasks(t.Context(), ""))
			want.ID = "a"
			if got := one(t, tasks, err); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

const taskExport = "/export/org/tasks.jsonl"

// taskConsole sends one status for the export of tasks and another for the list.
func taskConsole(export, list *int) *requests {
	return &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := *export
		if r.URL.Path == "/api/v1.0"+runzero.TaskList {
			status = *list
		}
		w.WriteHeader(status)
		if status == http.StatusOK {
			_, _ = w.Write([]byte(`[{"id":"a"},{"id":"b"}]`))
		}
	})}
}

func TestFallsBackToTheTaskListForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		export, list := http.StatusNotFound, http.StatusOK
		log := taskConsole(&export, &list)
		client := serve(t, log, runzero.Config{HTTP: withToken(accountToken)})
		expect := func(what string, want ...string) {
			t.Helper()
			tasks, err := all(client.Tasks(t.Context(), organization))
			var paths []string
			for _, request := range log.take() {
				paths = append(paths, request.URL.Path[len("/api/v1.0"):])
				if query := request.URL.Query(); query.Get("_oid") != organization || request.URL.Path == runzero.TaskList && query.Get("search") != "not type:sample" {
					t.Errorf("%s: requested %v", what, request.URL)
				}
			}
			if err != nil || len(tasks) != 2 || !slices.Equal(paths, want) {
				t.Errorf("%s: %d tasks (%v) from %q, want 2 from %q", what, len(tasks), err, paths, want)
			}
		}
		expect("first", taskExport, runzero.TaskList)
		expect("again", runzero.TaskList)
		<-time.After(24*time.Hour - 2*time.Second)
		expect("almost a day later", runzero.TaskList)
		<-time.After(2 * time.Second)
		expect("a day later", taskExport, runzero.TaskList)
		<-time.After(24 * time.Hour)
		export = http.StatusOK
		expect("after an upgrade", taskExport)
	})
}

func TestTasksThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		export, list int
		endpoint     string
		first, then  []string
	}{
		"an export token at an old console":           {404, 401, runzero.TaskList, []string{taskExport, runzero.TaskList}, []string{runzero.TaskList}},
		"a licence too small for the list":            {404, 403, runzero.TaskList, []string{taskExport, runzero.TaskList}, []string{runzero.TaskList}},
		"an unknown organization":                     {404, 404, runzero.TaskList, []string{taskExport, runzero.TaskList}, []string{taskExport, runzero.TaskList}},
		"a list that fails for now":                   {404, 503, runzero.TaskList, []string{taskExport, runzero.TaskList}, []string{taskExport, runzero.TaskList}},
		"an export that is refused and not missing":   {401, 200, taskExport, []string{taskExport}, []string{taskExport}},
		"an export that fails for now and has a list": {500, 200, taskExport, []string{taskExport}, []string{taskExport}},
	} {
		t.Run(name, func(t *testing.T) {
			log := taskConsole(&c.export, &c.list)
			client := serve(t, log, runzero.Config{})
			for _, want := range [][]string{c.first, c.then} {
				_, err := all(client.Tasks(t.Context(), ""))
				var refused *runzero.Error
				if !errors.As(err, &refused) || refused.Endpoint != c.endpoint {
					t.Errorf("error %v, want one of %s", err, c.endpoint)
				}
				if got := log.paths(); !slices.Equal(got, want) {
					t.Errorf("requested %q, want %q", got, want)
				}
			}
		})
	}
}
