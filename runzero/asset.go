package runzero

import (
	"context"
	"iter"
	"time"
)

// Asset is one asset, with the attributes that are counted. Texts are as the API sent them, cut at 4 KiB, and may be
// empty. Times are zero when the API sent none.
type Asset struct {
	ID             string
	OrganizationID string
	SiteID         string // empty: no site
	SiteName       string
	Type           string // an open set, such as "Server"
	OS             string // an open set that grows with the fleet
	OSVendor       string
	OSProduct      string
	Risk           string // none, info, low, medium, high, critical
	Criticality    string // set by people; unset by default
	// Alive is whether it responded to the latest scan. It means nothing where Scanned is False, because then only an
	// integration or passive traffic has reported the asset.
	Alive   Truth
	Scanned Truth
	// FirstSeen and LastSeen are when anything saw it first and last.
	FirstSeen time.Time
	LastSeen  time.Time
	// EndOfLife and EndOfExtendedSupport are when the support of its operating system ends or ended; zero is unknown.
	EndOfLife            time.Time
	EndOfExtendedSupport time.Time
	// Sources lists what reported it. It is valid until the next row.
	Sources []string
	// Numbers of what was found on it.
	Services        Count
	Software        Count
	Vulnerabilities Count
	// Tags are the tags that were asked for, in that order; nil if the record has no tags. Owners are read only if tags
	// were asked for. Both are valid until the next row.
	Tags   []Tag
	Owners []Owner
}

// assetFields limits the attributes in a record: without it, a record has 5 KB to 700 KB, mostly services.
const assetFields = "id,organization_id,site_id,site_name,alive,scanned,type,os,os_vendor,os_product," +
	"risk,criticality,first_seen,last_seen,eol_os,eol_os_ext,sources,service_count,software_count,vulnerability_count"

// Assets streams an organization's assets in one call. search is a runZero search query that selects assets; empty
// selects all. tags are the names of the tags to read, exactly as they are written; if there are any, owners are read too.
func (c *Client) Assets(ctx context.Context, organizationID, search string, tags ...string) iter.Seq2[Asset, error] {
	fields := assetFields
	if len(tags) > 0 {
		fields += ",tags,ownership"
	}
	return organizationRows[Asset](ctx, c, "/export/org/assets.jsonl", "assets", organizationID, fields, search, tags...)
}

func (a *Asset) identity() (id, organization string) { return a.ID, a.OrganizationID }

func (a *Asset) fields() fields {
	return fields{
		"id":                  id(&a.ID),
		"organization_id":     reference(&a.OrganizationID),
		"site_id":             reference(&a.SiteID),
		"site_name":           text(&a.SiteName),
		"type":                text(&a.Type),
		"os":                  text(&a.OS),
		"os_vendor":           text(&a.OSVendor),
		"os_product":          text(&a.OSProduct),
		"risk":                text(&a.Risk),
		"criticality":         text(&a.Criticality),
		"alive":               truth(&a.Alive),
		"scanned":             truth(&a.Scanned),
		"first_seen":          instant(&a.FirstSeen),
		"last_seen":           instant(&a.LastSeen),
		"eol_os":              instant(&a.EndOfLife),
		"eol_os_ext":          instant(&a.EndOfExtendedSupport),
		"sources":             list(&a.Sources),
		"service_count":       count(&a.Services),
		"software_count":      count(&a.Software),
		"vulnerability_count": count(&a.Vulnerabilities),
		"tags":                wantedTags(&a.Tags),
		"ownership":           ownership(&a.Owners),
		"owners":              owners(&a.Owners),
	}
}
