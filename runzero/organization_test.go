package runzero_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// A record as consoles send it, with PLANTED in each member that must not be read.
const plantedOrganization = `{"id":"4ffe8ffb-0000-4000-8000-000000000001","client_id":"PLANTED-client","created_at":1576300370,"created_by":"PLANTED@example.com","updated_at":1755300000,
 "name":"My Company","description":"PLANTED","demo":false,"project":true,"parent_id":"PLANTED-parent","inactive":false,"deactivated_at":0,
 "asset_count":120,"live_asset_count":"96","recent_asset_count":110.0,"service_count":900,"service_count_tcp":600,"service_count_udp":150,"service_count_arp":90,"service_count_icmp":60,
 "software_count":300,"vulnerability_count":210,"expiration_assets_stale":180,"expiration_assets_offline":"90","expiration_scans":0,
 "expiration_integration_attributes":30,"expiration_vulnerabilities":365,"expiration_warning_last_sent":0,"keep_latest_integration_attributes":true,
 "download_token":"DTPLANTED","download_token_created_at":1576300370,"export_token":"ETPLANTED","export_token_created_at":0,"export_token_last_used_at":0,
 "export_token_last_used_by":"PLANTED","export_token_counter":0,"PLANTED":{"PLANTED":["PLANTED"]}}`

func readOrganization() runzero.Organization {
	return runzero.Organization{
		ID: organization, Name: "My Company", Project: true,
		Assets: runzero.Known(120), LiveAssets: runzero.Known(96), RecentAssets: runzero.Known(110),
		ExpireStaleAssets: runzero.Known(180), ExpireOfflineAssets: runzero.Known(90), ExpireScans: runzero.Known(0),
		ExpireVulnerabilities: runzero.Known(365), ExpireIntegrationAttributes: runzero.Known(30),
	}
}

func TestReadsAnOrganization(t *testing.T) {
	other := `{"id":"` + foreign + `","name":"Other"}`
	for name, c := range map[string]struct {
		token, body, id string
		want            runzero.Organization
	}{
		"one object":               {organizationToken, plantedOrganization, organization, readOrganization()},
		"a list":                   {organizationToken, "[" + plantedOrganization + "]", organization, readOrganization()},
		"a list of several":        {accountToken, "[" + other + "," + plantedOrganization + "]", organization, readOrganization()},
		"in upper case":            {accountToken, plantedOrganization, strings.ToUpper(organization), readOrganization()},
		"an id not known to us":    {organizationToken, plantedOrganization, "", readOrganization()},
		"nothing but an id":        {organizationToken, `{"id":"` + organization + `"}`, organization, runzero.Organization{ID: organization}},
		"nulls, texts, odd shapes": {organizationToken, `{"id":"` + organization + `","name":null,"asset_count":null,"expiration_scans":"ever","project":"t","live_asset_count":{},"recent_asset_count":-1}`, organization, runzero.Organization{ID: organization, Project: true}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: data(c.body)}
			client := serve(t, log, runzero.Config{HTTP: withToken(c.token)})
			got, err := client.Organization(t.Context(), c.id)
			if err != nil || got != c.want {
				t.Errorf("got  %+v (%v)\nwant %+v", got, err, c.want)
			}
			if got := log.paths(); !slices.Equal(got, []string{"/org"}) {
				t.Errorf("requested %q", got)
			}
		})
	}
}

func TestUnusableOrganization(t *testing.T) {
	other := `{"id":"` + foreign + `","name":"Other"}`
	for name, c := range map[string]struct {
		token, body, id string
		is              error  // nil: any
		want            string // in the text
	}{
		"another":                {organizationToken, other, organization, runzero.ErrWrongOrganization, "another organization"},
		"others alone":           {accountToken, "[" + other + "," + other + "]", organization, runzero.ErrWrongOrganization, "another organization"},
		"an empty list":          {accountToken, "[]", organization, nil, "no organization"},
		"null":                   {organizationToken, "null", organization, runzero.ErrNoData, "no data"},
		"an error as an answer":  {organizationToken, `{"error":"PLANTED"}`, organization, runzero.ErrReported, "an error"},
		"refused":                {organizationToken, "403", organization, nil, "403"},
		"an account without one": {accountToken, plantedOrganization, "", nil, "needs the organization's id"},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, routes(map[string]string{"/org": c.body}), runzero.Config{HTTP: withToken(c.token)})
			got, err := client.Organization(t.Context(), c.id)
			if err == nil || got != (runzero.Organization{}) || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("got %+v (%v), want an error", got, err)
			}
			if text := err.Error(); !strings.HasPrefix(text, "/org: ") || !strings.Contains(text, c.want) || strings.Contains(text, "PLANTED") {
				t.Errorf("error %q, want one with %q", text, c.want)
			}
		})
	}
}
