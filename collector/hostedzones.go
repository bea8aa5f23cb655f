package collector

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type hostedZones struct{}

func newHostedZones(Settings) Collector { return hostedZones{} }

// hostedZonesMost bounds the series of hosted zones. runZero documents no bound.
const hostedZonesMost = 1_000

// Collect exports the hosted zones. They are the account's, but only an organization
// can be asked for them: the one whose id comes first, so that it is the same each time.
func (hostedZones) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	organizations := slices.Sorted(maps.Keys(poll.Organizations))
	if len(organizations) == 0 {
		return Snapshot{}, errors.New("hosted zones: no organization is known to ask for them")
	}
	var rows []runzero.HostedZone
	names := map[string]string{}
	for row, err := range poll.API.HostedZones(ctx, organizations[0]) {
		if err != nil {
			return Snapshot{}, unsupported(err, poll.API.Kind(), "hosted zones", needsHostedZones)
		}
		if _, twice := names[row.ID]; twice {
			continue
		}
		if len(rows) == hostedZonesMost {
			return Snapshot{}, errTooMany("hosted zones", hostedZonesMost)
		}
		names[row.ID] = Label(row.Name)
		row.Name = "" // however long it was
		rows = append(rows, row)
	}
	labels := Distinguish(names)
	out := samples{descs: Descs("hosted_zones")}
	for _, row := range rows {
		zone := labels[row.ID]
		out.truth("runzero_hosted_zone_enabled", row.Enabled, zone)
		out.count("runzero_hosted_zone_explorers", row.Explorers, zone)
		out.count("runzero_hosted_zone_tasks", row.TasksActive, zone, "active")
		out.count("runzero_hosted_zone_tasks", row.TasksWaiting, zone, "waiting")
	}
	families, err := out.families()
	return Snapshot{Families: families}, err
}
