package runzero

import (
	"context"
	"errors"
	"time"
)

// releaseKept is how long the newest release is taken as known, or as not to be had.
const releaseKept = 24 * time.Hour

// release is what was learned of the newest release of the Explorer.
type release struct {
	version string
	err     error
	until   time.Time // when to ask again
}

var errNoRelease = errors.New("the answer says nothing of a version")

// ExplorerRelease returns the newest version of the Explorer that the console offers,
// such as "5.1.260818.0"; one without access to the internet tells its own. It needs
// no credential and sends none. The answer holds for a day, a failure as well, so that
// no poll pays for it twice; a request that was never sent is no failure.
func (c *Client) ExplorerRelease(ctx context.Context) (string, error) {
	var known release
	select { // one asks, the others wait for what it learns
	case known = <-c.release:
	case <-ctx.Done():
		return "", requestError(releaseEndpoint, ctx.Err())
	}
	defer func() { c.release <- known }()
	if time.Now().Before(known.until) {
		return known.version, known.err
	}
	asked, err := c.explorerRelease(ctx)
	if unsent := (unsentError{}); ctx.Err() == nil && !errors.As(err, &unsent) {
		known = release{version: asked, err: err, until: time.Now().Add(releaseKept)}
	}
	return asked, err
}

const releaseEndpoint = "/releases/agent/version"

func (c *Client) explorerRelease(ctx context.Context) (string, error) {
	newest := ""
	err := c.readObject(ctx, c.public, releaseEndpoint, func(s *scanner, name []byte) {
		if string(name) == "version" {
			newest = version(s.text())
		}
	})
	switch {
	case err != nil:
		return "", err
	case newest == "":
		return "", &BodyError{Endpoint: releaseEndpoint, Err: errNoRelease}
	}
	return newest, nil
}
