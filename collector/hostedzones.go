package collector

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// collectHostedZones exports the account's hosted zones. The API lists them by organization,
// so it requests them for the one whose id sorts first: the same one at each poll.
func collectHostedZones(ctx context.Context, poll Poll) (Snapshot, error) {
	organizations := slices.Sorted(maps.Keys(poll.Organizations))
	if len(organizations) == 0 {
		return Snapshot{}, errors.New("hosted zones: there is no organization to request them for")
	}
	var rows []runzero.HostedZone
	names := map[string]string{}
	for row, err := range poll.API.HostedZones(ctx, organizations[0]) {
		if err != nil {
			return Snapshot{}, unsupported(err, poll.API.Kind(), "hosted zones", needsHostedZones)
		}
		if _, duplicate := names[row.ID]; duplicate {
			continue
		}
		if len(rows) == maxHostedZones {
			return Snapshot{}, errTooMany("hosted zones", maxHostedZones)
		}
		names[row.ID] = Label(row.Name)
		row.Name = "" // can be long
		rows = append(rows, row)
	}
	labels := Distinguish(names)
	out := newSamples("hosted_zones")
	for _, row := range rows {
		zone := labels[row.ID]
		out.truth("runzero_hosted_zone_enabled", row.Enabled, zone)
		out.count("runzero_hosted_zone_explorers", row.Explorers, zone)
		out.count("runzero_hosted_zone_tasks", row.TasksActive, zone, "active")
		out.count("runzero_hosted_zone_tasks", row.TasksWaiting, zone, "waiting")
	}
	return out.snapshot(nil)
}
