package runzero

import (
	"context"
	"errors"
	"time"
)

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

const (
	releaseLifetime = 24 * time.Hour // how long the newest release is cached
	releaseRetry    = time.Hour      // when it is requested again after a failure, which other polls do not wait for
)

// release is the cached result of the last request.
type release struct {
	version string
	err     error
	until   time.Time // when to request it again
}

var errNoRelease = errors.New("the response contains no version")

// ExplorerRelease returns the newest version of the Explorer that the console offers, such as "5.1.260818.0"; a
// console without internet access returns its own. It needs no credential and sends none. The result is cached for a
// day, and so is a failure, so that no poll pays twice. A request that was not sent is not cached.
func (c *Client) ExplorerRelease(ctx context.Context) (string, error) {
	var cached release
	select { // one caller sends the request, the others wait for its result
	case cached = <-c.release:
	case <-ctx.Done():
		return "", requestError(releaseEndpoint, ctx.Err())
	}
	defer func() { c.release <- cached }()
	if c.now().Before(cached.until) {
		return cached.version, cached.err
	}
	newest, err := c.explorerRelease(ctx)
	switch CauseOf(err) {
	case NoCause:
		if err == nil {
			cached = release{version: newest, until: c.now().Add(releaseLifetime)}
		}
	case Unreachable, Unreadable: // which cost no call
	default:
		cached = release{err: err, until: c.now().Add(releaseRetry)}
	}
	return newest, err
}

const releaseEndpoint = "/releases/agent/version"

func (c *Client) explorerRelease(ctx context.Context) (string, error) {
	newest := ""
	err := c.readObject(ctx, c.public, releaseEndpoint, fields{
		"version": func(lex *lexer) { newest = version(lex.text()) },
	})
	switch {
	case err != nil:
		return "", err
	case newest == "":
		return "", &BodyError{Endpoint: releaseEndpoint, Err: errNoRelease}
	}
	return newest, nil
}
