package simulator

import "testing"

// TestIgnoreOrganization asks a console that answers for one organization,
// whichever is asked for.
func TestIgnoreOrganization(t *testing.T) {
	c, _ := newConsole(Options{IgnoreOrganization: true, Assets: 20})
	orgs := c.Organizations()
	for _, path := range []string{"/export/org/assets.json", "/export/org/services.json", "/org/explorers", "/org/sites"} {
		for token, want := range map[string]string{c.AccountToken(): orgs[0].ID, issueToken(t, c): orgs[0].ID, c.OrganizationToken(1): orgs[1].ID} {
			var rows []object
			get(t, c, path+"?_oid="+orgs[1].ID, token, 200, &rows)
			if len(rows) == 0 || rows[0]["organization_id"] != want {
				t.Errorf("%s: organization %v, want %s", path, rows[0]["organization_id"], want)
			}
		}
	}
}

func TestSitesWithoutOrganization(t *testing.T) {
	for _, without := range []bool{false, true} {
		c, _ := newConsole(Options{SitesWithoutOrganization: without, Assets: 20})
		for path, want := range map[string]bool{"/account/sites": !without, "/org/sites": true, "/export/org/sites.json": true} {
			var rows []object
			get(t, c, path, c.AccountToken(), 200, &rows)
			for _, r := range rows {
				if _, ok := r["organization_id"]; ok != want || r["id"] == nil {
					t.Errorf("%s: %v", path, r)
				}
			}
		}
	}
}

func TestOrganizationList(t *testing.T) {
	c, _ := newConsole(Options{OrganizationList: true, Assets: 20})
	orgs := c.Organizations()
	var rows []object
	get(t, c, "/org", c.OrganizationToken(1), 200, &rows)
	if len(rows) != 1 || rows[0]["id"] != orgs[1].ID {
		t.Errorf("%v", rows)
	}
	get(t, c, "/org?_oid="+orgs[1].ID, c.AccountToken(), 200, &rows)
	if len(rows) != len(orgs) || rows[1]["id"] != orgs[1].ID {
		t.Errorf("%d organizations", len(rows))
	}
}

func TestExplorerVersion(t *testing.T) {
	for _, tt := range []struct{ console, explorer, want string }{{"", "", "5.1.260818.0"}, {"4.0.1.2", "", "4.0.1.2"}, {"", "5.2.260901.0", "5.2.260901.0"}} {
		c, _ := newConsole(Options{Version: tt.console, ExplorerVersion: tt.explorer, Assets: 20})
		var release object
		get(t, c, "/releases/agent/version", "", 200, &release)
		if release["version"] != tt.want {
			t.Errorf("%+v: %v", tt, release)
		}
	}
}
