package runzero

import "context"

// Health is the health that a console reports.
type Health struct {
	Status  string // "ok" when healthy
	Version string // such as "5.1.260818.0"; empty: not reported
}

// Health requests the console's health. It needs no credential and sends none.
func (c *Client) Health(ctx context.Context) (Health, error) {
	const endpoint = "/health"
	var health Health
	found := false
	err := c.readObject(ctx, c.public, endpoint, fields{
		"status":  func(lex *lexer) { health.Status, found = lex.text(), true },
		"version": text(&health.Version),
	})
	if err == nil && !found {
		err = &BodyError{Endpoint: endpoint, Err: ErrNotHealth}
	}
	return health, err
}
