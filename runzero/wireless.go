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

func (w *Wireless) set(lex *lexer, name []byte) {
	switch string(name) {
	case "site_id":
		w.SiteID = lex.reference()
	case "site_name":
		w.SiteName = lex.text()
	case "authentication":
		w.Authentication = lex.text()
	case "encryption":
		w.Encryption = lex.text()
	}
}
