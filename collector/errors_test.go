package collector

import (
	"errors"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// A response that breaks off leaves no snapshot. (Package runzero tests all other faults of
// a response, for the stream that all collectors read.)
func TestTruncatedResponseFailsThePoll(t *testing.T) {
	for name, form := range forms(t) {
		t.Run(name, func(t *testing.T) {
			body := `{"id":"` + acmeID + `","organization_id":"` + acmeID + `"` + strings.Repeat(" ", 5000)
			if !form.single {
				body += "}" + body
			}
			_, err := attempt(t, form.collector, responses{form.path: {body: body, cut: true}}, form.poll)
			if err == nil || errors.Is(err, ErrUnsupported) || !form.single && !errors.Is(err, runzero.ErrTruncated) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// What the console, the licence or the credential does not give access to is unsupported,
// and the error names what is required. Other errors are not.
func TestUnsupported(t *testing.T) {
	account := Poll{Organizations: organizations()}
	forms := map[string]struct {
		path, token string
		collector   Collector
		poll        Poll
		needs       string
	}{
		"explorers":           {explorersPath, organizationToken, collectorOf(t, "explorers", defaults()), Poll{}, needsOrganization},
		"organizations":       {organizationPath, organizationToken, collectorOf(t, "organizations", defaults()), Poll{}, needsOrganization},
		"hosted zones":        {hostedZonesPath, organizationToken, collectorOf(t, "hosted_zones", defaults()), account, needsHostedZones},
		"license":             {licensePath, accountToken, collectorOf(t, "license", defaults()), account, needsAccount},
		"API keys":            {apiKeysPath, accountToken, collectorOf(t, "api_keys", defaults()), account, needsAccount},
		"account's sites":     {accountSitesPath, accountToken, accountWide(t, "sites"), account, needsAccount},
		"account's Explorers": {accountExplorersPath, accountToken, accountWide(t, "explorers"), account, needsAccount},
		"query":               {assetsPath, exportToken, Query{Name: "exposed", Of: "assets"}.collect, Poll{}, needsExport},
	}
	for name, path := range map[string]string{
		"findings": findingsPath, "wireless": wirelessPath, "directory": usersPath, "certificates": certificatesPath,
		"services": servicesPath, "software": softwarePath, "vulnerabilities": vulnerabilitiesPath,
	} {
		form := forms["query"]
		form.path, form.collector = path, collectorOf(t, name, defaults())
		forms[name] = form
	}
	// What consoles respond to a token of another kind than the endpoint takes.
	const wrongKind = `{"error":"invalid organization token: invalid account API key","possible_token_types":["client"],"provided_token_type":"organization"}`
	for name, form := range forms {
		export := form.needs == needsExport // for which no credential is of the wrong kind
		for _, test := range []struct {
			name, token string
			response    response
			unsupported bool
		}{
			{"not licensed", form.token, response{status: 403, body: `{"error":"not allowed"}`}, true},
			{"no such endpoint", form.token, response{status: 404, body: `404: Not Found`}, true},
			{"token of the wrong kind", form.token, response{status: 401, body: wrongKind}, true},
			{"token of unknown kind", unknownToken, response{status: 401, body: `{"error":"unauthorized"}`}, !export},
			{"revoked token", form.token, response{status: 401, body: `{"error":"unauthorized"}`}, false},
			{"invalid search", form.token, response{status: 422, body: `{"detail":"invalid search"}`}, false},
			{"server error", form.token, response{status: 500}, false},
			{"login page", form.token, response{body: `<html>`}, false},
		} {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				poll := form.poll
				poll.API = client(t, test.token, responses{form.path: test.response})
				_, err := attempt(t, form.collector, nil, poll)
				if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported {
					t.Fatalf("error is %v, want unsupported %v", err, test.unsupported)
				}
				if test.unsupported && !strings.Contains(err.Error(), form.needs) {
					t.Errorf("%v: does not say what is required", err)
				}
			})
		}
	}
}

// Every credential can export assets and sites: if it cannot, something is wrong.
func TestAssetsAndSitesAreNeverUnsupported(t *testing.T) {
	for name, path := range map[string]string{"assets": assetsPath, "sites": sitesPath} {
		for _, status := range []int{400, 401, 403, 404} {
			if _, err := attempt(t, collectorOf(t, name, defaults()), responses{path: {status: status}}, Poll{}); err == nil || errors.Is(err, ErrUnsupported) {
				t.Errorf("%s, %d: error is %v", name, status, err)
			}
		}
	}
}

// Consoles before December 2024 have no tasks export. They may have one of completed scans, and a task list that requires
// an organization token.
func TestUnsupportedTasks(t *testing.T) {
	c := collectorOf(t, "tasks", defaults())
	none := response{status: 404, body: "404: Not Found"}
	refused := func(status int) response { return response{status: status, body: `{"error":"not allowed"}`} }
	for _, test := range []struct {
		name                string
		export, scans, list response
		unsupported         bool
	}{
		{"token without access to the list", none, none, refused(401), true},
		{"licence without access to the list", none, none, refused(403), true},
		{"no list either", none, none, none, true},
		{"expired licence", none, none, refused(402), false},
		{"a proxy refuses the list", none, none, response{status: 403, body: "<html>"}, false},
		{"a proxy finds no export", response{status: 404, body: "not found"}, none, refused(401), false},
		{"a proxy finds no scans", none, response{status: 404}, refused(401), false},
		{"the list fails", none, none, response{status: 500}, false},
		{"the list breaks off", none, none, response{body: `[{"id":"1"},`, cut: true}, false},
		{"the export rejects the token", response{status: 401}, none, response{body: `[]`}, false},
		{"the scans reject the token", none, refused(401), response{body: `[]`}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := attempt(t, c, responses{tasksPath: test.export, scansPath: test.scans, taskListPath: test.list}, Poll{})
			if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported {
				t.Errorf("error is %v, want unsupported %v", err, test.unsupported)
			}
		})
	}
	t.Run("what has worked is not replaced", func(t *testing.T) {
		api, list := client(t, exportToken, responses{scansPath: {body: "[]"}}), `[{"id":"1","type":"scan","status":"new"}]`
		for _, path := range []string{tasksPath, scansPath, taskListPath} {
			before := collect(t, c, responses{path: {body: list}}, Poll{})
			if _, err := attempt(t, c, responses{}, Poll{Previous: &before}); err == nil || !strings.Contains(err.Error(), path+": 404") || errors.Is(err, ErrUnsupported) != (path == taskListPath) {
				t.Errorf("%s: error is %v", path, err)
			}
			// Another organization has found out that the console lacks the export.
			collect(t, c, nil, Poll{API: api})
			if _, err := attempt(t, c, nil, Poll{API: api, Previous: &before}); path == tasksPath && err == nil {
				t.Errorf("%s is replaced", path)
			}
		}
	})
	t.Run("the list is used instead", func(t *testing.T) {
		s := collect(t, c, responses{taskListPath: {body: `[{"id":"1","type":"scan","status":"new"}]`}}, Poll{})
		wantSeries(t, s, "runzero_tasks", `runzero_tasks{status="new",task_type="scan"} 1`)
	})
	t.Run("the scans are used instead", func(t *testing.T) {
		s := collect(t, c, responses{scansPath: {body: `[{"id":"1","site_id":"` + hq + `","updated_at":@-2d},{"site_name":"Plant","data_acquisition_ended_at":@-1d},
			{"id":"2","site_id":"` + hq + `","status":"error","updated_at":@-1h}]`}}, Poll{Sites: acmeSites()})
		wantSeries(t, s, "runzero_tasks", `runzero_tasks{status="processed",task_type="scan"} 2`, `runzero_tasks{status="error",task_type="scan"} 1`)
		wantSeries(t, s, "runzero_scan_last_success_timestamp_seconds",
			`runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-2d`, `runzero_scan_last_success_timestamp_seconds{site_name="Plant"} @-1d`)
		wantSeries(t, s, "runzero_scan_last_success{", `runzero_scan_last_success{site_name="HQ"} 0`, `runzero_scan_last_success{site_name="Plant"} 1`)
	})
}

// Invalid series fail the poll that made them, not a scrape.
func TestInvalidSeriesFailThePoll(t *testing.T) {
	for name, add := range map[string]func(*samples){
		"not in the catalogue": func(s *samples) { s.gauge("runzero_surprises", 1) },
		"too few labels":       func(s *samples) { s.gauge("runzero_sites", 1) },
		"duplicate series":     func(s *samples) { s.gauge("runzero_sites", 1, "Acme"); s.gauge("runzero_sites", 2, "Acme") },
		"not UTF-8":            func(s *samples) { s.gauge("runzero_sites", 1, "\xff") },
	} {
		t.Run(name, func(t *testing.T) {
			out := newSamples("sites")
			add(out)
			if s, err := out.snapshot(nil); err == nil {
				t.Errorf("no error, %d families", len(s.Families))
			}
		})
	}
}
