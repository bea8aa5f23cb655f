package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// simulated is one organization of a simulated console, polled as internal/poller does.
type simulated struct {
	*simulator.Console
	t      *testing.T
	number int
	org    simulator.Organization
	poll   Poll
}

// list asks the console itself, as the account, for what it lists; in an object that is
// the only row.
func (s *simulated) list(path string) []map[string]any {
	s.t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/api/v1.0"+path+"?_oid="+s.org.ID, nil)
	request.Header.Set("Authorization", "Bearer "+s.AccountToken())
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	body := recorder.Body.String()
	if !strings.HasPrefix(body, "[") {
		body = "[" + body + "]"
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(body), &rows); err != nil || recorder.Code != http.StatusOK || len(rows) == 0 {
		s.t.Fatalf("%s: %d, %d rows, %v", path, recorder.Code, len(rows), err)
	}
	return rows
}

// number reads a count, be it a string.
func number(t *testing.T, v any) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// all is the poll of the whole account.
func (s *simulated) all() Poll {
	poll := Poll{API: s.poll.API, Organizations: map[string]string{}, Now: noon}
	for _, org := range s.Organizations() {
		poll.Organizations[org.ID] = org.Name
	}
	return poll
}

func (s *simulated) collect(name string, settings Settings) Snapshot {
	s.t.Helper()
	return s.collectPoll(made(s.t, name, settings), s.poll)
}

func (s *simulated) collectPoll(c Collector, poll Poll) Snapshot {
	s.t.Helper()
	snapshot, err := c.Collect(context.Background(), poll)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, problem := range problems(s.t, snapshot.Families) {
		s.t.Error(problem)
	}
	return snapshot
}

// by is a family of gauges by the value of a label, summed over all others.
func by(s Snapshot, family, label string) map[string]float64 {
	sums := map[string]float64{}
	eachSample(s.Families, family, func(value float64, labels map[string]string) { sums[labels[label]] += value })
	return sums
}

func equal(t *testing.T, what string, got, want map[string]float64) {
	t.Helper()
	for name, n := range want {
		if n == 0 {
			delete(want, name)
		}
	}
	for name, n := range got {
		if n == 0 {
			delete(got, name)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: exported %v, there are %v", what, got, want)
	}
}

// each polls every organization, of a console that writes counts as numbers and of one
// that writes them as strings.
func each(t *testing.T, f func(*simulated)) {
	for _, stringCounts := range []bool{false, true} {
		console := simulator.New(simulator.Options{Seed: 7, Now: func() time.Time { return noon }, Assets: 600, Organizations: 3, StringCounts: stringCounts})
		client := client(t, console.AccountToken(), console)
		for i, org := range console.Organizations() {
			t.Run(fmt.Sprintf("%s, counts as strings %v", org.Name, stringCounts), func(t *testing.T) {
				s := &simulated{Console: console, t: t, number: i, org: org,
					poll: Poll{API: client, Organization: Organization{ID: org.ID, Name: org.Name}, Now: noon}}
				s.poll.Sites = s.collect("sites", defaults()).Sites
				f(s)
			})
		}
	}
}

func TestAssetsAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		settings := defaults()
		settings.AssetTop = 1000
		got := s.collect("assets", settings)
		types, oses, sites, alive, risks, sources := map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}
		services, software, vulnerabilities := map[string]float64{}, map[string]float64{}, map[string]float64{}
		var ages, n float64
		for a := range s.Assets(s.number) {
			types[Label(a.Type)]++
			oses[Label(a.OS)]++
			sites[a.SiteName]++
			alive[fmt.Sprint(a.Alive)]++
			risks[a.Risk]++
			for _, source := range a.Sources {
				sources[source]++
			}
			services[a.SiteName] += float64(a.Services)
			software[a.SiteName] += float64(a.Software)
			vulnerabilities[a.SiteName] += float64(a.Vulnerabilities)
			ages += noon.Sub(time.Unix(a.LastSeen, 0)).Seconds()
			n++
		}
		if n == 0 {
			s.t.Error("the console has no assets: nothing is proved")
		}
		equal(s.t, "types", by(got, "runzero_assets", "asset_type"), types)
		equal(s.t, "systems", by(got, "runzero_assets", "os"), oses)
		equal(s.t, "sites", by(got, "runzero_assets", "site_name"), sites)
		equal(s.t, "alive", by(got, "runzero_assets", "alive"), alive)
		equal(s.t, "risks", by(got, "runzero_assets_by_risk", "risk"), risks)
		equal(s.t, "sources", by(got, "runzero_assets_by_source", "source"), sources)
		equal(s.t, "services", by(got, "runzero_services", "site_name"), services)
		equal(s.t, "software", by(got, "runzero_software", "site_name"), software)
		equal(s.t, "vulnerabilities", by(got, "runzero_vulnerabilities", "site_name"), vulnerabilities)
		for _, family := range got.Families {
			if family.GetName() == "runzero_asset_last_seen_age_seconds" {
				if h := family.GetMetric()[0].GetHistogram(); h.GetSampleSum() != ages || float64(h.GetSampleCount()) != n {
					s.t.Errorf("ages of %d assets are %v together, want %v of %v", h.GetSampleCount(), h.GetSampleSum(), ages, n)
				}
			}
		}
	})
}

func TestSitesAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("sites", defaults())
		if n := total(got, "runzero_sites"); n != float64(len(s.org.Sites)) {
			s.t.Errorf("%v sites, want %d", n, len(s.org.Sites))
		}
		ids, all, live := map[string]float64{}, map[string]float64{}, map[string]float64{}
		for _, site := range s.org.Sites {
			ids[site.ID]++
		}
		for a := range s.Assets(s.number) {
			all[a.SiteName]++
			if a.Alive {
				live[a.SiteName]++
			}
		}
		equal(s.t, "ids", by(got, "runzero_site_info", "site_id"), ids)
		inState := func(state string) map[string]float64 {
			of := map[string]float64{}
			eachSample(got.Families, "runzero_site_assets", func(value float64, labels map[string]string) {
				if labels["state"] == state {
					of[labels[siteLabel]] = value
				}
			})
			return of
		}
		equal(s.t, "assets", inState("all"), all)
		equal(s.t, "live assets", inState("live"), live)
	})
}

// The first organization has a site whose scans began to fail, and one that is never
// scanned; all other sites are scanned in time.
func TestScansAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("tasks", defaults())
		success, last, most := by(got, "runzero_scan_last_success_timestamp_seconds", siteLabel), by(got, "runzero_scan_last_success", siteLabel), by(got, "runzero_scan_max_age_seconds", siteLabel)
		for i, site := range s.org.Sites {
			if most[site.Name] != (7 * day).Seconds() {
				s.t.Errorf("%s: a good scan may get %v seconds old", site.Name, most[site.Name])
			}
			at, scanned := success[site.Name]
			age := float64(noon.Unix()) - at
			switch n := len(s.org.Sites); {
			case s.number == 0 && i == n-1:
				if _, tried := last[site.Name]; scanned || tried {
					s.t.Errorf("%s is never scanned, and was %v seconds ago", site.Name, age)
				}
			case s.number == 0 && i == n-2:
				if !scanned || age < (11*day).Seconds() || last[site.Name] != 0 {
					s.t.Errorf("%s is stale, and was scanned %v seconds ago; success %v", site.Name, age, last[site.Name])
				}
			default:
				if !scanned || age < 0 || age > (16*day).Seconds() {
					s.t.Errorf("%s was scanned %v seconds ago", site.Name, age)
				}
			}
		}
		if s.number == 0 {
			failing := by(got, "runzero_scan_schedule_failing", "schedule")
			paused := by(got, "runzero_scan_schedule_paused", "schedule")
			next := by(got, "runzero_scan_schedule_next_run_timestamp_seconds", "schedule")
			ran := by(got, "runzero_scan_schedule_last_run_timestamp_seconds", "schedule")
			equal(s.t, "failing schedules", failing, map[string]float64{"Guest Wi-Fi sweep": 1})
			equal(s.t, "paused schedules", paused, map[string]float64{"Quarterly deep scan (paused)": 1})
			if _, ok := next["Quarterly deep scan (paused)"]; ok {
				s.t.Error("a paused schedule has a next run")
			}
			if _, ok := ran["Change-freeze sweep"]; ok || next["Change-freeze sweep"] <= float64(noon.Unix()) {
				s.t.Errorf("the schedule that never ran is due at %v", next["Change-freeze sweep"])
			}
			equal(s.t, "integrations", by(got, "runzero_integration_last_success", "integration"), map[string]float64{"CrowdStrike sync": 1, "Azure AD sync": 0})
		}
	})
}
