package runzero

import (
	"context"
	"iter"
)

// HostedZone is a place where runZero itself runs Explorers, which scan what is
// public. Only Platform licences have any.
type HostedZone struct {
	ID           string
	Name         string
	Enabled      Truth
	Explorers    Count // that it has; 0 is right where none is assigned
	TasksActive  Count
	TasksWaiting Count
}

// HostedZones streams the hosted zones that an organization may use in one call. An
// export token does not reach them.
func (c *Client) HostedZones(ctx context.Context, organizationID string) iter.Seq2[HostedZone, error] {
	return func(yield func(HostedZone, error) bool) {
		for row, err := range organizationRows[zoneRow](ctx, c, "/org/hosted-zones", "hosted_zones", organizationID, "", "") {
			if !yield(row.HostedZone, err) {
				return
			}
		}
	}
}

// zoneRow is a hosted zone and whose it is, which is nobody's where all may use it.
type zoneRow struct {
	HostedZone

	organizationID string
}

func (z *zoneRow) reset() { *z = zoneRow{} }

func (z *zoneRow) identity() (id, organization string) { return z.ID, z.organizationID }

func (z *zoneRow) set(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		z.ID = s.id()
	case "organization_id":
		z.organizationID = s.reference()
	case "name":
		z.Name = s.text()
	case "enabled":
		z.Enabled = s.boolean()
	case "explorers_total":
		z.Explorers = s.count()
	case "tasks_active":
		z.TasksActive = s.count()
	case "tasks_waiting":
		z.TasksWaiting = s.count()
	}
}
