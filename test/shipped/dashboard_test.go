package shipped_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

const smallBoard = "dashboards/runzero-small.json"

func inBoard(old, now, finding string) change {
	return change{file: smallBoard, old: old, now: now, finding: finding}
}

func TestDashboardAsAWhole(t *testing.T) {
	finds(t, []change{
		inBoard(`"uid": "runzero-small",`, `"uid": "runzero-small"`, "is no dashboard"),
		inBoard(`"version": 1`, `"__inputs": []`, `"__inputs"`),
		inBoard(`"version": 1`, `"__requires": []`, `"__requires"`),
		inBoard(`"version": 1`, `"Version": 1`, `"Version"`),
		inBoard(`"version": 1`, `"version": 1, "version": 1`, "duplicate"),
		inBoard(`"version": 1`, `"version": "1"`, "is no dashboard"),
		inBoard(`"gridPos"`, `"gridpos"`, `"gridpos"`),
		inBoard(`"uid": "runzero-small"`, `"uid": "runzero-smaller"`, `is not called like its uid, "runzero-smaller"`),
		inBoard(`"uid": "runzero-small"`, `"uid": "small"`, `uid "small" is not 8 to 40`),
		inBoard(`"id": null`, `"id": 7`, "id is not null"),
		inBoard(`"id": null,`, ``, "id is not null"),
		inBoard(`"title": "runZero / Small"`, `"title": ""`, "has no title or no description"),
		inBoard(`"schemaVersion": 42`, `"schemaVersion": 39`, "schemaVersion is 39, not 42"),
		inBoard(`"editable": false`, `"editable": true`, "is editable"),
		inBoard(`"editable": false,`, ``, "is editable"),
		inBoard(`"tags": ["runzero"],
  "schema`, `"tags": ["runZero"], "schema`, "has no tag runzero"),
		inBoard(`"includeVars": true`, `"includeVars": false`, "does not link to the dashboards with the tag"),
		inBoard(`"keepTime": true`, `"keepTime": false`, "does not link to the dashboards with the tag"),
		inBoard(`"uid": "${datasource}"}, "enable"`, `"uid": "prom"}, "enable"`, "annotation Restarts does not ask"),
		inBoard(`"uid": "${datasource}"}, "enable"`, `"uid": "prom"}, "enable"`, `has the uid "prom"`),
		inBoard(`"expr": "up"`, `"expr": "uptime"`, `annotation Restarts: there is no series "uptime"`),
		inBoard(`runzero_scan_max_age_seconds, and`, `runzero_scan_max_age, and`, "there is no metric runzero_scan_max_age"),
		inBoard(`--cache.interval.`, `--cache.intervals.`, "there is no flag --cache.intervals"),
		inBoard(`/d/runzero-small?`, `/d/runzero-large?`, "there is no dashboard runzero-large"),
		inBoard(`var-org_name=`, `var-organization=`, "runzero-small has no variable organization"),
		inBoard(`/d/runzero-small?`, `https://example.com/d/runzero-small?`, "links to something else than a dashboard"),
	})
}

func TestDashboardVariables(t *testing.T) {
	finds(t, []change{
		inBoard(`"name": "datasource"`, `"name": "ds"`, "has not exactly one variable of the type datasource"),
		inBoard(`"query": "prometheus"}`, `"query": "loki"}`, "has not exactly one variable of the type datasource"),
		inBoard(`"name": "datasource"`, `"name": "ds"`, "uses the variable datasource, which it does not declare"),
		inBoard(`"refresh": 2, "multi": true, "includeAll": true
`, `"refresh": 1, "multi": true, "includeAll": true
`, "variable job: refresh is 1, not 2"),
		inBoard(`"name": "org_name", "label"`, `"name": "job", "label"`, "declares the variable job twice"),
		inBoard(`"label": "Organization"`, `"label": ""`, "variable org_name: has no label"),
		inBoard(`"label": "Job", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"}`,
			`"label": "Job", "type": "query"`, "variable job: does not ask ${datasource}"),
		inBoard(`label_values(runzero_up, job)`, `label_values(job)`, "query is not label_values(series, label)"),
		inBoard(`label_values(runzero_up, job)`, `label_values(runzero_down, job)`, `there is no series "runzero_down"`),
		inBoard(`label_values(runzero_up, job)`, `label_values(runzero_up, jobs)`, "runzero_up has no label jobs"),
		inBoard(`org_name=~\"$org_name\"`, `org_name!=\"\"`, "declares the variable org_name and does not use it"),
		inBoard(`org_name=~\"$org_name\"`, `org_name=~\"$organization\"`, "uses the variable organization, which it does not declare"),
		inBoard(`org_name=~\"$org_name\"`, `org_name=~\"${organization:regex}\"`, "uses the variable organization"),
		inBoard(`org_name=~\"$org_name\"`, `org_name=~\"[[organization]]\"`, "uses the variable organization"),
		inBoard(`$__rate_interval`, `$__rate_intervall`, "uses the variable __rate_intervall"),
		inBoard(`org_name=~\"$org_name\"`, `org_name=\"$org_name\"`, "use =~"),
	})
}

