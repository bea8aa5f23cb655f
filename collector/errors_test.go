package collector

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Whatever is wrong with an answer, and wherever in it: nothing of it is used.
func TestHalfAnAnswerIsNoAnswer(t *testing.T) {
	good := `{"id":"1","organization_id":"` + acmeID + `"}`
	const foreign, refusal = "a record of another organization", "a refusal"
	tests := []struct {
		name   string
		answer answer
		want   error // nil: any
	}{
		{"it breaks off between records", answer{body: good + good, cut: true}, runzero.ErrTruncated},
		{"it breaks off within one", answer{body: good + `{"id":"2","na`, cut: true}, runzero.ErrTruncated},
		{"it ends within one", answer{body: good + `{"id":"2","na`}, runzero.ErrTruncated},
		{"an array ends early", answer{body: `[` + good + `,`}, runzero.ErrTruncated},
		{"an error in the middle", answer{body: good + `{"error":"database is locked"}` + good}, runzero.ErrNotRecord},
		{foreign, answer{body: good + `{"id":"2","organization_id":"5ffe8ffb-0000-4000-8000-000000000002"}`}, runzero.ErrWrongOrganization},
		{"broken JSON", answer{body: good + `{"id":]`}, runzero.ErrNotJSON},
		{"a login page", answer{body: `<html><title>Sign in</title></html>`}, runzero.ErrNotData},
		{"a number", answer{body: good + `42`}, runzero.ErrNotRecord},
		{refusal, answer{status: http.StatusForbidden, body: `{"error":"not allowed"}`}, nil},
		{"a failure", answer{status: http.StatusInternalServerError}, nil},
		{"the quota", answer{status: http.StatusTooManyRequests}, nil},
	}
	ofAcme, accountRows := Poll{Sites: acmeSites()}, Poll{Organizations: account()}
	for _, form := range []struct {
		name, path string
		collector  Collector
		poll       Poll
		optional   bool // a refusal says that it is not there
	}{
		{"assets", assetsPath, made(t, "assets", defaults()), ofAcme, false},
		{"sites", sitesPath, made(t, "sites", defaults()), ofAcme, false},
		{"tasks", tasksPath, made(t, "tasks", defaults()), ofAcme, false},
		{"explorers", explorersPath, made(t, "explorers", defaults()), ofAcme, true},
		{"query", assetsPath, NewQuery(Query{Name: "q", Of: "assets"}), ofAcme, true},
		{"hosted zones", hostedZonesPath, made(t, "hosted_zones", defaults()), accountRows, true},
		{"account's sites", accountSitesPath, wide(t, "sites"), accountRows, true},
		{"account's Explorers", accountExplorersPath, wide(t, "explorers"), accountRows, true},
		{"findings", findingsPath, made(t, "findings", defaults()), ofAcme, true},
		{"wireless", wirelessPath, made(t, "wireless", defaults()), ofAcme, true},
		{"directory", usersPath, made(t, "directory", defaults()), ofAcme, true},
		{"certificates", certificatesPath, made(t, "certificates", defaults()), ofAcme, true},
		{"services", servicesPath, made(t, "services", defaults()), ofAcme, true},
		{"software", softwarePath, made(t, "software", defaults()), ofAcme, true},
		{"vulnerabilities", vulnerabilitiesPath, made(t, "vulnerabilities", defaults()), ofAcme, true},
	} {
		for _, test := range tests {
			if test.name == foreign && strings.HasPrefix(form.path, "/account/") {
				continue // rows of all organizations are what was asked for
			}
			t.Run(form.name+"/"+test.name, func(t *testing.T) {
				s, err := try(t, form.collector, answers{form.path: test.answer}, form.poll)
				if err == nil || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("error is %v, want %v", err, test.want)
				}
				if errors.Is(err, ErrUnsupported) != (test.name == refusal && form.optional) {
					t.Errorf("%v: may that pass?", err)
				}
				if s.Families != nil || s.Sites != nil {
					t.Errorf("there is a snapshot of %d families", len(s.Families))
				}
				if err != nil && strings.Contains(err.Error(), "locked") {
					t.Errorf("the error repeats what the body holds: %v", err)
				}
			})
		}
	}
}

