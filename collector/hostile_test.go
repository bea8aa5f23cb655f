package collector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// hostileValue is a member's value of any shape, right or wrong, as JSON.
func hostileValue(r *rand.Rand) string {
	values := []string{
		`null`, `true`, `"false"`, `0`, `-1`, `3.5`, `1e308`, `99999999999999999999999`, `"7"`, `""`, `[]`, `["x"]`, `{}`, `{"id":"x"}`,
		`"HQ"`, `"HQ (a7b2287e)"`, `"unassigned"`, `"unknown"`, `"\u0000\u001b[31m\u2028"`, `"\ud800"`, `"caf` + "\xe9\xff" + `"`, `"\"} 1\n# HELP x \\"`,
		`"` + strings.Repeat("é", 300) + `"`, `"` + strings.Repeat(`1.`, 400) + `"`, `"` + hq + `"`, `"` + zeroID + `"`, `"` + otherID + `"`,
	}
	return values[r.IntN(len(values))]
}

// hostileID is an id, within JSON.
func hostileID(r *rand.Rand) string {
	ids := []string{hq, plant, lab, "1", "{}", "a'b", `\"`, "}", strings.Repeat("x", 64), uuid(r.IntN(9))}
	return ids[r.IntN(len(ids))]
}

// hostileRow is Acme's record of this id with these members, or some of them.
func hostileRow(r *rand.Rand, id string, members []string) string {
	row := `{"id":"` + id + `","organization_id":"` + acmeID + `"`
	for _, member := range members {
		if r.IntN(4) > 0 {
			row += fmt.Sprintf(`,%q:%s`, member, hostileValue(r))
		}
	}
	return row + "}"
}

// Whatever is in records, a poll that ends well can be scraped.
func TestHostileRecordsNeverBreakAnExposition(t *testing.T) {
	counts := strings.Fields("asset_count recent_asset_count live_asset_count")
	site := slices.Concat(counts, strings.Fields("name"))
	explorer := strings.Fields("name site_id os arch version connected inactive deactivated_at last_checkin")
	ofAcme, ofAccount := Poll{}, Poll{Organizations: account()}
	for name, form := range map[string]struct {
		collector Collector
		path      string
		poll      Poll
		members   []string
		single    bool // one record is all there is
	}{
		"sites":               {made(t, "sites", defaults()), sitesPath, ofAcme, site, false},
		"account's sites":     {wide(t, "sites"), accountSitesPath, ofAccount, site, false},
		"explorers":           {made(t, "explorers", defaults()), explorersPath, ofAcme, explorer, false},
		"account's Explorers": {wide(t, "explorers"), accountExplorersPath, ofAccount, explorer, false},
		"hosted zones":        {made(t, "hosted_zones", defaults()), hostedZonesPath, ofAccount, strings.Fields("name enabled explorers_total tasks_active tasks_waiting"), false},
		"license": {made(t, "license", defaults()), licensePath, ofAccount,
			strings.Fields("license_type license_expiration license_max_assets license_live_asset_count license_project_asset_count"), true},
		"organizations": {made(t, "organizations", defaults()), organizationPath, ofAcme, slices.Concat(counts, strings.Fields("name project expiration_assets_stale "+
			"expiration_assets_offline expiration_scans expiration_vulnerabilities expiration_integration_attributes")), true},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(19, 20))
			good := 0
			for range 60 {
				body := hostileRow(r, acmeID, form.members)
				for range r.IntN(20) {
					if !form.single {
						body += "\n" + hostileRow(r, hostileID(r), form.members)
					}
				}
				all := answers{form.path: {body: body}, releasePath: {body: `{"version":` + hostileValue(r) + `}`}}
				s, err := try(t, form.collector, all, form.poll)
				if err != nil {
					continue // and nothing of it is used
				}
				good++
				for _, problem := range problems(t, s.Families) {
					t.Errorf("%s in\n%s", problem, body)
				}
			}
			if good < 30 {
				t.Errorf("%d good polls: little is proved", good)
			}
		})
	}
}
