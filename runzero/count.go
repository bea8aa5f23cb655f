package runzero

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// countable is a kind of record whose rows can be counted.
type countable struct {
	of string // as the export is called
	// fields is what is asked of each row: what identifies it, and whose it is. Empty
	// where the export does not honour the parameter, and sends rows whole.
	fields string
}

// countables lists the exports as the specification has them. Rows that join an asset
// bear its id beside their own.
func countables() []countable {
	return []countable{
		{"assets", "id,organization_id"},
		{"services", "id,service_id,organization_id"},
		{"software", "id,software_id,software_organization_id"},
		{"vulnerabilities", "id,vulnerability_id,organization_id"},
		{"wireless", "id,organization_id"},
		{"certificates", ""},
		{"users", "id,directory_user_id,directory_user_organization_id"},
		{"groups", "id,directory_group_id,directory_group_organization_id"},
		{"findings", ""},
		{"sites", "id,organization_id"},
		{"tasks", "id,organization_id"},
	}
}

// CountOf lists what Count can count.
func CountOf() []string {
	var names []string
	for _, kind := range countables() {
		names = append(names, kind.of)
	}
	return names
}

// Count returns how many of an organization's records of one kind match a runZero
// search query; an empty one matches all. It costs one call. No endpoint tells a
// number, so the rows are exported, with as little in them as the export allows, and
// counted as they stream by.
func (c *Client) Count(ctx context.Context, organizationID, of, search string) (int64, error) {
	kinds := countables()
	i := slices.IndexFunc(kinds, func(kind countable) bool { return kind.of == of })
	if i < 0 {
		return 0, fmt.Errorf("there are no %q to count: write one of %s", of, strings.Join(CountOf(), ", "))
	}
	rows := int64(0)
	for _, err := range organizationRows[counted](ctx, c, "/export/org/"+of+".jsonl", of, organizationID, kinds[i].fields, search) {
		if err != nil {
			return 0, err
		}
		rows++
	}
	return rows, nil
}

// counted is a row of whatever kind, read for whether it is one and whose it is.
type counted struct {
	identified     bool
	organizationID string
}

func (c *counted) reset() { *c = counted{} }

func (c *counted) identity() (id, organization string) {
	if c.identified {
		id = "known" // which one is of no use, and a text for each would be garbage
	}
	return id, c.organizationID
}

func (c *counted) set(s *scanner, name []byte) { c.identify(s, name) }

// identify takes the value of a member that identifies the row or says whose it is, and
// tells whether this is one.
func (c *counted) identify(s *scanner, name []byte) bool {
	switch string(name) {
	case "id", "service_id", "software_id", "vulnerability_id", "directory_user_id", "directory_group_id":
		c.identified = c.identified || identifier(s.bytes())
	case "organization_id", "software_organization_id", "vulnerability_organization_id",
		"directory_user_organization_id", "directory_group_organization_id":
		if organization := s.reference(); organization != "" {
			c.organizationID = organization
		}
	default:
		return false
	}
	return true
}
