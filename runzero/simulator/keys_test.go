package simulator

import (
	"net/http"
	"testing"
	"time"
)

// The calls of all keys and of export tokens are those of the account.
func TestAPIKeys(t *testing.T) {
	c, clk := newConsole(Options{Limit: 1000, Incidents: []Incident{{Kind: OtherTool, Share: 0.3, From: noon.AddDate(0, 0, -2)}}})
	get(t, c, "/account/license", c.AccountToken(), http.StatusOK, nil)
	get(t, c, "/account/license", issueToken(t, c), http.StatusOK, nil)
	get(t, c, "/org", c.OrganizationToken(1), http.StatusOK, nil)
	get(t, c, "/export/org/sites.json", c.ExportToken(0), http.StatusOK, nil)
	c.Spend(20)
	check := func(own map[string]int64) {
		t.Helper()
		var rows []object
		get(t, c, "/account/keys", c.AccountToken(), http.StatusOK, &rows)
		sum, ids := int64(0), map[any]bool{}
		for i, k := range c.APIKeys() {
			r, today := rows[i], unix(rows[i], "usage_today")
			if r["comment"] != k.Comment || r["id"] != k.ID || today != int64(k.UsedToday) || (today > 0) != (unix(r, "last_used_at") > 0 && today > 0) {
				t.Errorf("row %v, truth %+v", r, k)
			}
			if want, ok := own[k.Comment]; ok && today != want {
				t.Errorf("%s: %d calls, want %d", k.Comment, today, want)
			}
			sum, ids[k.ID] = sum+today, true
		}
		if want := int64(c.Usage().Today) - own["export tokens"]; sum != want || len(ids) != len(rows) {
			t.Errorf("the keys made %d calls, want %d; %d ids of %d rows", sum, want, len(ids), len(rows))
		}
	}
	check(map[string]int64{
		"runzero_exporter": 4, c.orgs[0].name: 0, c.orgs[1].name: 1, "export tokens": 1, // one call is that for the access token
		"SIEM asset import": 100, "CMDB sync": 50, "asset-report.py": 20, "PLANTED.leaver@example.com": 0,
	})
	clk.Advance(12 * time.Hour)
	check(map[string]int64{"runzero_exporter": 1, c.orgs[1].name: 0, "SIEM asset import": 0, "asset-report.py": 0})
}
