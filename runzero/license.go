package runzero

import (
	"context"
	"errors"
	"time"
)

// License is the account's licence and its use. The record also holds addresses and people; nothing but these fields
// is read.
type License struct {
	Type          string    // such as "platform"
	Expiration    time.Time // zero: not reported
	MaxAssets     Count     // the most that the licence allows
	LiveAssets    Count     // recently seen, which is what counts
	ProjectAssets Count     // the same for temporary organizations
}

var errNoLicense = errors.New("the response contains no licence")

// License returns the account's licence in one call. It needs an account credential.
func (c *Client) License(ctx context.Context) (License, error) {
	const endpoint = "/account/license"
	var license License
	err := c.readObject(ctx, c.private, endpoint, license.fields())
	if err == nil && license == (License{}) {
		err = &BodyError{Endpoint: endpoint, Err: errNoLicense}
	}
	return license, err
}

func (l *License) fields() fields {
	return fields{
		"license_type":                text(&l.Type),
		"license_expiration":          instant(&l.Expiration),
		"license_max_assets":          count(&l.MaxAssets),
		"license_live_asset_count":    count(&l.LiveAssets),
		"license_project_asset_count": count(&l.ProjectAssets),
	}
}
