package runzero

import (
	"context"
	"iter"
)

// DirectoryEntry is a user or a group that an integration imported from a directory such
// as Active Directory. Nothing that identifies it is read.
type DirectoryEntry struct {
	// SourceID is runZero's number of the kind of integration, such as "16" for Azure AD
	// (seen; the numbers are not documented). Empty: not reported.
	SourceID string
}

const (
	directoryUserFields  = "id,directory_user_id,directory_user_organization_id,directory_user_source_id"
	directoryGroupFields = "id,directory_group_id,directory_group_organization_id,directory_group_source_id"
)

// DirectoryUsers streams the users of an organization's directories in one call. These are
// not the users of the console.
func (c *Client) DirectoryUsers(ctx context.Context, organizationID string) iter.Seq2[DirectoryEntry, error] {
	return inventory[DirectoryEntry](ctx, c, "users", organizationID, directoryUserFields)
}

// DirectoryGroups streams the groups of an organization's directories in one call.
func (c *Client) DirectoryGroups(ctx context.Context, organizationID string) iter.Seq2[DirectoryEntry, error] {
	return inventory[DirectoryEntry](ctx, c, "groups", organizationID, directoryGroupFields)
}

func (e *DirectoryEntry) fields() fields {
	return fields{
		"directory_user_source_id":  text(&e.SourceID),
		"directory_group_source_id": text(&e.SourceID),
	}
}
