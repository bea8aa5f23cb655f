package runzero

import (
	"context"
	"iter"
	"time"
)

// Asset is one asset, as far as it is counted. Texts are as the API sent them, cut where
// they are longer than any name, and may be empty; instants are zero where the API gave
// none.
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
	// Alive tells whether the most recent scan saw it answer; it is no evidence where
	// Scanned is False, because then only an integration or passive traffic knows it.
	Alive   Truth
	Scanned Truth
	// FirstSeen and LastSeen are when it was first and last seen by anything.
	FirstSeen time.Time
	LastSeen  time.Time
	// EndOfLife and EndOfExtendedSupport are when the support of its operating system
	// ended or will end; zero is unknown.
	EndOfLife            time.Time
	EndOfExtendedSupport time.Time
	// Sources names who reported it; several may. Valid until the next row.
	Sources []string
	// How many of each it has.
	Services        Count
	Software        Count
	Vulnerabilities Count
}

// assetFields is what is asked of each asset: without fields, a record has 5 KB to
// 700 KB, mostly services.
const assetFields = "id,organization_id,site_id,site_name,alive,scanned,type,os,os_vendor,os_product," +
	"risk,criticality,first_seen,last_seen,eol_os,eol_os_ext,sources,service_count,software_count,vulnerability_count"

// Assets streams an organization's assets in one call. search is a runZero search
// query that limits which; empty is all.
func (c *Client) Assets(ctx context.Context, organizationID, search string) iter.Seq2[Asset, error] {
	return organizationRows[Asset](ctx, c, "/export/org/assets.jsonl", "assets", organizationID, assetFields, search)
}

func (a *Asset) reset() { *a = Asset{Sources: a.Sources[:0]} }

func (a *Asset) identity() (id, organization string) { return a.ID, a.OrganizationID }

func (a *Asset) set(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		a.ID = s.id()
	case "organization_id":
		a.OrganizationID = s.reference()
	case "site_id":
		a.SiteID = s.reference()
	case "site_name":
		a.SiteName = s.text()
	case "type":
		a.Type = s.text()
	case "os":
		a.OS = s.text()
	case "os_vendor":
		a.OSVendor = s.text()
	case "os_product":
		a.OSProduct = s.text()
	case "risk":
		a.Risk = s.text()
	case "criticality":
		a.Criticality = s.text()
	case "alive":
		a.Alive = s.boolean()
	case "scanned":
		a.Scanned = s.boolean()
	case "first_seen":
		a.FirstSeen = s.time()
	case "last_seen":
		a.LastSeen = s.time()
	case "eol_os":
		a.EndOfLife = s.time()
	case "eol_os_ext":
		a.EndOfExtendedSupport = s.time()
	case "sources":
		a.Sources = s.list(a.Sources)
	case "service_count":
		a.Services = s.count()
	case "software_count":
		a.Software = s.count()
	case "vulnerability_count":
		a.Vulnerabilities = s.count()
	}
}
