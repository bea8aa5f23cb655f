package collector

import (
	"context"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type sites struct{}

func newSites(Settings) Collector { return sites{} }

// sitesMost bounds the series of an organization's sites. runZero documents no
// bound; an answer beyond this is not an account but a fault.
const sitesMost = 10_000

// Collect exports the organization's sites.
func (sites) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	var rows []runzero.Site
	names := map[string]string{zeroID: unassigned}
	for row, err := range poll.API.Sites(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, err
		}
		if _, twice := names[row.ID]; twice {
			continue
		}
		if len(rows) == sitesMost {
			return Snapshot{}, errTooMany("sites", sitesMost)
		}
		names[row.ID] = Label(row.Name)
		row.Name = "" // however long it was
		rows = append(rows, row)
	}
	labels := SiteNames(Distinguish(names))

	org := poll.Organization.Name
	out := samples{descs: Descs("sites")}
	out.gauge("runzero_sites", float64(len(rows)), org)
	for _, row := range rows {
		site := labels[row.ID]
		out.gauge("runzero_site_info", 1, org, site, Label(row.ID))
		for _, state := range []struct {
			name  string
			count runzero.Count
		}{{"all", row.Assets}, {"recent", row.RecentAssets}, {"live", row.LiveAssets}} {
			if n, known := state.count.Get(); known {
				out.gauge("runzero_site_assets", float64(n), org, site, state.name)
			}
		}
	}
	families, err := out.families()
	return Snapshot{Families: families, Sites: labels}, err
}
