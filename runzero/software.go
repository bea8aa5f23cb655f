package runzero

import (
	"context"
	"iter"
)

// Software is one program on one asset, with the attributes that are counted. Texts are as
// the API sent them and may be empty.
type Software struct {
	Vendor  string // such as "OpenBSD"
	Product string // such as "OpenSSH"; an open set that grows with the fleet
}

const softwareFields = "id,software_id,software_organization_id,software_vendor,software_product"

// Software streams the software on an organization's assets in one call.
func (c *Client) Software(ctx context.Context, organizationID string) iter.Seq2[Software, error] {
	return inventory[Software](ctx, c, "software", organizationID, softwareFields)
}

func (w *Software) fields() fields {
	return fields{
		"software_vendor":  text(&w.Vendor),
		"software_product": text(&w.Product),
	}
}
