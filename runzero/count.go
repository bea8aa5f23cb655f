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
	// fields are the ids of the row and of its organization. Empty means that the export does not support the
	// parameter and sends complete rows.
	fields string
}

// countables lists the exports of the specification. Rows that join an asset have its id beside their own.
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

// CountOf lists the kinds of record that Count can count.
func CountOf() []string {
	var names []string
	for _, kind := range countables() {
		names = append(names, kind.of)
	}
	return names
}

// Count returns how many of an organization's records of one kind match a runZero search query; an empty query
// matches all. It costs one call. No endpoint returns a number, so the records are exported with as few fields as
// possible and counted as they arrive.
func (c *Client) Count(ctx context.Context, organizationID, of, search string) (int64, error) {
	kinds := countables()
	i := slices.IndexFunc(kinds, func(kind countable) bool { return kind.of == of })
	if i < 0 {
		return 0, fmt.Errorf("%q cannot be counted: use one of %s", of, strings.Join(CountOf(), ", "))
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

// counted is a row of any kind, of which only the organization is read.
type counted struct {
	identified     bool
	organizationID string
}

func (c *counted) identity() (id, organization string) {
	if c.identified {
		id = "present" // its text is not needed, and would be an allocation for each row
	}
	return id, c.organizationID
}

func (c *counted) fields() fields {
	identifier := func(lex *lexer) { c.identified = c.identified || isIdentifier(lex.bytes()) }
	organization := func(lex *lexer) {
		if id := lex.reference(); id != "" {
			c.organizationID = id
		}
	}
	return fields{
		"id": identifier, "service_id": identifier, "software_id": identifier, "vulnerability_id": identifier,
		"directory_user_id": identifier, "directory_group_id": identifier,
		"organization_id": organization, "software_organization_id": organization, "vulnerability_organization_id": organization,
		"directory_user_organization_id": organization, "directory_group_organization_id": organization,
	}
}
