package runzero

import (
	"cmp"
	"context"
	"iter"
)

// Target is an asset, or one service of an asset, with what it takes to monitor it. Texts are as the API sent them, cut at
// 4 KiB, and may be empty.
type Target struct {
	AssetID        string
	OrganizationID string
	SiteID         string // empty: no site
	SiteName       string
	Name           string // the first of the asset's names
	Type           string // such as "Server"
	OS             string
	// Addresses are the asset's, in the order of the API; services have none. Addresses and Tags are valid until the next
	// row.
	Addresses []string
	Tags      []NamedTag
	Service   TargetService // zero: an asset

	serviceID string
}

// TargetService is where a service listens.
type TargetService struct {
	Address  string
	Port     Count  // 0 where there is none, as with ARP (seen)
	Protocol string // its protocols, separated by spaces, as in "http tls"
}

// NamedTag is a tag of an asset. The value of a bare tag is empty.
type NamedTag struct{ Name, Value string }

// MostTags is how many tags of an asset are read; others are left out.
const MostTags = 32

const targetFields = "id,organization_id,site_id,site_name,names,type,os,tags"

// TargetAssets streams an organization's assets that match a runZero search query, in one call; an empty query matches
// all.
func (c *Client) TargetAssets(ctx context.Context, organizationID, search string) iter.Seq2[Target, error] {
	return organizationRows[Target](ctx, c, "/export/org/assets.jsonl", "assets", organizationID, targetFields+",addresses", search)
}

// TargetServices streams an organization's services that match a runZero search query, in one call; an empty query matches
// all.
func (c *Client) TargetServices(ctx context.Context, organizationID, search string) iter.Seq2[Target, error] {
	return organizationRows[Target](ctx, c, "/export/org/services.jsonl", "services", organizationID,
		targetFields+",service_id,service_address,service_port,service_protocol", search)
}

func (t *Target) identity() (id, organization string) {
	return cmp.Or(t.AssetID, t.serviceID), t.OrganizationID
}

func (t *Target) fields() fields {
	return fields{
		"id":               id(&t.AssetID),
		"service_id":       id(&t.serviceID),
		"organization_id":  reference(&t.OrganizationID),
		"site_id":          reference(&t.SiteID),
		"site_name":        text(&t.SiteName),
		"names":            first(&t.Name),
		"type":             text(&t.Type),
		"os":               text(&t.OS),
		"addresses":        list(&t.Addresses),
		"tags":             allTags(&t.Tags),
		"service_address":  text(&t.Service.Address),
		"service_port":     count(&t.Service.Port),
		"service_protocol": text(&t.Service.Protocol),
	}
}

// first reads the first text of a list.
func first(to *string) reader {
	var shared []string
	return func(lex *lexer) {
		if shared = lex.list(shared); len(shared) > 0 {
			*to = shared[0]
		}
	}
}

// allTags reads tags into one slice, which all records share. Anything but an object has none.
func allTags(to *[]NamedTag) reader {
	var shared []NamedTag
	return func(lex *lexer) {
		shared = shared[:0]
		lex.members(func(name []byte) {
			if len(shared) < MostTags {
				tag := NamedTag{Name: lex.intern(name)}
				tag.Value = lex.text()
				shared = append(shared, tag)
			}
		})
		*to = shared
	}
}
