package runzero

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Explorer is one of the programs that scan. What it says of the machine it runs on
// (its users, addresses and environment) is dropped while reading.
type Explorer struct {
	ID             string
	OrganizationID string
	SiteID         string // empty: bound to no one site
	Name           string // not unique
	OS             string
	Arch           string
	Version        string // without the build, such as "5.1.260818.0"; empty: not told
	Connected      Truth
	// Inactive tells that it was removed, yet is still listed.
	Inactive    bool
	LastCheckin time.Time // moves with every minute it is connected; zero: not told
}

// Explorers streams an organization's Explorers in one call. An export token does not
// reach them.
func (c *Client) Explorers(ctx context.Context, organizationID string) iter.Seq2[Explorer, error] {
	return organizationRows[Explorer](ctx, c, "/org/explorers", "explorers", organizationID, "", "")
}

// AccountExplorers streams the Explorers of all the account's organizations in one
// call, which an account credential alone may make.
func (c *Client) AccountExplorers(ctx context.Context) iter.Seq2[Explorer, error] {
	return stream[Explorer](ctx, c, export{endpoint: "/account/agents", plural: "agents"})
}

func (e *Explorer) reset() { *e = Explorer{} }

func (e *Explorer) identity() (id, organization string) { return e.ID, e.OrganizationID }

func (e *Explorer) set(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		e.ID = s.id()
	case "organization_id":
		e.OrganizationID = s.reference()
	case "site_id":
		e.SiteID = s.reference()
	case "name":
		e.Name = s.text()
	case "os":
		e.OS = s.text()
	case "arch":
		e.Arch = s.text()
	case "version":
		e.Version = version(s.text())
	case "connected":
		e.Connected = s.boolean()
	case "inactive":
		e.Inactive = e.Inactive || s.boolean() == True
	case "deactivated_at":
		e.Inactive = e.Inactive || !s.time().IsZero()
	case "last_checkin":
		e.LastCheckin = s.time()
	}
}

// version takes the number from forms such as
// "3.10.25 (build 20230905190835) [fc50c5eefdc3]".
func version(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return s
}
