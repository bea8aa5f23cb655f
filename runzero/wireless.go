package runzero

import (
	"context"
	"iter"
)

// Wireless is a network of an access point that an Explorer heard, as far as it is
// counted. What it is called is not kept: whoever is near chooses that. Texts are as the
// API sent them and may be empty.
type Wireless struct {
	SiteID         string // empty: no site
	SiteName       string
	Authentication string // an open set, such as "wpa2-psk"
	Encryption     string // an open set, such as "aes"
}

const wirelessFields = "id,organization_id,site_id,site_name,authentication,encryption"

// Wireless streams the wireless networks around an organization in one call.
func (c *Client) Wireless(ctx context.Context, organizationID string) iter.Seq2[Wireless, error] {
	return inventory[Wireless](ctx, c, "wireless", organizationID, wirelessFields)
}

func (w *Wireless) set(s *scanner, name []byte) {
	switch string(name) {
	case "site_id":
		w.SiteID = s.reference()
	case "site_name":
		w.SiteName = s.text()
	case "authentication":
		w.Authentication = s.text()
	case "encryption":
		w.Encryption = s.text()
	}
}
