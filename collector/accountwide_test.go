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

// Organizations can have sites of the same name, and organizations that are not exported are left out.
func TestAccountSites(t *testing.T) {
	s := collect(t, accountWide(t, "sites"), responses{accountSitesPath: {body: "[" + strings.Join([]string{
		accountSite(acmeID, hq, "HQ", `,"asset_count":120,"recent_asset_count":"110","live_asset_count":96`),
		accountSite(acmeID, plant, "Branch", ``),
		accountSite(acmeID, lab, "Branch", ``),
		accountSite(beaconID, newSite, "HQ", `,"asset_count":7`),
		accountSite(beaconID, "e7b2287e-0000-4000-8000-000000000005", "Branch", ``),
		accountSite(beaconID, "f7b2287e-0000-4000-8000-000000000006", "unassigned", ``),
		accountSite(otherID, "07b2287e-0000-4000-8000-000000000007", "Elsewhere", `,"asset_count":1`),
		accountSite(acmeID, hq, "The same row again", ``),
	}, ",") + "]"}}, Poll{Organizations: organizations()})
	golden(t, "sites-account", s.Families)
	for id, want := range map[string]SiteNames{
		acmeID:   {zeroID: unassigned, hq: "HQ", plant: "Branch (b7b2287e)", lab: "Branch (c7b2287e)"},
		beaconID: {zeroID: "unassigned (00000000)", newSite: "HQ", "e7b2287e-0000-4000-8000-000000000005": "Branch", "f7b2287e-0000-4000-8000-000000000006": "unassigned (f7b2287e)"},
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
	s := collect(t, accountWide(t, "explorers"), offering("5.2", responses{accountExplorersPath: {body: "[" + strings.Join([]string{
		explorer(acmeID, "a1000000-0000-4000-8000-000000000001", hq, `,"connected":true`),
		explorer(acmeID, "a2000000-0000-4000-8000-000000000002", hq, `,"inactive":true`),
		explorer(beaconID, "b1000000-0000-4000-8000-000000000001", hq, `,"connected":false`),
		explorer(beaconID, "b2000000-0000-4000-8000-000000000002", zeroID, `,"connected":true`),
		explorer(beaconID, "b3000000-0000-4000-8000-000000000003", plant, `,"connected":true`),
		explorer(otherID, "c1000000-0000-4000-8000-000000000001", hq, `,"connected":true`),
	}, ",") + "]"}}), Poll{Organizations: organizations(), Sites: SiteNames{
		AccountSite(acmeID, zeroID): unassigned, AccountSite(acmeID, hq): "Head office",
		AccountSite(beaconID, zeroID): unassigned, AccountSite(beaconID, plant): "Plant",
	}})
	golden(t, "explorers-account", s.Families)
}

func TestAccountWideEqualsPerOrganization(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 8 {
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
			for id, name := range organizations() {
				poll := Poll{API: client(t, organizationToken, offering("3.4", responses{test.path: {body: "[" + strings.Join(rows[id], ",") + "]"}})), Now: noon,
					Organization: Organization{ID: id, Name: name}}
				s, err := collectorOf(t, test.collector, defaults())(t.Context(), poll)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, strings.Split(exposition(t, s.Families), "\n")...)
			}
			s := collect(t, accountWide(t, test.collector), offering("3.4", responses{test.accountPath: {body: "[" + strings.Join(all, ",") + "]"}}), Poll{Organizations: organizations()})
			for _, problem := range problems(t, s.Families) {
				t.Error(problem)
			}
			if diff := lineDiff(strings.Join(want, "\n"), exposition(t, s.Families)); diff != "" {
				t.Fatalf("%s differ (- one by one, + together):\n%s", test.collector, diff)
			}
		}
	}
}

// Without the organization, rows could not be counted. The organizations are polled one by one instead.
func TestAccountRowsWithoutOrganizationAreUnsupported(t *testing.T) {
	for collector, path := range map[string]string{"sites": accountSitesPath, "explorers": accountExplorersPath} {
		for name, owner := range map[string]string{"none": ``, "null": `,"organization_id":null`, "zero": `,"organization_id":"` + zeroID + `"`, "empty": `,"organization_id":""`} {
			t.Run(collector+"/"+name, func(t *testing.T) {
				body := `[` + accountSite(acmeID, hq, "HQ", "") + `,{"id":"` + plant + `","name":"Plant"` + owner + `}]`
				s, err := attempt(t, accountWide(t, collector), responses{path: {body: body}}, Poll{Organizations: organizations()})
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
