package runzero_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Records as consoles send them, with PLANTED in each member that must not be read.
const (
	plantedExplorer = `{"id":"0cf6c423-0000-4000-8000-000000000001","client_id":"PLANTED","organization_id":"4ffe8ffb-0000-4000-8000-000000000001",
 "created_at":1680000000,"updated_at":1695139000,"host_id":"PLANTED","hub_id":"PLANTED",
 "name":"TYPI","site_id":"a7b2287e-0000-4000-8000-000000000001","last_checkin":1695139000,"os":"linux","arch":"amd64",
 "version":"3.10.25 (build PLANTED) [PLANTED]","external_ip":"PLANTED","internal_ip":"PLANTED",
 "connected":true,"inactive":false,"deactivated_at":0,"disconnected_at":0,"offlined_at":0,"offline_notified_at":1688055266,
 "settings":{"max_concurrent_scans":1,"name":"PLANTED"},"tags":{"id":"PLANTED"},
 "system_info":{"attributes":{"CanScreenshot":"PLANTED"},"id":"PLANTED","name":"PLANTED","env":["PASSWORD=PLANTED"],"users":[{"name":"PLANTED"}],
 "host":{"uptime":1000,"bootTime":1695138000,"os":"PLANTED"},"started":1695138000000000000,"timestamp":1695139000}}`
	plantedZone = `{"id":"e77602e0-0000-4000-8000-000000000001","name":"zone1","enabled":true,"updated_at":"2023-03-06T18:14:50.520299Z","processor_id":"PLANTED",
 "explorers_concurrency":7,"explorers_total":4,"tasks_active":"2","tasks_waiting":3.0,"organization_id":"00000000-0000-0000-0000-000000000000","PLANTED":["PLANTED"]}`
	plantedLicense = `{"id":"PLANTED","created_at":1576300370,"updated_at":1755300000,"name":"PLANTED","activated_at":1576300370,"license_type":"platform",
 "license_expiration":1790000000,"license_max_assets":1000,"license_live_asset_count":"812","license_project_asset_count":15,"via_reseller":false,
 "subscription_period_start":1576300370,"subscription_period_end":1790000000,"subscription_cancel_at":0,"subscription_canceled_at":0,"settings":{"license_type":"PLANTED"},"partner":"PLANTED",
 "phone":"PLANTED","address_street":"PLANTED","address_city":"PLANTED","sso_domain":"PLANTED","sso_login_message":"PLANTED"}`
)

// expectRows reads one row from each body and compares it. The row must not contain what was planted.
func expectRows[T any](t *testing.T, token string, read func(*runzero.Client) iter.Seq2[T, error], bodies map[string]T) {
	t.Helper()
	for body, want := range bodies {
		rows, err := all(read(serve(t, data(body), runzero.Config{HTTP: withToken(token)})))
		got := one(t, rows, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%.60s: got  %+v\nwant %+v", body, got, want)
		}
		if text := fmt.Sprintf("%+v", got); strings.Contains(text, "PLANTED") {
			t.Errorf("%.60s: read too much: %s", body, text)
		}
	}
}

func TestReadsExplorers(t *testing.T) {
	typi := runzero.Explorer{
		ID: "0cf6c423-0000-4000-8000-000000000001", OrganizationID: organization, SiteID: "a7b2287e-0000-4000-8000-000000000001",
		Name: "TYPI", OS: "linux", Arch: "amd64", Version: "3.10.25", Connected: runzero.True, LastCheckin: at(1695139000),
	}
	bodies := map[string]runzero.Explorer{
		plantedExplorer:             typi,
		"[" + plantedExplorer + "]": typi,
		`[{"id":"a","organization_id":null,"site_id":"00000000-0000-0000-0000-000000000000","name":null,"version":null,"connected":null,"last_checkin":0}]`: {ID: "a"},
		`[{"id":"a","inactive":true}]`:                                       {ID: "a", Inactive: true},
		`[{"id":"a","deactivated_at":"1695139000","inactive":false}]`:        {ID: "a", Inactive: true},
		`[{"id":"a","connected":"false","version":"5.1.260818.0"}]`:          {ID: "a", Connected: runzero.False, Version: "5.1.260818.0"},
		`[{"id":"a","version":5,"os":{"PLANTED":1},"arch":[{"PLANTED":1}]}]`: {ID: "a", Version: "5"},
	}
	expectRows(t, organizationToken, func(c *runzero.Client) iter.Seq2[runzero.Explorer, error] {
		return c.Explorers(t.Context(), organization)
	}, bodies)
	expectRows(t, accountToken, func(c *runzero.Client) iter.Seq2[runzero.Explorer, error] {
		return c.AccountExplorers(t.Context())
	}, bodies)
}

func TestReadsHostedZones(t *testing.T) {
	expectRows(t, organizationToken, func(c *runzero.Client) iter.Seq2[runzero.HostedZone, error] {
		return c.HostedZones(t.Context(), organization)
	}, map[string]runzero.HostedZone{
		"[" + plantedZone + "]": {
			ID: "e77602e0-0000-4000-8000-000000000001", Name: "zone1", Enabled: runzero.True,
			Explorers: runzero.Known(4), TasksActive: runzero.Known(2), TasksWaiting: runzero.Known(3),
		},
		`[{"id":"a","organization_id":"` + organization + `"}]`:               {ID: "a", OrganizationID: organization},
		`{"hosted_zones":[{"id":"a","tasks_active":0,"tasks_waiting":null}]}`: {ID: "a", TasksActive: runzero.Known(0)},
	})
}

