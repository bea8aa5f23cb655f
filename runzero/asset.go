package runzero

import (
	"context"
	"iter"
	"time"
)

// Asset is one asset, with the attributes that are counted. Texts are as the API sent
// them, cut at 4 KiB, and may be empty. Times are zero when the API sent none.
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
	// Alive is whether it responded to the latest scan. It means nothing where Scanned is
	// False, because then only an integration or passive traffic has reported the asset.
	Alive   Truth
	Scanned Truth
	// FirstSeen and LastSeen are when anything saw it first and last.
	FirstSeen time.Time
	LastSeen  time.Time
	// EndOfLife and EndOfExtendedSupport are when the support of its operating system ends
	// or ended; zero is unknown.
	EndOfLife            time.Time
	EndOfExtendedSupport time.Time
	// Sources lists what reported it. It is valid until the next row.
	Sources []string
	// Numbers of what was found on it.
	Services        Count
	Software        Count
	Vulnerabilities Count
}

// assetFields limits the attributes in a record: without it, a record has 5 KB to 700 KB,
// mostly services.
const assetFields = "id,organization_id,site_id,site_name,alive,scanned,type,os,os_vendor,os_product," +
	"risk,criticality,first_seen,last_seen,eol_os,eol_os_ext,sources,service_count,software_count,vulnerability_count"

// Assets streams an organization's assets in one call. search is a runZero search query
// that selects assets; empty selects all.
func (c *Client) Assets(ctx context.Context, organizationID, search string) iter.Seq2[Asset, error] {
	return organizationRows[Asset](ctx, c, "/export/org/assets.jsonl", "assets", organizationID, assetFields, search)
}

func (a *Asset) reset() { *a = Asset{Sources: a.Sources[:0]} }

func (a *Asset) identity() (id, organization string) { return a.ID, a.OrganizationID }

func (a *Asset) set(lex *lexer, name []byte) {
	switch string(name) {
	case "id":
		a.ID = lex.id()
	case "organization_id":
		a.OrganizationID = lex.reference()
	case "site_id":
		a.SiteID = lex.reference()
	case "site_name":
		a.SiteName = lex.text()
	case "type":
		a.Type = lex.text()
	case "os":
		a.OS = lex.text()
	case "os_vendor":
		a.OSVendor = lex.text()
	case "os_product":
		a.OSProduct = lex.text()
	case "risk":
		a.Risk = lex.text()
	case "criticality":
		a.Criticality = lex.text()
	case "alive":
		a.Alive = lex.boolean()
	case "scanned":
		a.Scanned = lex.boolean()
	case "first_seen":
		a.FirstSeen = lex.time()
	case "last_seen":
		a.LastSeen = lex.time()
	case "eol_os":
		a.EndOfLife = lex.time()
	case "eol_os_ext":
		a.EndOfExtendedSupport = lex.time()
	case "sources":
		a.Sources = lex.list(a.Sources)
	case "service_count":
		a.Services = lex.count()
	case "software_count":
		a.Software = lex.count()
	case "vulnerability_count":
		a.Vulnerabilities = lex.count()
	}
}
