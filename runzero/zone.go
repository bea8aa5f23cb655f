package runzero

import (
	"context"
	"iter"
)

// HostedZone is a group of Explorers that runZero itself runs, for scans of public targets. Only Platform licences
// have any.
type HostedZone struct {
	ID             string
	OrganizationID string // empty: all organizations may use it
	Name           string
	Enabled        Truth
	Explorers      Count // 0 is right where none is assigned
	TasksActive    Count
	TasksWaiting   Count
}

// HostedZones streams the hosted zones that an organization may use in one call. The scope of an export token is
// insufficient.
func (c *Client) HostedZones(ctx context.Context, organizationID string) iter.Seq2[HostedZone, error] {
	return organizationRows[HostedZone](ctx, c, "/org/hosted-zones", "hosted_zones", organizationID, "", "")
}

func (z *HostedZone) identity() (id, organization string) { return z.ID, z.OrganizationID }

func (z *HostedZone) fields() fields {
	return fields{
		"id":              id(&z.ID),
		"organization_id": reference(&z.OrganizationID),
		"name":            text(&z.Name),
		"enabled":         truth(&z.Enabled),
		"explorers_total": count(&z.Explorers),
		"tasks_active":    count(&z.TasksActive),
		"tasks_waiting":   count(&z.TasksWaiting),
	}
}
