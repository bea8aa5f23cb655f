package simulator

import "testing"

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
