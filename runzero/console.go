package runzero

import "context"

// Health is what a console says of itself.
type Health struct {
	Status  string // "ok" when all is well
	Version string // such as "5.1.260818.0"; empty when it does not say
}

// Health asks the console how it is. It needs no credential and sends none.
func (c *Client) Health(ctx context.Context) (Health, error) {
	const endpoint = "/health"
	var health Health
	said := false
	err := c.readObject(ctx, c.public, endpoint, func(s *scanner, name []byte) {
		switch string(name) {
		case "status":
			health.Status, said = s.text(), true
		case "version":
			health.Version = s.text()
		}
	})
	if err == nil && !said {
		err = &BodyError{Endpoint: endpoint, Err: ErrNotHealth}
	}
	return health, err
}
