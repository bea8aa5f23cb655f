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

// Consoles before December 2024 have no tasks export, and their task list requires an organization token.
func TestUnsupportedTasks(t *testing.T) {
	c := collectorOf(t, "tasks", defaults())
	for _, test := range []struct {
		name         string
		export, list response
		unsupported  bool
	}{
		{"token without access to the list", response{status: 404}, response{status: 401}, true},
		{"licence without access to the list", response{status: 404}, response{status: 403}, true},
		{"the list fails", response{status: 404}, response{status: 500}, false},
		{"the list breaks off", response{status: 404}, response{body: `[{"id":"1"},`, cut: true}, false},
		{"the export rejects the token", response{status: 401}, response{body: `[]`}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := attempt(t, c, responses{tasksPath: test.export, taskListPath: test.list}, Poll{})
			if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported {
				t.Errorf("error is %v, want unsupported %v", err, test.unsupported)
			}
		})
	}
	t.Run("the list is used instead", func(t *testing.T) {
		s := collect(t, c, responses{taskListPath: {body: `[{"id":"1","type":"scan","status":"new"}]`}}, Poll{})
		wantSeries(t, s, "runzero_tasks", `runzero_tasks{status="new",task_type="scan"} 1`)
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
