package runzero

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// Organization is one organization. Its record holds tokens and people; nothing
// but what stands here is kept of it. What only exports told of it has no counts and
// no settings.
type Organization struct {
	ID       string // empty when the console has not told it
	Name     string // empty when the console has not told it
	Demo     bool
	Inactive bool
	// Project tells that it is a temporary one, whose assets the licence counts apart.
	Project bool

	Assets       Count // all known
	LiveAssets   Count // answered the last scan; not documented, yet most consoles send it
	RecentAssets Count // seen lately, which is what the licence counts; not documented either

	// How long each is kept, in days. Nothing public says what 0 means; nothing is
	// seen to expire at once, so it is likely to mean for ever.
	ExpireStaleAssets           Count // not seen any more
	ExpireOfflineAssets         Count // not answering any more
	ExpireScans                 Count
	ExpireVulnerabilities       Count
	ExpireIntegrationAttributes Count
}

func (o *Organization) reset() { *o = Organization{} }

// An organization's own record carries no other organization's id.
func (o *Organization) identity() (id, organization string) { return o.ID, "" }

func (o *Organization) set(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		o.ID = s.id()
	case "name":
		o.Name = s.text()
	case "demo":
		o.Demo = s.boolean() == True
	case "inactive":
		o.Inactive = s.boolean() == True
	case "project":
		o.Project = s.boolean() == True
	case "asset_count":
		o.Assets = s.count()
	case "live_asset_count":
		o.LiveAssets = s.count()
	case "recent_asset_count":
		o.RecentAssets = s.count()
	case "expiration_assets_stale":
		o.ExpireStaleAssets = s.count()
	case "expiration_assets_offline":
		o.ExpireOfflineAssets = s.count()
	case "expiration_scans":
		o.ExpireScans = s.count()
	case "expiration_vulnerabilities":
		o.ExpireVulnerabilities = s.count()
	case "expiration_integration_attributes":
		o.ExpireIntegrationAttributes = s.count()
	}
}

// Organizations returns the organizations the credential reaches: all of the
// account's, or the one its token belongs to. It costs one call; two for an export
// token of an organization without assets, or for a token whose kind must be found
// out first.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	switch c.credential.kind() {
	case AccountCredential:
		return c.accountOrganizations(ctx)
	case ExportToken:
		return c.exportOrganization(ctx)
	case OrganizationToken:
		organizations, err := collect[Organization](ctx, c, ownOrganization(nil))
		// The Organization API needs a larger licence than exports do, and not every
		// console says so in the same way.
		if Refused(err, UnknownKind) {
			return c.exportOrganization(ctx)
		}
		return organizations, err
	default:
		organizations, err := c.accountOrganizations(ctx)
		account := !Refused(err, UnknownKind)
		if !account {
			organizations, err = c.exportOrganization(ctx)
		}
		// A failure teaches nothing: what was known of the token stays known.
		if err == nil {
			c.account.Store(account)
		}
		return organizations, err
	}
}

// OrganizationsMost bounds the organizations of an account, which are read whole, and
// for each of which there is something to ask. runZero documents no bound; an answer
// beyond this is not an account but a fault.
const OrganizationsMost = 10_000

func (c *Client) accountOrganizations(ctx context.Context) ([]Organization, error) {
	return collect[Organization](ctx, c, export{endpoint: "/account/orgs", plural: "orgs", most: OrganizationsMost})
}

// ownOrganization is /org, which is one object, and on some consoles a list.
func ownOrganization(query url.Values) export {
	return export{endpoint: "/org", plural: "orgs", most: OrganizationsMost, query: query}
}

var errNoOrganization = errors.New("the answer holds no organization")

// Organization returns what the Organization API says of one organization, in one
// call. An export token does not reach it. An empty id takes what an organization
// token is answered with. Another organization than the one asked for is ErrForeign.
func (c *Client) Organization(ctx context.Context, organizationID string) (Organization, error) {
	query, err := c.organizationQuery(organizationID)
	own := ownOrganization(query)
	if err != nil {
		return Organization{}, requestError(own.endpoint, err)
	}
	rows, err := collect[Organization](ctx, c, own)
	if err != nil {
		return Organization{}, err
	}
	for _, row := range rows {
		if organizationID == "" || strings.EqualFold(row.ID, organizationID) {
			return row, nil
		}
	}
	problem := ErrWrongOrganization
	if len(rows) == 0 {
		problem = errNoOrganization
	}
	return Organization{}, &BodyError{Endpoint: own.endpoint, Err: problem}
}

// exportOrganization learns an export token's organization from the first row of an
// export. Consoles too old for page_size send everything; reading stops there too.
func (c *Client) exportOrganization(ctx context.Context) ([]Organization, error) {
	for _, try := range []export{
		{endpoint: "/export/org/assets.json", plural: "assets", query: pageQuery(url.Values{"fields": {"id,organization_id,org_name"}}, 1)},
		{endpoint: "/export/org/sites.json", plural: "sites", query: url.Values{"fields": {"id,organization_id"}}},
	} {
		for row, err := range stream[owner](ctx, c, try) {
			if err != nil {
				return nil, err
			}
			return []Organization{{ID: row.organizationID, Name: row.organizationName}}, nil
		}
	}
	return []Organization{{}}, nil
}

// owner is a row of whatever kind, read for whose it is.
type owner struct {
	id, organizationID, organizationName string
}

func (o *owner) reset() { *o = owner{} }

func (o *owner) identity() (id, organization string) { return o.id, "" }

func (o *owner) set(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		o.id = s.id()
	case "organization_id":
		o.organizationID = s.reference()
	case "org_name":
		o.organizationName = s.text()
	}
}
