package collector

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Something is forgotten when a second poll, at the next interval, misses it too.
func TestMissing(t *testing.T) {
	const interval = time.Hour
	missing := Missing{}
	now := noon
	for _, step := range []struct {
		after         time.Duration
		known, absent string // one letter each
		want          string
	}{
		{0, "abc", "", ""},
		{interval, "abc", "b", "b"},
		{interval / 4, "abc", "ab", "ab"}, // a poll out of turn
		{interval, "abc", "abc", "c"},     // a and b are forgotten
		{interval, "c", "", ""},           // and c is back
		{interval, "c", "c", "c"},
		{-24 * interval, "c", "c", "c"}, // the clock was a day ahead
		{interval, "c", "c", ""},
	} {
		now = now.Add(step.after)
		present := func(id string) bool { return !strings.Contains(step.absent, id) }
		missing = missing.After(slices.Values(strings.Split(step.known, "")), present, now, interval)
		if got := strings.Join(slices.Sorted(maps.Keys(missing)), ""); got != step.want {
			t.Errorf("%s known, %s absent: %s missing, want %s", step.known, step.absent, got, step.want)
		}
	}
}

func TestMissingSitesKeepTheirSeries(t *testing.T) {
	site := func(organization, id, name string, assets int) string {
		return fmt.Sprintf(`{"id":%q,"organization_id":%q,"name":%q,"asset_count":%d}`, id, organization, name, assets)
	}
	both := site(acmeID, hq, "HQ", 1) + "," + site(acmeID, plant, "Plant", 2)
	assets := func(site string, n int) string {
		return fmt.Sprintf(`runzero_site_assets{site_name=%q,state="all"} %d`, site, n)
	}
	steps := []struct {
		rows           string
		sites, missing float64
		want           []string
	}{
		{both, 2, 0, []string{assets("HQ", 1), assets("Plant", 2)}},
		{site(acmeID, hq, "HQ", 1), 2, 1, []string{assets("HQ", 1), assets("Plant", 2)}},
		{both, 2, 0, []string{assets("HQ", 1), assets("Plant", 2)}},
		{site(acmeID, hq, "HQ", 1) + "," + site(acmeID, lab, "Plant", 3), 3, 1, []string{assets("HQ", 1), assets("Plant (b7b2287e)", 2), assets("Plant (c7b2287e)", 3)}},
		{site(acmeID, hq, "HQ", 1), 2, 1, []string{assets("HQ", 1), assets("Plant", 3)}}, // one is forgotten, the other missing
		{site(acmeID, hq, "HQ", 1), 1, 0, []string{assets("HQ", 1)}},
	}
	for name, form := range map[string]struct {
		collector Collector
		path      string
		poll      Poll
	}{
		"sites":           {collectorOf(t, "sites", defaults()), sitesPath, Poll{}},
		"account's sites": {accountWide(t, "sites"), accountSitesPath, Poll{Organizations: map[string]string{acmeID: "Acme"}, Others: map[string]bool{otherID: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			poll := form.poll
			poll.Now, poll.Interval = noon, time.Hour
			for i, step := range steps {
				s := collect(t, form.collector, responses{form.path: {body: "[" + step.rows + "]"}}, poll)
				wantSeries(t, s, "runzero_site_assets", step.want...)
				if got := []float64{total(s, "runzero_sites"), total(s, "runzero_sites_missing"), total(s, "runzero_site_info")}; !slices.Equal(got, []float64{step.sites, step.missing, step.sites}) {
					t.Errorf("poll %d: sites, missing and infos are %v, want %v, %v and %v", i+1, got, step.sites, step.missing, step.sites)
				}
				if n := len(s.Sites); name == "sites" && n != int(step.sites)+1 {
					t.Errorf("poll %d: %d names, want one for each site and for none", i+1, n)
				}
				poll.Previous, poll.Now = &s, poll.Now.Add(time.Hour)
			}
		})
	}
}

// Rows of organizations that nobody knows are not the news that those to export have none.
func TestRowsOfUnknownOrganizationsAloneFailThePoll(t *testing.T) {
	for _, test := range []struct {
		owners string
		others map[string]bool
		fails  bool
	}{
		{otherID, nil, true},
		{otherID + " " + otherID, map[string]bool{uuid(1): true}, true},
		{otherID + " " + uuid(1), map[string]bool{otherID: true}, true},
		{otherID, map[string]bool{otherID: true}, false}, // known, and not to be exported
		{otherID + " " + beaconID, nil, false},           // found by the next discovery
		{"", nil, false},
	} {
		for collector, path := range map[string]string{"sites": accountSitesPath, "explorers": accountExplorersPath} {
			var rows []string
			for i, owner := range strings.Fields(test.owners) {
				rows = append(rows, accountSite(owner, uuid(100+i), "HQ", ""))
			}
			all := responses{path: {body: "[" + strings.Join(rows, ",") + "]"}, releasePath: {body: `{"version":"1"}`}}
			_, err := attempt(t, accountWide(t, collector), all, Poll{Organizations: organizations(), Others: test.others})
			if errors.Is(err, runzero.ErrWrongOrganization) != test.fails || !test.fails && err != nil {
				t.Errorf("%s of %q beside %v: error %v, want one: %v", collector, test.owners, test.others, err, test.fails)
			}
		}
	}
}

// A record with its site's name alone is counted as that site's.
func TestSiteWithoutAnID(t *testing.T) {
	for name, test := range map[string]struct {
		sites SiteNames
		rows  string
		want  []string
	}{
		"known":     {acmeSites(), `{"id":"1","site_name":"HQ"}{"id":"2","site_id":"` + hq + `","site_name":"Old"}`, []string{`runzero_assets{site_name="HQ"} 2`}},
		"not known": {acmeSites(), `{"id":"1","site_name":"Depot "}{"id":"2","site_name":"Depot"}`, []string{`runzero_assets{site_name="Depot"} 2`}},
		"first poll": {nil, `{"id":"1","site_name":"Depot"}{"id":"2","site_name":" "}{"id":"3","site_name":"unassigned"}`,
			[]string{`runzero_assets{site_name="Depot"} 1`, `runzero_assets{site_name="unassigned"} 2`}},
		"a long name": {nil, `{"id":"1","site_name":"` + strings.Repeat("é", 200) + `"}`, []string{`runzero_assets{site_name="` + strings.Repeat("é", 128) + `"} 1`}},
	} {
		t.Run(name, func(t *testing.T) {
			wantSeries(t, assetsOf(t, labelled("site_name"), Poll{Sites: test.sites}, test.rows), "runzero_assets{", test.want...)
		})
	}
	// A scan counts for the site as soon as that is known.
	scan := `{"id":"1","type":"scan","status":"processed","site_name":"HQ","updated_at":@-2h}`
	before := tasksOf(t, Poll{}, scan)
	for _, s := range []Snapshot{before, tasksOf(t, Poll{Sites: acmeSites()}, scan), tasksOf(t, Poll{Sites: acmeSites(), Previous: &before, LastError: errTasksEmptied}, "")} {
		wantSeries(t, s, "runzero_scan_last_success_timestamp_seconds", `runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-2h`)
	}
}
