package collector

import (
	"maps"
	"strings"
	"testing"
)

func TestExplorersAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("explorers", defaults())
		statuses, connected, outdated, sites, checkins := map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]float64{}
		ids := map[string]string{}
		for _, e := range s.list("/org/explorers") {
			if e["inactive"] != true {
				ids[e["id"].(string)] = e["name"].(string)
			}
		}
		names := Distinguish(ids) // an organization has two of one name
		for _, e := range s.list("/org/explorers") {
			name := names[e["id"].(string)]
			switch {
			case e["inactive"] == true:
				statuses["inactive"]++
				continue
			case e["connected"] == true:
				statuses["connected"]++
				connected[name]++
			default:
				statuses["disconnected"]++
			}
			if strings.HasPrefix(e["version"].(string), "4.") {
				outdated[name]++
			}
			sites[s.siteName(e["site_id"].(string))]++
			checkins[name] = number(s.t, e["last_checkin"])
		}
		equal(s.t, "statuses", by(got, "runzero_explorers", "status"), statuses)
		equal(s.t, "connected", by(got, "runzero_explorer_connected", "explorer"), connected)
		equal(s.t, "outdated", by(got, "runzero_explorer_outdated", "explorer"), outdated)
		equal(s.t, "sites", by(got, "runzero_explorer_info", siteLabel), sites)
		equal(s.t, "check-ins", by(got, "runzero_explorer_last_checkin_timestamp_seconds", "explorer"), checkins)
		if len(outdated) == 0 || s.number == 0 && statuses["inactive"] == 0 {
			s.t.Error("no Explorer is outdated, or none inactive: nothing is proved")
		}
	})
}

func (s *simulated) siteName(id string) string {
	for _, site := range s.org.Sites {
		if site.ID == id {
			return site.Name
		}
	}
	return unassigned
}

func TestOrganizationsAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("organizations", defaults())
		org := s.list("/org")[0]
		equal(s.t, "assets", by(got, "runzero_organization_assets", "state"), map[string]float64{
			"all": number(s.t, org["asset_count"]), "recent": number(s.t, org["recent_asset_count"]), "live": number(s.t, org["live_asset_count"])})
		days := func(member string) float64 { return number(s.t, org[member]) * 86400 }
		equal(s.t, "retention", by(got, "runzero_organization_expiration_seconds", "of"), map[string]float64{
			"stale_assets": days("expiration_assets_stale"), "offline_assets": days("expiration_assets_offline"), "scans": days("expiration_scans"),
			"vulnerabilities": days("expiration_vulnerabilities"), "integration_attributes": days("expiration_integration_attributes")})
		equal(s.t, "ids", by(got, "runzero_organization_info", "organization_id"), map[string]float64{s.org.ID: 1})
	})
}

func TestTheLicenseIsThatOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collectPoll(made(s.t, "license", defaults()), s.all())
		license := s.list("/account/license")[0]
		equal(s.t, "type", by(got, "runzero_license_info", "license_type"), map[string]float64{license["license_type"].(string): 1})
		equal(s.t, "assets", by(got, "runzero_license_assets", "kind"), map[string]float64{
			"live": number(s.t, license["license_live_asset_count"]), "project": number(s.t, license["license_project_asset_count"])})
		equal(s.t, "limit", by(got, "runzero_license_assets_limit", ""), map[string]float64{"": number(s.t, license["license_max_assets"])})
		equal(s.t, "expiration", by(got, "runzero_license_expiration_timestamp_seconds", ""), map[string]float64{"": number(s.t, license["license_expiration"])})
	})
}

func TestHostedZonesAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collectPoll(made(s.t, "hosted_zones", defaults()), s.all())
		explorers, enabled := map[string]float64{}, map[string]float64{}
		for _, zone := range s.list("/org/hosted-zones") {
			name := zone["name"].(string)
			explorers[name] = number(s.t, zone["explorers_total"])
			if zone["enabled"] == true {
				enabled[name]++
			}
		}
		equal(s.t, "Explorers", by(got, "runzero_hosted_zone_explorers", "zone"), explorers)
		equal(s.t, "enabled", by(got, "runzero_hosted_zone_enabled", "zone"), enabled)
	})
}

func TestQueriesFindWhatTheConsoleHas(t *testing.T) {
	each(t, func(s *simulated) {
		alive := 0.0
		for a := range s.Assets(s.number) {
			if a.Alive {
				alive++
			}
		}
		got := s.collectPoll(NewQuery(Query{Name: "alive", Of: "assets", Search: "alive:t"}), s.poll)
		equal(s.t, "live assets", by(got, "runzero_query_results", "query"), map[string]float64{"alive": alive})
	})
}

// One call for the account tells what one for each organization does.
func TestTheAccountIsItsOrganizations(t *testing.T) {
	want, account := map[string]string{}, map[string]Snapshot{}
	each(t, func(s *simulated) {
		all := s.all()
		calls := s.Count()
		sites := s.collectPoll(wide(s.t, "sites"), all)
		all.Sites = sites.Sites
		explorers := s.collectPoll(wide(s.t, "explorers"), all)
		infos, err := all.API.Organizations(t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		organizations, err := Organizations(infos, all.Organizations)
		if err != nil {
			s.t.Fatal(err)
		}
		if n := s.Count() - calls; n > 4 { // and the release, once a day
			s.t.Errorf("%d calls", n)
		}
		if got := sites.SitesOf(s.org.ID); !maps.Equal(got, s.poll.Sites) {
			s.t.Errorf("sites are %v, and %v when asked alone", got, s.poll.Sites)
		}
		for name, wide := range map[string]Snapshot{"sites": sites, "explorers": explorers, "organizations": organizations} {
			account[name] = wide
			want[name] += exposition(t, s.collect(name, defaults()).Families)
		}
		if s.number < len(s.Organizations())-1 {
			return
		}
		for name, alone := range want {
			if diff := lineDiff(alone, exposition(t, account[name].Families)); diff != "" {
				s.t.Errorf("%s differ (- one by one, + together):\n%s", name, diff)
			}
			delete(want, name)
		}
	})
}