// A console from before the tasks export, asked with an export token: no answer ever.
func TestTasksMayNotBeSupported(t *testing.T) {
	c := made(t, "tasks", defaults())
	for _, test := range []struct {
		name        string
		export      answer
		list        answer
		unsupported bool
	}{
		{"the token is too small", answer{status: 404}, answer{status: 401}, true},
		{"the licence is too small", answer{status: 404}, answer{status: 403}, true},
		{"neither exists", answer{status: 404}, answer{status: 404}, true},
		{"the list fails", answer{status: 404}, answer{status: 500}, false},
		{"the list breaks off", answer{status: 404}, answer{body: `[{"id":"1"},`, cut: true}, false},
		{"the export refuses the token", answer{status: 401}, answer{body: `[]`}, false},
		{"the export refuses the licence", answer{status: 403}, answer{body: `[]`}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := try(t, c, answers{tasksPath: test.export, listPath: test.list}, Poll{})
			if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported {
				t.Errorf("error is %v, want unsupported %v", err, test.unsupported)
			}
		})
	}
	t.Run("the list answers instead", func(t *testing.T) {
		s := collect(t, c, answers{listPath: {body: `[{"id":"1","type":"scan","status":"new"}]`}}, Poll{})
		wantSeries(t, s, "runzero_tasks", `runzero_tasks{status="new",task_type="scan"} 1`)
	})
}

// A metric that the catalogue does not know fails the poll that made it, and not a
// scrape.
func TestSamplesAreHeldToTheCatalogue(t *testing.T) {
	for name, add := range map[string]func(*samples){
		"not in the catalogue": func(s *samples) { s.gauge("runzero_surprises", 1) },
		"too few labels":       func(s *samples) { s.gauge("runzero_sites", 1) },
		"a series twice":       func(s *samples) { s.gauge("runzero_sites", 1, "Acme"); s.gauge("runzero_sites", 2, "Acme") },
		"not UTF-8":            func(s *samples) { s.gauge("runzero_sites", 1, "\xff") },
	} {
		t.Run(name, func(t *testing.T) {
			out := &samples{descs: descs("sites")}
			add(out)
			if families, err := out.snapshot(nil); err == nil {
				t.Errorf("no error, %d families", len(families.Families))
			}
		})
	}
}

// Bounds are on what an answer can make this program keep.
func TestTooManyOfAnythingIsAnError(t *testing.T) {
	many := func(n int, row func(i int) string) string {
		var body strings.Builder
		for i := range n {
			body.WriteString(row(i))
		}
		return body.String()
	}
	for _, test := range []struct{ collector, path, body, want string }{
		{"assets", assetsPath, many(maxSites+1, func(i int) string { return `{"id":"1","site_id":"` + uuid(i) + `"}` }), "sites"},
		{"tasks", tasksPath, many(maxSites+1, func(i int) string { return `{"id":"1","type":"scan","status":"new","site_id":"` + uuid(i) + `"}` }), "sites"},
		{"tasks", tasksPath, many(maxSchedules+1, func(i int) string { return `{"id":"` + uuid(i) + `","type":"scan","status":"active","recur":true}` }), "recurring scans"},
		{"explorers", explorersPath, many(maxExplorers+1, func(i int) string { return `{"id":"` + uuid(i) + `","inactive":true}` }), "Explorers"},
		{"hosted_zones", hostedZonesPath, many(maxHostedZones+1, func(i int) string { return `{"id":"` + uuid(i) + `"}` }), "hosted zones"},
		{"wireless", wirelessPath, many(maxSites+1, func(i int) string { return `{"id":"1","site_id":"` + uuid(i) + `"}` }), "sites"},
		{"vulnerabilities", vulnerabilitiesPath, many(maxSites+1, func(i int) string { return `{"id":"1","site_id":"` + uuid(i) + `"}` }), "sites"},
	} {
		t.Run(test.collector+" of many "+test.want, func(t *testing.T) {
			poll := Poll{}
			if test.collector == "hosted_zones" {
				poll.Organizations = account()
			}
			_, err := try(t, made(t, test.collector, defaults()), answers{test.path: {body: test.body}}, poll)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
