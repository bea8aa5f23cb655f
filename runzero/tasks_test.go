package runzero_test

import (
	"cmp"
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
			Type: "scan", Status: "active", Failed: true, Hidden: runzero.False, Recur: true, Frequency: "daily", Interval: 24 * time.Hour,
			StartTime: at(1694534880), LastRun: at(1695067682), NextRun: at(1695139680), Grace: runzero.Known(4 * 3600),
			CreatedAt: at(1694456592), UpdatedAt: at(1695067682),
		}},
		"schedule that never ran": {newSchedule, runzero.Task{
			ID: "c0000000-0000-4000-8000-000000000001", Type: "connector", Status: "active", Hidden: runzero.True,
			Recur: true, Frequency: "weekly", Interval: 7 * 24 * time.Hour, StartTime: at(1900000000), CustomIntegrationID: "d0000000-0000-4000-8000-000000000001",
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
		`"recur_frequency":"Weekly;-300"`:                                 {Frequency: "weekly", Interval: 7 * 24 * time.Hour},
		`"recur_frequency":" hourly ,x"`:                                  {Frequency: "hourly", Interval: time.Hour},
		`"recur_frequency":null`:                                          {},
		`"recur_frequency":"monthly"`:                                     {Frequency: "monthly", Interval: 31 * 24 * time.Hour},
		`"recur_frequency":"continuous"`:                                  {Frequency: "continuous"},
		`"recur_frequency":"daily,saturday|monday|TUESDAY;60"`:            {Frequency: "daily", Interval: 4 * 24 * time.Hour},
		`"recur_frequency":"daily,sunday"`:                                {Frequency: "daily", Interval: 7 * 24 * time.Hour},
		`"recur_frequency":"hourly,friday|wednesday"`:                     {Frequency: "hourly", Interval: 4*24*time.Hour + time.Hour},
		`"error":" \n\t"`:                                                 {},
		`"error":"x"`:                                                     {Failed: true},
		`"error":false`:                                                   {},
		`"grace_period":"0"`:                                              {Grace: runzero.Known(0)},
		`"grace_period":12`:                                               {Grace: runzero.Known(12 * 3600)},
		`"grace_period":9223372036854775807`:                              {},
		`"recur":"true"`:                                                  {Recur: true},
		`"stats":[{"change.newAssets":1}]`:                                {},
		`"stats":{"change.newAssets":"many"}`:                             {},
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

const (
	taskExport = "/export/org/tasks.jsonl"
	scanExport = "/export/org/scans.json"
)

// taskConsole sends the status of each source of tasks, with a body of the API unless a proxy responds.
func taskConsole(statuses map[string]int, proxy bool) *requests {
	return &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := cmp.Or(statuses[strings.TrimPrefix(r.URL.Path, "/api/v1.0")], http.StatusNotFound)
		w.WriteHeader(status)
		switch {
		case status == http.StatusOK:
			_, _ = w.Write([]byte(`[{"id":"a"},{"id":"b"}]`))
		case proxy:
			_, _ = w.Write([]byte("not found"))
		case status == http.StatusNotFound:
			_, _ = w.Write([]byte("404: Not Found"))
		default:
			_, _ = w.Write([]byte(`{"error":"no"}`))
		}
	})}
}

func TestFallsBackFromTheTaskExportForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		statuses := map[string]int{runzero.TaskList: http.StatusOK}
		log := taskConsole(statuses, false)
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
		expect("first", taskExport, scanExport, runzero.TaskList)
		expect("again", runzero.TaskList)
		<-time.After(24*time.Hour - 2*time.Second)
		expect("almost a day later", runzero.TaskList)
		<-time.After(2 * time.Second)
		expect("a day later", taskExport, scanExport, runzero.TaskList)
		<-time.After(24 * time.Hour)
		statuses[scanExport] = http.StatusOK
		expect("after an upgrade", taskExport, scanExport)
		expect("again after an upgrade", scanExport)
		<-time.After(24 * time.Hour)
		statuses[taskExport] = http.StatusOK
		expect("after another upgrade", taskExport)
	})
}

func TestTasksThatCannotBeRead(t *testing.T) {
	every := []string{taskExport, scanExport, runzero.TaskList}
	for name, c := range map[string]struct {
		export, scans, list int
		proxy               bool
		endpoint            string
		first, then         []string
	}{
		"an export token at an old console":           {404, 404, 401, false, runzero.TaskList, every, every[2:]},
		"a licence too small for the list":            {404, 404, 403, false, runzero.TaskList, every, every[2:]},
		"an unknown organization":                     {404, 404, 404, false, runzero.TaskList, every, every},
		"a list that fails for now":                   {404, 404, 503, false, runzero.TaskList, every, every},
		"scans that fail for now":                     {404, 503, 200, false, scanExport, every[:2], every[:2]},
		"scans that are refused":                      {404, 403, 200, false, scanExport, every[:2], every[1:2]},
		"an export that is refused and not missing":   {401, 404, 200, false, taskExport, every[:1], every[:1]},
		"an expired licence":                          {402, 200, 200, false, taskExport, every[:1], every[:1]},
		"an export that fails for now and has a list": {500, 200, 200, false, taskExport, every[:1], every[:1]},
		"a proxy that finds nothing":                  {404, 200, 200, true, taskExport, every[:1], every[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			log := taskConsole(map[string]int{taskExport: c.export, scanExport: c.scans, runzero.TaskList: c.list}, c.proxy)
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

// What a completed scan's row contains is not documented.
func TestReadsCompletedScans(t *testing.T) {
	for row, want := range map[string]runzero.Task{
		`{"id":"a"}`: {ID: "a", Type: "scan", Status: "processed"},
		`{"id":"a","type":"Scan","status":"error","error":"x","recur":true}`:                                  {ID: "a", Type: "scan", Status: "error", Failed: true, Recur: true},
		`{"site_id":"s","type":null,"status":"","updated_at":1755103600}`:                                     {SiteID: "s", Type: "scan", Status: "processed", UpdatedAt: at(1755103600)},
		`{"site_name":"HQ","stats":{"change.newAssets":1}}`:                                                   {SiteName: "HQ", Type: "scan", Status: "processed", Changes: runzero.Changes{New: runzero.Known(1)}},
		`{"id":"a","type":"import","status":"processed","organization_id":"` + organization + `","name":[1]}`: {ID: "a", Type: "import", Status: "processed", OrganizationID: organization, Name: "1"},
	} {
		for _, body := range []string{"[" + row + "]", row, `{"scans":[` + row + `]}`} {
			client := serve(t, routes(map[string]string{taskExport: "404", scanExport: body}), runzero.Config{})
			tasks, err := all(client.Tasks(t.Context(), organization))
			if got := one(t, tasks, err); got != want {
				t.Errorf("%s:\ngot  %+v\nwant %+v", body, got, want)
			}
		}
	}
	client := serve(t, routes(map[string]string{taskExport: "404", scanExport: `[{"next":1}]`}), runzero.Config{})
	if _, err := all(client.Tasks(t.Context(), organization)); !errors.Is(err, runzero.ErrNotRecord) {
		t.Errorf("a row that names nothing: %v", err)
	}
}
