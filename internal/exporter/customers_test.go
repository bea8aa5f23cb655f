package exporter_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// customers is an exporter of two accounts, each with two organizations that are polled, of the same names in both.
type customers struct {
	*harness.World
	consoles map[string]*simulator.Console // by account
	handler  http.Handler
}

func newCustomers(t *testing.T, organizations string) *customers {
	t.Helper()
	c := &customers{consoles: map[string]*simulator.Console{}}
	dials, file := map[string]*simulator.Console{}, "accounts:\n"
	for i, account := range []struct{ name, address string }{{"north", harness.North}, {"south", harness.South}} {
		console := simulator.New(simulator.Options{Organizations: 2, Seed: uint64(i + 1), Assets: 20})
		c.consoles[account.name], dials[account.address] = console, console
		file += harness.Account(account.name, account.address, console.AccountToken()) + organizations
	}
	c.World = harness.Start(t, harness.Setup{Dials: harness.Pipes(t, dials), File: file})
	c.handler = web.New(web.Config{
		Logger: log.NewNopLogger(), TelemetryPath: "/metrics", Gatherer: c.Exporter, Organizations: c.Exporter.Organizations, Of: c.Exporter.Of,
	})
	c.Pass(20 * time.Minute)
	return c
}

func (c *customers) get(path string) (status int, body string) {
	recorder := httptest.NewRecorder()
	c.handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://exporter:10026"+path, nil))
	return recorder.Code, recorder.Body.String()
}

// samples are the lines of a text exposition that contain one of these texts, without comments.
func samples(exposition string, texts ...string) []string {
	var lines []string
	for line := range strings.Lines(exposition) {
		if !strings.HasPrefix(line, "#") && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(line, text) }) {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestAScrapeOfAnOrganizationHasItsSeriesAndNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomers(t, "")
		spent := c.consoles["north"].Count() + c.consoles["south"].Count()
		_, everything := c.get("/metrics")
		series := func(account, name string) string {
			return fmt.Sprintf(`{account_name=%q,`, account) + "|" + fmt.Sprintf(`org_name=%q`, name)
		}
		first, second := c.consoles["north"].Organizations()[0], c.consoles["north"].Organizations()[1]
		southern := c.consoles["south"].Organizations()[0]
		if southern.Name != first.Name || southern.ID == first.ID {
			t.Fatalf("%v and %v are to have the same name and another id", first, southern)
		}
		for _, test := range []struct {
			texts []string
			want  []string
		}{
			{[]string{first.ID}, []string{series("north", first.Name)}},
			{[]string{strings.ToUpper(first.ID)}, []string{series("north", first.Name)}},
			{[]string{southern.ID}, []string{series("south", first.Name)}},
			{[]string{first.Name}, []string{series("north", first.Name), series("south", first.Name)}},
			{[]string{southern.ID, second.ID, second.ID}, []string{series("north", second.Name), series("south", first.Name)}},
		} {
			var want []string
			for line := range strings.Lines(everything) {
				if slices.ContainsFunc(test.want, func(both string) bool {
					account, organization, _ := strings.Cut(both, "|")
					return strings.Contains(line, account) && strings.Contains(line, organization)
				}) {
					want = append(want, line)
				}
			}
			code, text := c.get("/metrics?" + url.Values{"organization": test.texts}.Encode())
			if got := samples(text, ""); code != http.StatusOK || !slices.Equal(got, want) {
				t.Errorf("%v: %d with %d series, want %d:\n%s", test.texts, code, len(got), len(want), text)
			}
			for _, family := range []string{"runzero_assets", "runzero_scan_age_seconds", "runzero_collector_success", "runzero_organization_info"} {
				if len(samples(text, family+"{")) < len(test.want) {
					t.Errorf("%v: no %s", test.texts, family)
				}
			}
		}
		demo := c.consoles["north"].Organizations()[2]
		for _, text := range []string{demo.Name, demo.ID, strings.ToUpper(first.Name), "", "x"} {
			code, body := c.get("/metrics?organization=" + url.QueryEscape(text) + "&organization=" + first.ID)
			if code != http.StatusNotFound || strings.Count(body, "\n") != 1 {
				t.Errorf("%q: %d %s", text, code, body)
			}
		}
		if n := c.consoles["north"].Count() + c.consoles["south"].Count(); n != spent {
			t.Errorf("scrapes made %d calls", n-spent)
		}
	})
}

