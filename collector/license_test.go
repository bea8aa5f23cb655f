package collector

import "testing"

func TestLicense(t *testing.T) {
	goldens(t, collectorOf(t, "license", defaults()), licensePath, Poll{Organizations: organizations()}, map[string]string{
		"license": `{"id":"e77602e0-0000-4000-8000-000000000001","name":"My Company","license_type":"platform","license_expiration":@120d,
			"license_max_assets":1000,"license_live_asset_count":"812","license_project_asset_count":15,"phone":"512-555-5555","sso_domain":"example.com"}`,
		"license-silent":  `{"license_type":null,"license_expiration":0,"license_max_assets":null,"license_live_asset_count":0,"license_project_asset_count":"many"}`,
		"license-hostile": `{"license_type":" plat\u0000form\n\"\\","license_expiration":"2026-12-31T00:00:00Z","license_max_assets":9223372036854775807}`,
	})
}
