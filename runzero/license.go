package runzero

import (
	"context"
	"errors"
	"time"
)

// License is what the account has licensed and uses of it. Its record holds addresses
// and people; nothing but what stands here is kept of it.
type License struct {
	Type          string    // such as "platform"
	Expiration    time.Time // zero: not told
	MaxAssets     Count     // that may be had
	LiveAssets    Count     // that count: seen lately
	ProjectAssets Count     // the same, of temporary organizations
}

var errNoLicense = errors.New("the answer says nothing of a licence")

// License returns the account's licence in one call, which an account credential
// alone may make.
func (c *Client) License(ctx context.Context) (License, error) {
	const endpoint = "/account/license"
	var license License
	err := c.readObject(ctx, c.private, endpoint, license.set)
	if err == nil && license == (License{}) {
		err = &BodyError{Endpoint: endpoint, Err: errNoLicense}
	}
	return license, err
}

func (l *License) set(s *scanner, name []byte) {
	switch string(name) {
	case "license_type":
		l.Type = s.text()
	case "license_expiration":
		l.Expiration = s.time()
	case "license_max_assets":
		l.MaxAssets = s.count()
	case "license_live_asset_count":
		l.LiveAssets = s.count()
	case "license_project_asset_count":
		l.ProjectAssets = s.count()
	}
}
