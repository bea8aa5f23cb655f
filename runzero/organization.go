package runzero

import (
	"context"
	"net/http"
	"net/url"
)

// OrganizationInfo is one organization. Its record holds tokens and people; nothing
// but what stands here is kept of it.
type OrganizationInfo struct {
	ID       string // empty when the console has not told it
	Name     string // empty when the console has not told it
	Demo     bool
	Inactive bool
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
		organizations, err := c.ownOrganization(ctx)
		if refused(err) { // the Organization API needs a larger licence than exports do
			return c.exportOrganization(ctx)
		}
		return organizations, err
	default:
		organizations, err := c.accountOrganizations(ctx)
		account := !refused(err)
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

func refused(err error) bool {
	return answered(err, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
}

func (c *Client) accountOrganizations(ctx context.Context) ([]OrganizationInfo, error) {
	return collect[OrganizationInfo](ctx, c, export{endpoint: "/account/orgs", plural: "orgs"})
}

// ownOrganization reads /org, which is one object, and on some consoles a list.
func (c *Client) ownOrganization(ctx context.Context) ([]OrganizationInfo, error) {
	return collect[OrganizationInfo](ctx, c, export{endpoint: "/org", plural: "orgs"})
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