func TestDashboardPanels(t *testing.T) {
	finds(t, []change{
		inBoard(`"id": 3`, `"id": 2`, `panel Calls has the id 2, like "Sites"`),
		inBoard(`"id": 5`, `"id": 0`, "panel Organizations has the id 0"),
		inBoard(`{"x": 12, "y": 1, "w": 12`, `{"x": 13, "y": 1, "w": 12`, "panel Calls is not within 24 columns"),
		inBoard(`{"x": 12, "y": 1, "w": 12`, `{"x": 11, "y": 4, "w": 12`, "panel Calls lies over Sites"),
		inBoard(`{"x": 12, "y": 1, "w": 12`, `{"x": 12, "y": 1, "w": 0`, "panel Calls is not within 24 columns"),
		inBoard(`"type": "stat"`, `"type": "singlestat"`, `panel Sites: is of the type "singlestat", which is not used`),
		inBoard(`"description": "How many sites there are."`, `"description": ""`, "panel Sites: has no title or no description"),
		inBoard(`"unit": "locale",`, ``, `panel Sites: has the unit ""`),
		inBoard(`"unit": "none"`, `"unit": "calls"`, `panel Calls: has the unit "calls"`),
		inBoard(`"unit", "value": "s"`, `"unit", "value": "secs"`, `panel Organizations: has an override with the unit "secs"`),
		inBoard(`"id": "custom.width"`, `"id": "custom.wide"`, "has an override of custom.wide"),
		inBoard(`"id": "custom.width"`, `"id": "width"`, "has an override of width"),
		inBoard(`{"id": "byName", "options": "Age"}`, `{"id": "byname", "options": "Age"}`, `has an override by "byname"`),
		inBoard(`"fillOpacity"`, `"fillopacity"`, "Grafana knows no custom.fillopacity of it"),
		inBoard(`"colorMode"`, `"colourMode"`, "Grafana knows no options.colourMode of it"),
		inBoard(`{"color": "text", "value": null}`, `{"color": "text", "value": 0}`, "the first has the value null, and only that"),
		inBoard(`{"color": "red", "value": 9}`, `{"color": "red", "value": null}`, "the first has the value null, and only that"),
		inBoard(`{"color": "red", "value": 9}`, `{"color": "red", "value": -1}`, "thresholds do not ascend"),
		inBoard(`{"color": "yellow", "value": 1}`, `{"colour": "yellow", "value": 1}`, "thresholds that cannot be read"),
		inBoard(`"refId": "B"`, `"refId": "A"`, `has no or several queries "A"`),
		inBoard(`"instant": true, "format": "time_series"`, `"format": "time_series"`, "query A: must be either instant or range"),
		inBoard(`"instant": true, "format": "table"`, `"instant": true, "format": "time_series"`, `format is "time_series", not "table"`),
		inBoard(`"refId": "A", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "range"`, `"refId": "A", "range"`,
			"panel Calls: query A: does not ask ${datasource}"),
		inBoard(`"description": "What the exporters ask.",
      "datasource": {"type": "prometheus", "uid": "${datasource}"}`, `"description": "x",
      "datasource": {"type": "loki", "uid": "${datasource}"}`, "panel Calls: does not ask ${datasource}"),
		inBoard(`"id": "merge"`, `"id": "mrege"`, `has the transformation "mrege"`),
	})
}

