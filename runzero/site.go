package runzero

import (
	"context"
	"iter"
)

// Site is one site. Its counts are not documented, yet most consoles send them.
type Site struct {
	ID             string
	OrganizationID string
	Name           string
	Assets         Count // all known
	RecentAssets   Count // seen lately, which is what the licence counts
	LiveAssets     Count // answered the last scan; 0 is right where nothing scans
}

const siteFields = "id,organization_id,name,asset_count,recent_asset_count,live_asset_count"

// Sites streams an organization's sites in one call.
func (c *Client) Sites(ctx context.Context, organizationID string) iter.Seq2[Site, error] {
	return organizationRows[Site](ctx, c, "/export/org/sites.json", "sites", organizationID, siteFields, "")
}

// AccountSites streams the sites of all the account's organizations in one call, which
// an account credential alone may make. It is not documented that these rows say
// which organization they belong to: where they do not, OrganizationID is empty.
func (c *Client) AccountSites(ctx context.Context) iter.Seq2[Site, error] {
	return stream[Site](ctx, c, export{endpoint: "/account/sites", plural: "sites"})
}

func (s *Site) reset() { *s = Site{} }

func (s *Site) identity() (id, organization string) { return s.ID, s.OrganizationID }

func (s *Site) set(in *scanner, name []byte) {
	switch string(name) {
	case "id":
		s.ID = in.id()
	case "organization_id":
		s.OrganizationID = in.reference()
	case "name":
		s.Name = in.text()
	case "asset_count":
		s.Assets = in.count()
	case "recent_asset_count":
		s.RecentAssets = in.count()
	case "live_asset_count":
		s.LiveAssets = in.count()
	}
}
