package collector

import (
	"context"
	"maps"
	"strconv"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type organizations struct{}

func newOrganizations(Settings) Collector { return organizations{} }

// Collect exports the organization's own record.
func (organizations) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	row, err := poll.API.Organization(ctx, poll.Organization.ID)
	if err != nil {
		return Snapshot{}, unsupported(err, poll.API.Kind(), "an organization's record", needsOrganization)
	}
	return Organizations([]runzero.Organization{row}, map[string]string{row.ID: poll.Organization.Name})
}

// Organizations is the Snapshot of the collector organizations for a whole account:
// who polls has the organizations' records already, from asking which there are. Names
// is the org_name of each organization to export by its id; rows of others are left
// out.
func Organizations(rows []runzero.Organization, names map[string]string) (Snapshot, error) {
	out := &samples{descs: Descs("organizations")}
	names = maps.Clone(names)
	for _, row := range rows {
		org, wanted := names[row.ID]
		if !wanted {
			continue
		}
		delete(names, row.ID) // a row that comes twice counts once
		out.gauge("runzero_organization_info", 1, org, Label(row.ID), strconv.FormatBool(row.Project))
		out.assets("runzero_organization_assets", row.Assets, row.RecentAssets, row.LiveAssets, org)
		for _, kept := range []struct {
			of   string
			days runzero.Count
		}{
			{"stale_assets", row.ExpireStaleAssets},
			{"offline_assets", row.ExpireOfflineAssets},
			{"scans", row.ExpireScans},
			{"vulnerabilities", row.ExpireVulnerabilities},
			{"integration_attributes", row.ExpireIntegrationAttributes},
		} {
			// Nothing says that 0 means never, and anything else would delete what was just
			// found.
			if n, known := kept.days.Get(); known && n > 0 {
				out.gauge("runzero_organization_expiration_seconds", float64(n)*day.Seconds(), org, kept.of)
			}
		}
	}
	families, err := out.families()
	return Snapshot{Families: families}, err
}
