package collector

import (
	"strings"
	"testing"
)

func TestSites(t *testing.T) {
	goldens(t, collectorOf(t, "sites", defaults()), sitesPath, Poll{}, map[string]string{
		"sites": `[
			{"id":"a7b2287e-0000-4000-8000-000000000001","organization_id":"` + acmeID + `","name":"Primary","description":"HQ","scope":"10.0.0.0/16",
			 "asset_count":120,"recent_asset_count":110,"live_asset_count":96,"service_count":900},
			{"id":"b7b2287e-0000-4000-8000-000000000002","name":"Passive","asset_count":53,"recent_asset_count":50,"live_asset_count":0},
			{"id":"c7b2287e-0000-4000-8000-000000000003","name":"Counts as strings","asset_count":"7","recent_asset_count":"7.0","live_asset_count":null},
			{"id":"d7b2287e-0000-4000-8000-000000000004","name":"Without counts"},
			{"id":"e7b2287e-0000-4000-8000-000000000005","name":"Counts of no readable shape","asset_count":{"n":1},"recent_asset_count":-1,"live_asset_count":"many"}]`,
		"sites-names": `[
			{"id":"aaaaaaaa-0000-4000-8000-000000000001","name":"Branch"},
			{"id":"bbbbbbbb-0000-4000-8000-000000000002","name":"Branch"},
			{"id":"cccccccc-0000-4000-8000-000000000003","name":"Branch (aaaaaaaa)"},
			{"id":"dddddddd-0000-4000-8000-000000000004","name":"Twin"},
			{"id":"dddddddd-0000-4000-8000-000000000005","name":" Twin\n"},
			{"id":"eeeeeeee-0000-4000-8000-000000000006","name":"unassigned"},
			{"id":"ffffffff-0000-4000-8000-000000000007","name":""},
			{"id":"abababab-0000-4000-8000-000000000008","name":null},
			{"id":"acacacac-0000-4000-8000-000000000009","name":"Quote \" slash \\ \u0000\u001b[31m tab\tnext\nline"},
			{"id":"adadadad-0000-4000-8000-000000000010","name":"` + "caf\xe9 \xff" + `"},
			{"id":"aeaeaeae-0000-4000-8000-000000000011","name":"` + strings.Repeat("é", 300) + `"},
			{"id":"afafafaf-0000-4000-8000-000000000012","name":"` + strings.Repeat("é", 299) + `x"},
			{"id":"afafafaf-0000-4000-8000-000000000012","name":"The same row again"}]`,
		"sites-none": `[]`,
	})
}
