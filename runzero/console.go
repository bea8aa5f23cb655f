package runzero

import (
	"context"
	"io"
)

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
	err := c.read(ctx, c.public, endpoint, nil, func(body io.Reader) error {
		in, s := newAnswer(body, c.limits.Record), newScanner()
		s.take(in.value())
		s.members(func(name []byte) {
			switch string(name) {
			case "status":
				health.Status, said = s.text(), true
			case "version":
				health.Version = s.text()
			}
		})
		if err := in.problem(); err != nil {
			return &BodyError{Endpoint: endpoint, Err: err}
		}
		if !said {
			return &BodyError{Endpoint: endpoint, Err: ErrNotHealth}
		}
		return nil
	})
	return health, err
}
