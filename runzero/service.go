package runzero

import (
	"context"
	"iter"
)

// Service is one way in which an asset answers, as far as it is counted. Texts are as
// the API sent them and may be empty.
type Service struct {
	// Protocol is all that it speaks, separated by spaces, as in "http tls".
	Protocol  string
	Transport string // such as "tcp"
	Port      string // a number; "0" where there is none, as of ARP (seen)
}

const serviceFields = "id,service_id,organization_id,service_protocol,service_transport,service_port"

// Services streams the services of an organization's assets in one call.
func (c *Client) Services(ctx context.Context, organizationID string) iter.Seq2[Service, error] {
	return inventory[Service](ctx, c, "services", organizationID, serviceFields)
}

func (v *Service) set(s *scanner, name []byte) {
	switch string(name) {
	case "service_protocol":
		v.Protocol = s.text()
	case "service_transport":
		v.Transport = s.text()
	case "service_port":
		v.Port = s.text()
	}
}
