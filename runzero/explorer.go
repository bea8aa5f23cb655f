package runzero

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Explorer is a program that scans. What it reports about its own machine (users, addresses, environment) is not
// read.
type Explorer struct {
	ID             string
	OrganizationID string
	SiteID         string // empty: not bound to one site
	Name           string // not unique
	OS             string
	Arch           string
	Version        string // without the build, such as "5.1.260818.0"; empty: not reported
	Connected      Truth
	// Inactive means that it was removed and is still listed.
	Inactive    bool
	LastCheckin time.Time // at most a minute ago while it is connected; zero: not reported
}

// Explorers streams an organization's Explorers in one call. The scope of an export token is insufficient.
func (c *Client) Explorers(ctx context.Context, organizationID string) iter.Seq2[Explorer, error] {
	return organizationRows[Explorer](ctx, c, "/org/explorers", "explorers", organizationID, "", "")
}

// AccountExplorers streams the Explorers of all the account's organizations in one call. It needs an account
// credential.
func (c *Client) AccountExplorers(ctx context.Context) iter.Seq2[Explorer, error] {
	return stream[Explorer](ctx, c, export{endpoint: "/account/agents", plural: "agents"})
}

func (e *Explorer) identity() (id, organization string) { return e.ID, e.OrganizationID }

func (e *Explorer) fields() fields {
	return fields{
		"id":              id(&e.ID),
		"organization_id": reference(&e.OrganizationID),
		"site_id":         reference(&e.SiteID),
		"name":            text(&e.Name),
		"os":              text(&e.OS),
		"arch":            text(&e.Arch),
		"version":         func(lex *lexer) { e.Version = version(lex.text()) },
		"connected":       truth(&e.Connected),
		"inactive":        func(lex *lexer) { e.Inactive = e.Inactive || lex.boolean() == True },
		"deactivated_at":  func(lex *lexer) { e.Inactive = e.Inactive || !lex.time().IsZero() },
		"last_checkin":    instant(&e.LastCheckin),
	}
}

// version returns the number in forms such as "3.10.25 (build 20230905190835) [fc50c5eefdc3]".
func version(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return s
}

// HostedZone is a group of Explorers that runZero itself runs, for scans of public targets. Only Platform licences
// have any.
type HostedZone struct {
	ID             string
	OrganizationID string // empty: all organizations may use it
	Name           string
	Enabled        Truth
	Explorers      Count // 0 is right where none is assigned
	TasksActive    Count
	TasksWaiting   Count
}

// HostedZones streams the hosted zones that an organization may use in one call. The scope of an export token is
// insufficient.
func (c *Client) HostedZones(ctx context.Context, organizationID string) iter.Seq2[HostedZone, error] {
	return organizationRows[HostedZone](ctx, c, "/org/hosted-zones", "hosted_zones", organizationID, "", "")
}

func (z *HostedZone) identity() (id, organization string) { return z.ID, z.OrganizationID }

func (z *HostedZone) fields() fields {
	return fields{
		"id":              id(&z.ID),
		"organization_id": reference(&z.OrganizationID),
		"name":            text(&z.Name),
		"enabled":         truth(&z.Enabled),
		"explorers_total": count(&z.Explorers),
		"tasks_active":    count(&z.TasksActive),
		"tasks_waiting":   count(&z.TasksWaiting),
	}
}
