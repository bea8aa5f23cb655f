package collector

import (
	"context"
	"maps"
	"strconv"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// collectOrganization exports the organization's own record.
func collectOrganization(ctx context.Context, poll Poll) (Snapshot, error) {
	row, err := poll.API.Organization(ctx, poll.Organization.ID)
	if err != nil {
		return Snapshot{}, unsupported(err, poll.API.Kind(), "an organization's record", needsOrganization)
	}
	return organizationSamples([]runzero.Organization{row}, map[string]string{row.ID: poll.Organization.Name}).snapshot(nil)
}

// Organizations returns the account-wide snapshot of the organizations collector. Names maps
// the ids of the organizations to export to their org_name; others are left out. As many as missing were seen before
// and are not in the last response.
func Organizations(rows []runzero.Organization, names map[string]string, missing int) (Snapshot, error) {
	out := organizationSamples(rows, names)
	out.gauge("runzero_organizations_missing", float64(missing))
	return out.snapshot(nil)
}

func organizationSamples(rows []runzero.Organization, names map[string]string) *samples {
	out := newSamples("organizations")
	names = maps.Clone(names)
	for _, row := range rows {
		org, wanted := names[row.ID]
		if !wanted {
			continue
		}
		delete(names, row.ID) // skip duplicates
		out.gauge(OrganizationInfo, 1, org, Label(row.ID), strconv.FormatBool(row.Project))
		out.assets("runzero_organization_assets", row.Assets, row.RecentAssets, row.LiveAssets, org)
		for of, days := range map[string]runzero.Count{
			"stale_assets":           row.ExpireStaleAssets,
			"offline_assets":         row.ExpireOfflineAssets,
			"scans":                  row.ExpireScans,
			"vulnerabilities":        row.ExpireVulnerabilities,
			"integration_attributes": row.ExpireIntegrationAttributes,
		} {
			// 0 is not documented to mean never, but otherwise everything would be deleted as soon as it is found.
			if n, known := days.Get(); known && n > 0 {
				out.gauge("runzero_organization_expiration_seconds", float64(n)*day.Seconds(), org, of)
			}
		}
	}
	return out
}