func TestReadsAPIKeys(t *testing.T) {
	expectRows(t, accountToken, func(c *runzero.Client) iter.Seq2[runzero.APIKey, error] {
		return c.APIKeys(t.Context())
	}, map[string]runzero.APIKey{
		`[{"id":"a","client_id":"PLANTED","organization_id":"` + organization + `","created_at":1,"created_by":"PLANTED","comment":"SIEM","last_used_at":1755300000,
		 "last_used_ip":"PLANTED","last_used_ua":"PLANTED","counter":10,"usage_today":100,"usage_limit":10000,"token":"PLANTED","inactive":false,"type":"org"}]`: {
			ID: "a", OrganizationID: organization, Comment: "SIEM", Type: "org", UsageToday: runzero.Known(100), LastUsed: at(1755300000), Inactive: runzero.False,
		},
		`[{"id":"a","organization_id":"00000000-0000-0000-0000-000000000000","comment":null,"last_used_at":0,"usage_today":null,"inactive":"true"}]`: {ID: "a", Inactive: runzero.True},
		`{"keys":[{"id":"a","usage_today":"0","token":{"id":"PLANTED"}}],"next_key":""}`:                                                             {ID: "a", UsageToday: runzero.Known(0)},
	})
}

func TestReadsSitesOfAnAccount(t *testing.T) {
	expectRows(t, accountToken, func(c *runzero.Client) iter.Seq2[runzero.Site, error] {
		return c.AccountSites(t.Context())
	}, map[string]runzero.Site{
		`[{"id":"a","organization_id":"` + organization + `","name":"HQ","asset_count":3,"recent_asset_count":2,"description":"PLANTED","scope":"PLANTED","subnets":{"PLANTED":{}}}]`: {ID: "a", OrganizationID: organization, Name: "HQ", Assets: runzero.Known(3), RecentAssets: runzero.Known(2)},
		`[{"id":"a","name":null,"subnets":{}}]`:                                    {ID: "a"},
		`[{"id":"a","name":"HQ","live_asset_count":"0"}]`:                          {ID: "a", Name: "HQ", LiveAssets: runzero.Known(0)},
		`{"sites":[{"id":"a","organization_id":"` + foreign + `"}],"next_key":""}`: {ID: "a", OrganizationID: foreign},
	})
}

func TestReadsTheLicense(t *testing.T) {
	for body, want := range map[string]runzero.License{
		plantedLicense: {
			Type: "platform", Expiration: at(1790000000),
			MaxAssets: runzero.Known(1000), LiveAssets: runzero.Known(812), ProjectAssets: runzero.Known(15),
		},
		`{"license_max_assets":0}`: {MaxAssets: runzero.Known(0)},
		`{"license_max_assets":-1,"license_live_asset_count":3,"license_type":null}`: {LiveAssets: runzero.Known(3)},
	} {
		got, err := serve(t, data(body), runzero.Config{HTTP: withToken(accountToken)}).License(t.Context())
		if err != nil || got != want {
			t.Errorf("%.60s: got  %+v (%v)\nwant %+v", body, got, err, want)
		}
		if text := fmt.Sprintf("%+v", got); strings.Contains(text, "PLANTED") {
			t.Errorf("%.60s: read too much: %s", body, text)
		}
	}
}

// A console that ignores _oid returns its default organization with a status of 200.
func TestRejectsTheDefaultOrganization(t *testing.T) {
	row := `{"id":"a","organization_id":"%s","directory_user_organization_id":"%[1]s","directory_group_organization_id":"%[1]s","software_organization_id":"%[1]s","vulnerability_organization_id":"%[1]s"}`
	log := &requests{next: data(fmt.Sprintf(row, foreign))}
	client := serve(t, log, runzero.Config{HTTP: withToken(accountToken), Write: true})
	reads := map[string]func() error{
		"organization": func() error { _, err := client.Organization(t.Context(), organization); return err },
		"explorers":    func() error { _, err := all(client.Explorers(t.Context(), organization)); return err },
		"hosted zones": func() error { _, err := all(client.HostedZones(t.Context(), organization)); return err },
		"assets":       func() error { _, err := all(client.Assets(t.Context(), organization, "")); return err },
		"sites":        func() error { _, err := all(client.Sites(t.Context(), organization)); return err },
		"tasks":        func() error { _, err := all(client.Tasks(t.Context(), organization)); return err },
		"scan":         func() error { _, err := client.StartScan(t.Context(), organization, "a", nil); return err },
	}
	maps.Copy(reads, inventoryReads(t, client))
	for _, of := range runzero.CountOf() {
		reads["count of "+of] = func() error { _, err := client.Count(t.Context(), organization, of, ""); return err }
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			if err := read(); !errors.Is(err, runzero.ErrWrongOrganization) || runzero.CauseOf(err) != runzero.Faulty {
				t.Errorf("error %v, want that they belong to another organization", err)
			}
			for _, request := range log.take() {
				if request.URL.Query().Get("_oid") != organization {
					t.Errorf("requested %v without _oid", request.URL)
				}
			}
		})
	}
}