// What service discovery lists can be scraped, and together that is every series of an organization.
func TestEachTargetOfServiceDiscoveryIsAnOrganization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomers(t, "")
		_, body := c.get("/sd/organizations")
		var targets []struct {
			Targets []string
			Labels  map[string]string
		}
		if err := json.Unmarshal([]byte(body), &targets); err != nil || len(targets) != 4 {
			t.Fatalf("%v: %s", err, body)
		}
		var all []string
		for _, target := range targets {
			code, text := c.get("/metrics?" + url.Values{"organization": {target.Labels["__param_organization"]}}.Encode())
			theirs := samples(text, fmt.Sprintf(`org_name=%q`, target.Labels["__meta_runzero_org_name"]))
			if code != http.StatusOK || len(theirs) == 0 || !slices.Equal(target.Targets, []string{"exporter:10026"}) {
				t.Errorf("%v: %d %s", target, code, text)
			}
			all = append(all, theirs...)
		}
		_, everything := c.get("/metrics")
		want := slices.DeleteFunc(samples(everything, `org_name="`), func(line string) bool {
			// What is the account's, and API keys of organizations that are not polled.
			return strings.Contains(line, `org_name=""`) || strings.Contains(line, `org_name="other"`)
		})
		slices.Sort(all)
		slices.Sort(want)
		if !slices.Equal(all, want) {
			t.Errorf("%d series of the targets, %d of everything", len(all), len(want))
		}
	})
}

// Labels are on runzero_organization_info at once, also where it comes from the cache, and no label costs a call.
func TestLabelsOfOrganizationsCostNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		north, south := simulator.New(simulator.Options{Organizations: 2, Assets: 5}), simulator.New(simulator.Options{Organizations: 1, Seed: 2, Assets: 5})
		first, second := north.Organizations()[0], north.Organizations()[1]
		file := func(labels string) string {
			return "accounts:\n" + harness.Account("north", harness.North, north.AccountToken()) + labels +
				harness.Account("south", harness.South, south.OrganizationToken(0))
		}
		w := harness.Start(t, harness.Setup{
			Dials: harness.Pipes(t, map[string]*simulator.Console{harness.North: north, harness.South: south}), CacheDir: t.TempDir(), File: file(""),
			Flags: func(f *config.Flags) { delete(f.Collectors, "tasks") }, // whose history takes time
		})
		w.Pass(20 * time.Minute)
		expect := func(when string, labels ...string) {
			t.Helper()
			info := w.Values("runzero_organization_info", "account_name", "org_name", "customer", "team")
			if len(info) != 3 {
				t.Errorf("%s: %v", when, info)
			}
			for i, organization := range []string{"north/" + first.Name, "north/" + second.Name, "south/" + south.Organizations()[0].Name} {
				if _, ok := info[organization+labels[i]]; !ok {
					t.Errorf("%s: no %s in %v", when, organization+labels[i], info)
				}
			}
			if text := w.Text("runzero_"); strings.Count(text, "customer=") > 3 {
				t.Errorf("%s: other families have labels:\n%s", when, text)
			}
		}
		reload := func(labels string) {
			t.Helper()
			w.WriteFile(file(labels))
			before := north.Count() + south.Count()
			if err := w.Reload(); err != nil {
				t.Fatal(err)
			}
			w.Pass(time.Second)
			if n := north.Count() + south.Count(); n != before {
				t.Errorf("the reload made %d calls", n-before)
			}
		}
		expect("without labels", "", "", "")

		entries := fmt.Sprintf(`    organizations:
      labels:
        - {organization: %q, labels: {customer: Initech, team: emea}}
        - {organization: %s, labels: {customer: Globex}}
`, first.Name, strings.ToUpper(second.ID))
		reload(entries)
		expect("after a reload", "/Initech/emea", "/Globex/", "//")

		reload("")
		expect("without labels again", "", "", "")

		reload(entries + "        - {organization: Umbrella, labels: {customer: Umbrella}}\n")
		reload(entries + "        - {organization: Umbrella, labels: {customer: Umbrella Inc.}}\n")
		w.Pass(70 * time.Minute) // with discoveries
		expect("hours later", "/Initech/emea", "/Globex/", "//")
		if lines := w.Log.Lines("labels are configured for organizations that are not polled"); len(lines) != 1 || !strings.Contains(lines[0], "Umbrella") {
			t.Errorf("logged %q", lines)
		}

		before := north.Count() + south.Count()
		w.WriteFile(file(strings.ReplaceAll(entries, "Globex", "Hooli")))
		w.Stop()
		w.Restart()
		expect("after a restart with other labels", "/Initech/emea", "/Hooli/", "//")
		if n := north.Count() + south.Count() - before; n > 4 {
			t.Errorf("the restart made %d calls", n)
		}
	})
}
