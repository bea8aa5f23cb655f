package runzero

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// Organization is one organization. The record also holds tokens and people; nothing but these fields is read. One
// that is known only from an export has no counts and settings.
type Organization struct {
	ID       string // empty: not reported
	Name     string // empty: not reported
	Demo     bool
	Inactive bool
	// Project means that it is temporary. The licence counts its assets separately.
	Project bool

	Assets       Count // all known
	LiveAssets   Count // responded to the last scan; not documented, but most consoles send it
	RecentAssets Count // recently seen, which is what the licence counts; not documented either

	// After how many days each is deleted. What 0 means is not documented; as nothing was seen to expire at once, it
	// is likely to mean never.
	ExpireStaleAssets           Count // no longer seen
	ExpireOfflineAssets         Count // no longer responding
	ExpireScans                 Count
	ExpireVulnerabilities       Count
	ExpireIntegrationAttributes Count
}

// identity returns no organization, because the record is the organization.
func (o *Organization) identity() (id, organization string) { return o.ID, "" }

func (o *Organization) fields() fields {
	return fields{
		"id":                                id(&o.ID),
		"name":                              text(&o.Name),
		"demo":                              isTrue(&o.Demo),
		"inactive":                          isTrue(&o.Inactive),
		"project":                           isTrue(&o.Project),
		"asset_count":                       count(&o.Assets),
		"live_asset_count":                  count(&o.LiveAssets),
		"recent_asset_count":                count(&o.RecentAssets),
		"expiration_assets_stale":           count(&o.ExpireStaleAssets),
		"expiration_assets_offline":         count(&o.ExpireOfflineAssets),
		"expiration_scans":                  count(&o.ExpireScans),
		"expiration_vulnerabilities":        count(&o.ExpireVulnerabilities),
		"expiration_integration_attributes": count(&o.ExpireIntegrationAttributes),
	}
}

// Organizations returns the organizations that the credential reaches: all of the account's, or that of its token. It
// costs one call with an account credential. An export token takes one, and two if its organization has no assets. An
// organization token takes one, or, if the Organization API refuses it, one more than an export token: up to three. So
// does a token of an unknown kind that is not account-wide.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	switch c.credential.kind() {
	case AccountCredential:
		return c.accountOrganizations(ctx)
	case ExportToken:
		return c.exportOrganization(ctx)
	case OrganizationToken:
		organizations, err := collect[Organization](ctx, c, ownOrganization(nil))
		// The Organization API needs a larger licence than exports do, and consoles report that in different ways.
		if Refused(err, UnknownKind) {
			return c.exportOrganization(ctx)
		}
		return organizations, err
	default:
		organizations, err := c.accountOrganizations(ctx)
		accountWide := !Refused(err, UnknownKind)
		if !accountWide {
			organizations, err = c.exportOrganization(ctx)
		}
		if err == nil { // after a failure, what was known stays valid
			c.accountWide.Store(accountWide)
		}
		return organizations, err
	}
}

// OrganizationsMost bounds the organizations of an account, which are all held in memory and polled. runZero
// documents no bound; more than this is taken as a fault.
const OrganizationsMost = 10_000

func (c *Client) accountOrganizations(ctx context.Context) ([]Organization, error) {
	return collect[Organization](ctx, c, export{endpoint: "/account/orgs", plural: "orgs", most: OrganizationsMost})
}

// ownOrganization requests /org, which is one object, and on some consoles a list.
func ownOrganization(query url.Values) export {
	return export{endpoint: "/org", plural: "orgs", most: OrganizationsMost, query: query}
}

var errNoOrganization = errors.New("the response contains no organization")

// Organization returns one organization in one call. The scope of an export token is insufficient. An empty id stands
// for the organization of the token. If the console returns another organization, the error is ErrWrongOrganization.
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

// exportOrganization finds an export token's organization in the first row of an export. Consoles too old for
// page_size send everything; reading stops after the first row.
func (c *Client) exportOrganization(ctx context.Context) ([]Organization, error) {
	for _, try := range []export{
		{endpoint: "/export/org/assets.json", plural: "assets", query: url.Values{"fields": {"id,organization_id,org_name"}, "page_size": {"1"}}},
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

// owner is a row of any kind, of which the organization is read.
type owner struct {
	id, organizationID, organizationName string
}

func (o *owner) identity() (id, organization string) { return o.id, "" }

func (o *owner) fields() fields {
	return fields{
		"id":              id(&o.id),
		"organization_id": reference(&o.organizationID),
		"org_name":        text(&o.organizationName),
	}
}
