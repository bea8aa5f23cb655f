package runzero

import (
	"context"
	"iter"
)

// Site is one site. The counts are not documented, but most consoles send them.
type Site struct {
	ID             string
	OrganizationID string
	Name           string
	Assets         Count // all known
	RecentAssets   Count // recently seen, which is what the licence counts
	LiveAssets     Count // responded to the last scan; 0 is right where nothing scans
}

const siteFields = "id,organization_id,name,asset_count,recent_asset_count,live_asset_count"

// Sites streams an organization's sites in one call.
func (c *Client) Sites(ctx context.Context, organizationID string) iter.Seq2[Site, error] {
	return organizationRows[Site](ctx, c, "/export/org/sites.json", "sites", organizationID, siteFields, "")
}

// AccountSites streams the sites of all the account's organizations in one call. It needs an account credential. It
// is not documented that the rows have an organization; OrganizationID is empty if they have none.
func (c *Client) AccountSites(ctx context.Context) iter.Seq2[Site, error] {
	return stream[Site](ctx, c, export{endpoint: "/account/sites", plural: "sites"})
}

func (s *Site) identity() (id, organization string) { return s.ID, s.OrganizationID }

func (s *Site) fields() fields {
	return fields{
		"id":                 id(&s.ID),
		"organization_id":    reference(&s.OrganizationID),
		"name":               text(&s.Name),
		"asset_count":        count(&s.Assets),
		"recent_asset_count": count(&s.RecentAssets),
		"live_asset_count":   count(&s.LiveAssets),
	}
}
