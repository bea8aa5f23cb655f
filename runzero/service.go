package runzero

import (
	"context"
	"iter"
)

// Service is one service of an asset, with the attributes that are counted. Texts are as
// the API sent them and may be empty.
type Service struct {
	// Protocol lists its protocols, separated by spaces, as in "http tls".
	Protocol  string
	Transport string // such as "tcp"
	Port      string // a number; "0" where there is none, as with ARP (seen)
}

const serviceFields = "id,service_id,organization_id,service_protocol,service_transport,service_port"

// Services streams the services of an organization's assets in one call.
func (c *Client) Services(ctx context.Context, organizationID string) iter.Seq2[Service, error] {
	return inventory[Service](ctx, c, "services", organizationID, serviceFields)
}

func (v *Service) fields() fields {
	return fields{
		"service_protocol":  text(&v.Protocol),
		"service_transport": text(&v.Transport),
		"service_port":      text(&v.Port),
	}
}
