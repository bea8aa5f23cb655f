package collector

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

func accountSite(organization, id, name, rest string) string {
	return fmt.Sprintf(`{"id":%q,"organization_id":%q,"name":%q%s}`, id, organization, name, rest)
}

// Sites of one name in two organizations are not confused, sites of organizations that
// are not exported are not there, and every organization has what it has alone.
func TestAccountSites(t *testing.T) {
	s := collect(t, wide(t, "sites"), answers{accountSitesPath: {body: "[" + strings.Join([]string{
		accountSite(acmeID, hq, "HQ", `,"asset_count":120,"recent_asset_count":"110","live_asset_count":96`),
		accountSite(acmeID, plant, "Branch", ``),
		accountSite(acmeID, lab, "Branch", ``),
		accountSite(beaconID, newcomer, "HQ", `,"asset_count":7`),
		accountSite(beaconID, "e7b2287e-0000-4000-8000-000000000005", "Branch", ``),
		accountSite(beaconID, "f7b2287e-0000-4000-8000-000000000006", "unassigned", ``),
		accountSite(otherID, "07b2287e-0000-4000-8000-000000000007", "Elsewhere", `,"asset_count":1`),
		accountSite(acmeID, hq, "The same row again", ``),
	}, ",") + "]"}}, Poll{Organizations: account()})
	golden(t, "sites-account", s.Families)
	for id, want := range map[string]SiteNames{
		acmeID:   {zeroID: unassigned, hq: "HQ", plant: "Branch (b7b2287e)", lab: "Branch (c7b2287e)"},
		beaconID: {zeroID: "unassigned (00000000)", newcomer: "HQ", "e7b2287e-0000-4000-8000-000000000005": "Branch", "f7b2287e-0000-4000-8000-000000000006": "unassigned (f7b2287e)"},
		emptyID:  {zeroID: unassigned},
		otherID:  {},
	} {
		if got := s.SitesOf(id); !maps.Equal(got, want) {
			t.Errorf("sites of %s are %v, want %v", id, got, want)
		}
	}
}

func TestAccountExplorers(t *testing.T) {
	explorer := func(organization, id, site, rest string) string {
		return fmt.Sprintf(`{"id":%q,"organization_id":%q,"site_id":%q,"name":"RZ01","version":"5.1.260818.0 (build 1)","last_checkin":@-20s%s}`, id, organization, site, rest)
	}
	s := collect(t, wide(t, "explorers"), offering("5.2", answers{accountExplorersPath: {body: "[" + strings.Join([]string{
		explorer(acmeID, "a1000000-0000-4000-8000-000000000001", hq, `,"connected":true`),
		explorer(acmeID, "a2000000-0000-4000-8000-000000000002", hq, `,"inactive":true`),
		explorer(beaconID, "b1000000-0000-4000-8000-000000000001", hq, `,"connected":false`),
		explorer(beaconID, "b2000000-0000-4000-8000-000000000002", zeroID, `,"connected":true`),
		explorer(beaconID, "b3000000-0000-4000-8000-000000000003", plant, `,"connected":true`),
		explorer(otherID, "c1000000-0000-4000-8000-000000000001", hq, `,"connected":true`),
	}, ",") + "]"}}), Poll{Organizations: account(), Sites: SiteNames{
		AccountSite(acmeID, zeroID): unassigned, AccountSite(acmeID, hq): "Head office",
		AccountSite(beaconID, zeroID): unassigned, AccountSite(beaconID, plant): "Plant",
	}})
	golden(t, "explorers-account", s.Families)
}

// An account's form and the organizations' one by one tell the same.
func TestAnAccountTellsWhatItsOrganizationsTell(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 20 {
		rows := map[string][]string{}
		var all []string
		for i := range r.IntN(40) {
			organization := []string{acmeID, beaconID, emptyID}[r.IntN(2)]
			one := randomExplorer(r, i)
			if r.IntN(2) == 0 {
				one = randomSiteRow(r, i)
			}
			one = `{"organization_id":"` + organization + `",` + one[1:]
			rows[organization], all = append(rows[organization], one), append(all, one)
		}
		for _, test := range []struct{ collector, path, accountPath string }{
			{"sites", sitesPath, accountSitesPath}, {"explorers", explorersPath, accountExplorersPath},
		} {
			var want []string
			for id, name := range account() {
				poll := Poll{API: serve(t, organizationToken, offering("3.4", answers{test.path: {body: strings.Join(rows[id], "\n")}})), Now: noon,
					Organization: Organization{ID: id, Name: name}}
				s, err := made(t, test.collector, defaults()).Collect(t.Context(), poll)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, strings.Split(exposition(t, s.Families), "\n")...)
			}
			s := collect(t, wide(t, test.collector), offering("3.4", answers{test.accountPath: {body: strings.Join(all, "\n")}}), Poll{Organizations: account()})
			for _, problem := range problems(t, s.Families) {
				t.Error(problem)
			}
			if diff := lineDiff(strings.Join(want, "\n"), exposition(t, s.Families)); diff != "" {
				t.Fatalf("%s differ (- one by one, + together):\n%s", test.collector, diff)
			}
		}
	}
}

// Rows of nobody would be counted for nobody: the organizations are asked instead.
func TestAccountRowsMustSayWhoseTheyAre(t *testing.T) {
	for collector, path := range map[string]string{"sites": accountSitesPath, "explorers": accountExplorersPath} {
		for name, owner := range map[string]string{"none": ``, "null": `,"organization_id":null`, "zero": `,"organization_id":"` + zeroID + `"`, "empty": `,"organization_id":""`} {
			t.Run(collector+"/"+name, func(t *testing.T) {
				body := `[` + accountSite(acmeID, hq, "HQ", "") + `,{"id":"` + plant + `","name":"Plant"` + owner + `}]`
				s, err := try(t, wide(t, collector), answers{path: {body: body}}, Poll{Organizations: account()})
				if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "do not name their organization") {
					t.Errorf("error is %v", err)
				}
				if s.Families != nil || s.Sites != nil {
					t.Error("there is a snapshot")
				}
			})
		}
	}
}

func TestTooManyRowsOfAnAccountAreAnError(t *testing.T) {
	organizations := map[string]string{}
	for i := range maxAccountRows/maxSites + 1 {
		organizations[uuid(i)] = uuid(i)
	}
	rows := func(organization func(i int) string) string {
		var body strings.Builder
		for i := range maxAccountRows + 1 {
			body.WriteString(accountSite(organization(i), uuid(i), "x", ""))
		}
		return body.String()
	}
	for collector, path := range map[string]string{"sites": accountSitesPath, "explorers": accountExplorersPath} {
		for name, body := range map[string]string{
			"in one account": rows(func(i int) string { return uuid(i % len(organizations)) }),
			"":               rows(func(int) string { return uuid(0) }),
		} {
			_, err := try(t, wide(t, collector), answers{path: {body: body}}, Poll{Organizations: organizations})
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "in one account") != (name != "") {
				t.Errorf("%s: error is %v", collector, err)
			}
		}
		body := rows(func(int) string { return otherID })
		if s := collect(t, wide(t, collector), answers{path: {body: body}}, Poll{Organizations: organizations}); s.Families == nil {
			t.Errorf("%s of organizations that are not exported count", collector)
		}
	}
}
