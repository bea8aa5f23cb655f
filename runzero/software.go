package runzero

import (
	"context"
	"iter"
)

// Software is one program on one asset, as far as it is counted. Texts are as the API
// sent them and may be empty.
type Software struct {
	Vendor  string // such as "OpenBSD"
	Product string // such as "OpenSSH"; an open set that grows with the fleet
}

const softwareFields = "id,software_id,software_organization_id,software_vendor,software_product"

// Software streams what is installed on an organization's assets in one call.
func (c *Client) Software(ctx context.Context, organizationID string) iter.Seq2[Software, error] {
	return inventory[Software](ctx, c, "software", organizationID, softwareFields)
}

func (w *Software) set(s *scanner, name []byte) {
	switch string(name) {
	case "software_vendor":
		w.Vendor = s.text()
	case "software_product":
		w.Product = s.text()
	}
}
