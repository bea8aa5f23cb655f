package collector

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestOrganizations(t *testing.T) {
	goldens(t, collectorOf(t, "organizations", defaults()), organizationPath, Poll{}, map[string]string{
		"organizations": `{"id":"` + acmeID + `","name":"Acme Corp","project":false,"parent_id":"` + zeroID + `","asset_count":120,"live_asset_count":"96","recent_asset_count":110.0,
			"expiration_assets_stale":180,"expiration_assets_offline":"30","expiration_scans":365,"expiration_integration_attributes":0,"expiration_vulnerabilities":null,
			"download_token":"DT11226D9EEEA2B035D42569585900","created_by":"user@example.com"}`,
		"organizations-project": `[{"id":"` + acmeID + `","name":"Acme Corp","project":true,"asset_count":0,"live_asset_count":-1,"recent_asset_count":{"n":1}}]`,
	})
}

func TestOrganizationsFromDiscovery(t *testing.T) {
	known := runzero.Known
	names := organizations()
	s, err := Organizations([]runzero.Organization{
		{ID: acmeID, Name: "Acme Corp", Assets: known(120), RecentAssets: known(110), LiveAssets: known(96),
			ExpireStaleAssets: known(1), ExpireOfflineAssets: known(2), ExpireScans: known(3), ExpireVulnerabilities: known(4), ExpireIntegrationAttributes: known(5)},
		{ID: beaconID, Name: "Beacon\n", Project: true, Assets: known(0)},
		{ID: emptyID},
		{ID: otherID, Name: "Other", Assets: known(7)},
		{ID: acmeID, Name: "The same row again", Assets: known(1)},
	}, names, 1)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "organizations-account", s.Families)
	if len(names) != 3 {
		t.Errorf("the names are %v now", names)
	}
	none, err := Organizations(nil, organizations(), 0)
	if err != nil || len(none.Families) != 1 {
		t.Errorf("error %v, %d families of no organization, want runzero_organizations_missing", err, len(none.Families))
	}
}
