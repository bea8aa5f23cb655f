package runzero

import (
	"context"
	"iter"
	"time"
)

// APIKey is a key of the account or of one of its organizations. Nothing else of the record is read.
type APIKey struct {
	ID             string
	OrganizationID string // empty: the key reaches the whole account
	Comment        string // what its owner wrote; not unique
	// Type is "org" in runZero's specification, which does not list the others.
	Type       string
	UsageToday Count     // calls that were charged to it since the quota last reset
	LastUsed   time.Time // zero: never, or not reported
	// Inactive means that it was revoked and is still listed.
	Inactive Truth
}

// APIKeys streams all keys of the account in one call. It needs an account credential.
func (c *Client) APIKeys(ctx context.Context) iter.Seq2[APIKey, error] {
	return stream[APIKey](ctx, c, export{endpoint: "/account/keys", plural: "keys"})
}

func (k *APIKey) identity() (id, organization string) { return k.ID, k.OrganizationID }

func (k *APIKey) fields() fields {
	return fields{
		"id":              id(&k.ID),
		"organization_id": reference(&k.OrganizationID),
		"comment":         text(&k.Comment),
		"type":            text(&k.Type),
		"usage_today":     count(&k.UsageToday),
		"last_used_at":    instant(&k.LastUsed),
		"inactive":        truth(&k.Inactive),
	}
}
