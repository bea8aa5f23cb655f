package runzero

import (
	"context"
	"iter"
)

// HostedZone is a group of Explorers that runZero itself runs, for scans of public targets.
// Only Platform licences have any.
type HostedZone struct {
	ID           string
	Name         string
	Enabled      Truth
	Explorers    Count // 0 is right where none is assigned
	TasksActive  Count
	TasksWaiting Count
}

// HostedZones streams the hosted zones that an organization may use in one call. The scope
// of an export token is insufficient.
func (c *Client) HostedZones(ctx context.Context, organizationID string) iter.Seq2[HostedZone, error] {
	return func(yield func(HostedZone, error) bool) {
		for row, err := range organizationRows[zoneRow](ctx, c, "/org/hosted-zones", "hosted_zones", organizationID, "", "") {
			if !yield(row.HostedZone, err) {
				return
			}
		}
	}
}

// zoneRow is a hosted zone and its organization, which is empty if all may use it.
type zoneRow struct {
	HostedZone

	organizationID string
}

func (z *zoneRow) reset() { *z = zoneRow{} }

func (z *zoneRow) identity() (id, organization string) { return z.ID, z.organizationID }

func (z *zoneRow) set(lex *lexer, name []byte) {
	switch string(name) {
	case "id":
		z.ID = lex.id()
	case "organization_id":
		z.organizationID = lex.reference()
	case "name":
		z.Name = lex.text()
	case "enabled":
		z.Enabled = lex.boolean()
	case "explorers_total":
		z.Explorers = lex.count()
	case "tasks_active":
		z.TasksActive = lex.count()
	case "tasks_waiting":
		z.TasksWaiting = lex.count()
	}
}
