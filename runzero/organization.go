package runzero

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// OrganizationInfo is one organization. Its record holds tokens and people; nothing
// but what stands here is kept of it. What only exports told of it has no counts and
// no settings.
type OrganizationInfo struct {
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

func (o *OrganizationInfo) reset() { *o = OrganizationInfo{} }

// An organization's own record carries no other organization's id.
func (o *OrganizationInfo) identity() (id, organization string) { return o.ID, "" }

func (o *OrganizationInfo) set(s *scanner, name []byte) {
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
func (c *Client) Organizations(ctx context.Context) ([]OrganizationInfo, error) {
	switch c.credential.kind() {
	case Account:
		return c.accountOrganizations(ctx)
	case Export:
		return c.exportOrganization(ctx)
	case Organization:
		organizations, err := collect[OrganizationInfo](ctx, c, ownOrganization(nil))
		// The Organization API needs a larger licence than exports do, and not every
		// console says so in the same way.
		if Refused(err, Unknown) {
			return c.exportOrganization(ctx)
		}
		return organizations, err
	default:
		organizations, err := c.accountOrganizations(ctx)
		account := !Refused(err, Unknown)
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

func (c *Client) accountOrganizations(ctx context.Context) ([]OrganizationInfo, error) {
	return collect[OrganizationInfo](ctx, c, export{endpoint: "/account/orgs", plural: "orgs", most: OrganizationsMost})
}

// ownOrganization is /org, which is one object, and on some consoles a list.
func ownOrganization(query url.Values) export {
	return export{endpoint: "/org", plural: "orgs", most: OrganizationsMost, query: query}
}

var errNoOrganization = errors.New("the answer holds no organization")

// Organization returns what the Organization API says of one organization, in one
// call. An export token does not reach it. An empty id takes what an organization
// token is answered with. Another organization than the one asked for is ErrForeign.
func (c *Client) Organization(ctx context.Context, organizationID string) (OrganizationInfo, error) {
	query, err := c.organizationQuery(organizationID)
	own := ownOrganization(query)
	if err != nil {
		return OrganizationInfo{}, requestError(own.endpoint, err)
	}
	rows, err := collect[OrganizationInfo](ctx, c, own)
	if err != nil {
		return OrganizationInfo{}, err
	}
	for _, row := range rows {
		if organizationID == "" || strings.EqualFold(row.ID, organizationID) {
			return row, nil
		}
	}
	problem := ErrForeign
	if len(rows) == 0 {
		problem = errNoOrganization
	}
	return OrganizationInfo{}, &BodyError{Endpoint: own.endpoint, Err: problem}
}

// exportOrganization learns an export token's organization from the first row of an
// export. Consoles too old for page_size send everything; reading stops there too.
func (c *Client) exportOrganization(ctx context.Context) ([]OrganizationInfo, error) {
	for _, try := range []export{
		{endpoint: "/export/org/assets.json", plural: "assets", query: pageQuery(url.Values{"fields": {"id,organization_id,org_name"}}, 1)},
		{endpoint: "/export/org/sites.json", plural: "sites", query: url.Values{"fields": {"id,organization_id"}}},
	} {
		for row, err := range stream[owner](ctx, c, try) {
			if err != nil {
				return nil, err
			}
			return []OrganizationInfo{{ID: row.organizationID, Name: row.organizationName}}, nil
		}
	}
	return []OrganizationInfo{{}}, nil
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
