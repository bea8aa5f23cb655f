package runzero

import (
	"context"
	"iter"
)

// Wireless is a wireless network that an Explorer received, with the attributes that are
// counted. Its name is not read, because anybody nearby can choose it. Texts are as the
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

func (w *Wireless) fields() fields {
	return fields{
		"site_id":        reference(&w.SiteID),
		"site_name":      text(&w.SiteName),
		"authentication": text(&w.Authentication),
		"encryption":     text(&w.Encryption),
	}
}