func TestDashboardPanelThatAsksNothing(t *testing.T) {
	files := small(t)
	text := string(files[smallBoard].Data)
	begin := strings.Index(text, `"targets": [`)
	end := begin + strings.Index(text[begin:], `"fieldConfig"`)
	files[smallBoard] = &fstest.MapFile{Data: []byte(text[:begin] + `"targets": [], ` + text[end:])}
	if found := foundIn(t, files, nil); !slices.ContainsFunc(found, func(f string) bool { return strings.HasSuffix(f, "panel Sites: asks nothing") }) {
		t.Errorf("it found %q", found)
	}
}

func TestDashboardQueries(t *testing.T) {
	finds(t, []change{
		inBoard(`rate(runzero_api_requests_total{`, `rate(runzero_api_request_total{`, `panel Calls: query A: there is no series "runzero_api_request_total"`),
		inBoard(`sum by (endpoint)`, `sum by (endpoints)`, "does not have: endpoints"),
		inBoard(`sum(max by (account_name, org_name) (`, `sum((`, "sum counts what several exporters say alike"),
		inBoard(`[$__rate_interval]`, `[5m]`, "panel Calls: query A: takes a rate over a fixed time"),
		inBoard(`[$__range]`, `[$__interval]`, "panel Calls: query B: takes a rate over a fixed time"),
		inBoard(`calls of {{endpoint}}`, `calls of {{target}}`, `has the legend "calls of {{target}}", but no label target`),
		inBoard(`calls of {{endpoint}}`, `calls`, `gives several series the legend "calls": they differ in endpoint`),
	})
}

func TestDashboardTables(t *testing.T) {
	finds(t, []change{
		inBoard(`{"Value": true}`, `{"Value #A": true}`, "panel Versions: organizes columns that are not there: Value #A"),
		inBoard(`"org_name": 0`, `"organization": 0`, "organizes columns that are not there: organization"),
		inBoard(`"Value #B": 2`, `"Value #C": 2`, "organizes columns that are not there: Value #C"),
		inBoard(`"options": "Age"`, `"options": "age"`, `overrides the column "age"`),
		inBoard(`"Value #B": "Sites"`, `"Value #B": "Age"`, "gives two columns the name Age"),
		inBoard(`"displayName": "Age"`, `"displayName": "Value #A"`, `sorts by the column "Value #A"`),
		inBoard(`__data.fields.Organization`, `__data.fields.Site`, `links with the column "Site"`),
		inBoard(`"renameByName"`, `"renameByname"`, "organize cannot be read"),
		inBoard(`"sortBy": [{"displayName": "Age", "desc": true}]`, `"sortBy": "Age"`, "options.sortBy cannot be read"),
	})
}

// A rate over a fixed time has its reason written down, for as long as there is one.
func TestDashboardFixedWindows(t *testing.T) {
	fixed := small(t)
	fixed[smallBoard] = &fstest.MapFile{Data: []byte(strings.Replace(string(fixed[smallBoard].Data), "[$__rate_interval]", "[6h]", 1))}
	for _, test := range []struct {
		files   fstest.MapFS
		windows shipped.Windows
		finding string
	}{
		{files: fixed, windows: shipped.Windows{"runzero-small": {"Calls": "they are rare"}}},
		{fixed, shipped.Windows{"runzero-small": {"Calls": ""}}, "takes a rate over a fixed time"},
		{fixed, shipped.Windows{"runzero-other": {"Calls": "they are rare"}}, "there is no dashboard runzero-other"},
		{small(t), shipped.Windows{"runzero-small": {"Calls": "they are rare"}}, "needs no fixed time for its rates any more"},
		{small(t), shipped.Windows{"runzero-small": {"Cales": "they are rare"}}, `there is no panel "Cales"`},
	} {
		found := foundIn(t, test.files, test.windows)
		if test.finding == "" && len(found) > 0 ||
			test.finding != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, test.finding) }) {
			t.Errorf("with %v it found %q, not %q", test.windows, found, test.finding)
		}
	}
}
