package collector

import (
	"context"
	"errors"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Collector asks the API for one topic.
type Collector interface {
	// Collect makes one poll. An error, wherever in a stream it comes, means that
	// nothing of this poll is to be used.
	Collect(ctx context.Context, poll Poll) (Snapshot, error)
}

// Poll is what a collector is handed for one poll.
type Poll struct {
	API          *runzero.Client
	Organization Organization
	// Organizations is, in a poll of a whole account, the org_name of each organization
	// to export by its id; Organization is empty then. Rows of others are left out.
	Organizations map[string]string
	// Now is the time of the poll.
	Now time.Time
	// Sites is the organization's sites as the sites collector last saw them, nil when
	// it has not: with it, all collectors call a site by one name. In a poll of a whole
	// account it is the sites of all organizations, by the ids that AccountSite makes.
	Sites SiteNames
	// Previous is the collector's last good Snapshot of the organization, nil at first.
	Previous *Snapshot
}

// Organization is whose data is asked for.
type Organization struct {
	ID string // empty for what belongs to no organization
	// Name is its org_name: clean, and no other organization's.
	Name string
}

// Snapshot is what one poll found. It is never changed once made.
type Snapshot struct {
	Families []*dto.MetricFamily
	// Sites is the sites the families speak of. It is not in the families, which know
	// a site by name only, and is what makes a renamed site recognisable. In a Snapshot
	// of a whole account the ids are those that AccountSite makes.
	Sites SiteNames
}

// AccountSite is the id of an organization's site in the Snapshot of an account.
func AccountSite(organizationID, siteID string) string { return organizationID + "/" + siteID }

// SitesOf is the sites of one organization in the Snapshot of an account.
func (s *Snapshot) SitesOf(organizationID string) SiteNames {
	if s.Sites == nil {
		return nil
	}
	sites := SiteNames{}
	for id, name := range s.Sites {
		if site, ok := strings.CutPrefix(id, AccountSite(organizationID, "")); ok {
			sites[site] = name
		}
	}
	return sites
}

// ErrUnsupported is the error of a Collector whose endpoint the console, the licence
// or the token does not have.
var ErrUnsupported = errors.New("not supported here")

// Scope is what one poll of a collector covers.
type Scope int

// The scopes of collectors.
const (
	// PerOrganization collectors are polled once for each organization.
	PerOrganization Scope = iota
	// PerConsole collectors are polled once for a console.
	PerConsole
	// PerAccount collectors are polled once for an account.
	PerAccount
	// HeadersOnly collectors ask nothing: they listen to the others' answers.
	HeadersOnly
)

// Settings are the users' choices that shape what collectors export.
type Settings struct {
	AssetLabels []string      // labels of runzero_assets beside org_name; see AssetLabels
	AssetTop    int           // values kept for each open-ended label, of any collector
	AssetSearch string        // runZero query that limits which assets are counted
	ScanMaxAge  time.Duration // how old a site's last good scan may get
	ScanMaxAges []ScanMaxAge  // the same for some sites; the first that names a site holds
}

// ScanMaxAge is how old the last good scan of some sites may get.
type ScanMaxAge struct {
	Organization string // name or id; empty: any
	Site         string // name or id; empty: any
	MaxAge       time.Duration
}

// Spec describes a collector to those who switch and schedule it.
type Spec struct {
	Name         string
	Help         string
	Scope        Scope
	Needs        runzero.Kind  // the least credential that reaches what it asks; empty: none
	OffByDefault bool          // unless switched on
	Calls        int           // that a poll takes; 0: one
	Interval     time.Duration // its own default; 0: the cache interval
	Query        Query         // what a collector of QuerySpec counts; zero for all others
	New          func(Settings) Collector
	// AccountWide makes the form of a PerOrganization collector that asks once for a whole
	// account; nil when there is none. Where its polls end in ErrUnsupported, the
	// organizations are asked one by one.
	AccountWide func(Settings) Collector
	// FromDiscovery makes the Snapshot of a whole account of the organizations found, those with
	// a name being exported, without asking anything; nil: it is asked for.
	FromDiscovery func(found []runzero.Organization, names map[string]string) (Snapshot, error)
}

// Specs lists the collectors, the cheapest first: the first round asks in this order,
// so that the quota is known, and the sites' names, before anything is costly.
func Specs() []Spec {
	return []Spec{
		{Name: "usage", Help: "API usage, from the headers of every response", Scope: HeadersOnly},
		{Name: "console", Help: "the console's health and version", Scope: PerConsole, Interval: time.Hour, New: newConsole},
		{Name: "license", Help: "the account's licence: assets allowed and counted, and expiry", Scope: PerAccount, Needs: runzero.AccountCredential, Interval: 6 * time.Hour, New: newLicense},
		{Name: "organizations", Help: "organizations, their assets as counted by the console, and their retention", Needs: runzero.OrganizationToken, Interval: time.Hour, New: newOrganizations, FromDiscovery: Organizations},
		{Name: "hosted_zones", Help: "hosted zones, their Explorers and tasks", Scope: PerAccount, Needs: runzero.OrganizationToken, OffByDefault: true, New: newHostedZones},
		{Name: "sites", Help: "sites and their assets as counted by the console", Needs: runzero.ExportToken, New: newSites, AccountWide: newAccountSites},
		{Name: "explorers", Help: "Explorers: connection, version and last check-in", Needs: runzero.OrganizationToken, New: newExplorers, AccountWide: newAccountExplorers},
		{Name: "tasks", Help: "scans, their schedules, and integrations", Needs: runzero.ExportToken, New: newTasks},
		{Name: "findings", Help: "findings by category and risk", Needs: runzero.ExportToken, OffByDefault: true, New: newFindings},
		{Name: "wireless", Help: "wireless networks by site, authentication and encryption", Needs: runzero.ExportToken, OffByDefault: true, New: newWireless},
		{Name: "directory", Help: "directory users and groups", Needs: runzero.ExportToken, OffByDefault: true, Calls: directoryCalls, New: newDirectory},
		{Name: "assets", Help: "assets by site, type, operating system and risk", Needs: runzero.ExportToken, New: newAssets},
		{Name: "certificates", Help: "certificates by type and state, and their remaining lifetime", Needs: runzero.ExportToken, OffByDefault: true, New: newCertificates},
		{Name: "services", Help: "services by protocol and port", Needs: runzero.ExportToken, OffByDefault: true, New: newServices},
		{Name: "software", Help: "installed software by product", Needs: runzero.ExportToken, OffByDefault: true, New: newSoftware},
		{Name: "vulnerabilities", Help: "vulnerabilities by site and severity", Needs: runzero.ExportToken, OffByDefault: true, New: newVulnerabilities},
	}
}
