package collector

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Collector makes one poll of one topic. If it returns an error, even one from the end of a response, the poll has no
// snapshot.
type Collector func(context.Context, Poll) (Snapshot, error)

// Poll is the input of one poll.
type Poll struct {
	API          *runzero.Client
	Organization Organization
	Account      string // account_name; empty if accounts have no names
	// Organizations maps the ids of the organizations to export to their org_name. It is set in account-wide polls
	// only, where Organization is empty. Records of other organizations are left out.
	Organizations map[string]string
	// Others are the ids of the organizations that the credential reaches besides. It is set with Organizations.
	Others map[string]bool
	Now    time.Time // the time of the poll
	// Sites are the organization's sites from the last poll of the sites collector, so that all collectors use the
	// same names; nil before the first. In an account-wide poll they are those of all organizations, with AccountSite ids.
	Sites     SiteNames
	Previous  *Snapshot     // the collector's last snapshot of the organization, nil before the first
	Current   time.Time     // up to when Previous shows all changes; zero if they are not followed
	Missed    string        // as Changed.Missed, of the last Changes
	LastError error         // why the poll before failed, nil if it did not
	Interval  time.Duration // time from poll to poll; zero: polled only once
	Settings  Settings
}

// Organization is the organization that a poll is for.
type Organization struct {
	ID   string // empty for data that belongs to no organization
	Name string // its org_name: a valid label value, unique in the account
}

// Snapshot is the result of a successful poll. It must not be modified.
type Snapshot struct {
	Families []*dto.MetricFamily
	// Sites are the sites in the families, which contain only their names. The ids make it
	// possible to recognize a renamed site. Account-wide snapshots have AccountSite ids.
	Sites SiteNames
	// Missing are those of the Sites that the last response did not contain.
	Missing Missing
	// Overlooked means that the last Changes should have shown something, and did not.
	Overlooked bool
	// Tasks is set in snapshots of tasks. Nil: those of a version that did not know it.
	Tasks *Tasks
	// Targets are those of a discovery, in the format of Prometheus's HTTP service discovery; nil for all others.
	Targets json.RawMessage
	Dropped int64 // targets of a discovery that were left out because there are too many; not cached
	// Listed is how many rows the lists had from which the families were made.
	Listed runzero.Listed
}

// AccountSite returns the id of an organization's site in an account-wide Snapshot.
func AccountSite(organizationID, siteID string) string { return organizationID + "/" + siteID }

// SitesOf returns one organization's sites from an account-wide Snapshot.
func (s *Snapshot) SitesOf(organizationID string) SiteNames {
	return ofOrganization(s.Sites, organizationID)
}

// ofOrganization returns the part of a map with AccountSite ids that is one organization's; nil of nil.
func ofOrganization[M ~map[string]V, V any](all M, organizationID string) M {
	if all == nil {
		return nil
	}
	part := M{}
	for id, value := range all {
		if site, ok := strings.CutPrefix(id, AccountSite(organizationID, "")); ok {
			part[site] = value
		}
	}
	return part
}

// Of returns one organization's part of an account-wide Snapshot, as its own poll would return it. What belongs to no
// organization is left out.
func (s *Snapshot) Of(organization Organization) Snapshot {
	part := Snapshot{Sites: s.SitesOf(organization.ID), Missing: ofOrganization(s.Missing, organization.ID)}
	for _, family := range s.Families {
		of := &dto.MetricFamily{Name: family.Name, Help: family.Help, Type: family.Type, Unit: family.Unit}
		for _, m := range family.GetMetric() {
			if slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool {
				return l.GetName() == "org_name" && l.GetValue() == organization.Name
			}) {
				of.Metric = append(of.Metric, m)
			}
		}
		if of.Metric != nil {
			part.Families = append(part.Families, of)
		}
	}
	return part
}

// ErrUnsupported means that the console, the licence or the credential does not give access to a collector's data.
var ErrUnsupported = errors.New("not supported")

// Scope is what one poll of a collector covers.
type Scope int

// What one poll of a collector covers.
const (
	PerOrganization Scope = iota // polled once for each organization
	PerConsole                   // polled once for each console
	PerAccount                   // polled once for each account
	HeadersOnly                  // not polled: they read the headers of all responses
)

// Settings are the users' choices that affect what collectors export.
type Settings struct {
	AssetLabels []string      // labels of runzero_assets in addition to org_name; see AssetLabels
	AssetTop    int           // number of values kept of each open-ended label, of any collector
	AssetSearch string        // runZero query that selects the assets to count; empty: all
	AssetTags   []string      // names of the tags to count assets by, at most MaxTags; with any, owners are counted too
	ScanMaxAge  time.Duration // age at which a site's last successful scan becomes stale
	ScanMaxAges []ScanMaxAge  // exceptions to ScanMaxAge; the first that matches a site applies
}

// ScanMaxAge is the ScanMaxAge of some sites.
type ScanMaxAge struct {
	Organization string // name or id; empty: any
	Site         string // name or id; empty: any
	MaxAge       time.Duration
}

// Spec describes a collector to the code that configures and schedules it.
type Spec struct {
	Name         string
	Help         string // completes "Export …" in the description of its flag
	Scope        Scope
	Needs        runzero.Kind  // least powerful kind of credential that is sufficient; empty: none needed
	OffByDefault bool          // must be enabled
	Calls        int           // API calls of a poll; 0: one
	Interval     time.Duration // default interval; 0: --cache.interval
	Query        Query         // set by QuerySpec only
	Discovery    Discovery     // set by DiscoverySpec only
	Collect      Collector
	// AccountWide is the account-wide form of a PerOrganization collector, which polls all organizations at once; nil
	// if there is none. If its polls fail with ErrUnsupported, the organizations are polled one by one.
	AccountWide Collector
	// Changes follows what changes in all organizations, so that they need to be polled one by one only once a day; nil if
	// that is impossible. If its polls fail, the organizations are polled at each interval.
	Changes Changes
	// ChangedBy is the collector that finds out when there is something new to poll; empty if none does.
	ChangedBy string
	// FromDiscovery makes the account-wide snapshot from the organizations that discovery found, without an API call;
	// nil if the collector has to be polled. Names maps the ids of the organizations to export to their org_name; as many
	// as missing are not in the last response.
	FromDiscovery func(found []runzero.Organization, names map[string]string, missing int) (Snapshot, error)
}

// Specs lists the collectors. The first round polls them in this order, cheapest first, so
// that the quota and the sites' names are known before expensive exports begin.
func Specs() []Spec {
	specs := []Spec{
		{Name: "usage", Help: "API usage, from the headers of every response", Scope: HeadersOnly},
		{Name: "console", Help: "the console's health and version", Scope: PerConsole, Interval: time.Hour, Collect: collectConsole},
		{Name: "license", Help: "the account's licence: assets allowed and counted, and expiry", Scope: PerAccount, Needs: runzero.AccountCredential, Interval: 6 * time.Hour, Collect: collectLicense},
		{Name: "api_keys", Help: "API keys: calls today, and when each was last used", Scope: PerAccount, Needs: runzero.AccountCredential, Interval: time.Hour, Collect: collectAPIKeys},
		{Name: "organizations", Help: "organizations, their assets as counted by the console, and their retention", Needs: runzero.OrganizationToken, Interval: time.Hour, Collect: collectOrganization, FromDiscovery: Organizations},
		{Name: "hosted_zones", Help: "hosted zones, their Explorers and tasks", Scope: PerAccount, Needs: runzero.OrganizationToken, OffByDefault: true, Collect: collectHostedZones},
		{Name: "sites", Help: "sites and their assets as counted by the console", Needs: runzero.ExportToken, Collect: collectSites, AccountWide: collectAccountSites},
		{Name: "explorers", Help: "Explorers: connection, version and last check-in", Needs: runzero.OrganizationToken, Collect: collectExplorers, AccountWide: collectAccountExplorers},
		{Name: "tasks", Help: "scans, their schedules, and integrations", Needs: runzero.ExportToken, Collect: collectTasks, Changes: collectTaskChanges},
		{Name: "findings", Help: "findings by category and risk", Needs: runzero.ExportToken, OffByDefault: true, Collect: collectFindings},
		{Name: "wireless", Help: "wireless networks by site, authentication and encryption", Needs: runzero.ExportToken, OffByDefault: true, Collect: collectWireless},
		{Name: "directory", Help: "directory users and groups", Needs: runzero.ExportToken, OffByDefault: true, Calls: 2, Collect: collectDirectory},
		{Name: "assets", Help: "assets by site, type, operating system and risk", Needs: runzero.ExportToken, Collect: collectAssets, ChangedBy: "tasks"},
		{Name: "certificates", Help: "certificates by type and state, and their remaining lifetime", Needs: runzero.ExportToken, OffByDefault: true, Collect: collectCertificates},
		{Name: "services", Help: "services by protocol and port", Needs: runzero.ExportToken, OffByDefault: true, Collect: collectServices},
		{Name: "software", Help: "installed software by product", Needs: runzero.ExportToken, OffByDefault: true, Collect: collectSoftware},
		{Name: "vulnerabilities", Help: "vulnerabilities by site and severity", Needs: runzero.ExportToken, OffByDefault: true, Collect: collectVulnerabilities},
	}
	for i := range specs {
		specs[i].Collect, specs[i].AccountWide = guarded(specs[i].Collect), guarded(specs[i].AccountWide)
	}
	return specs
}
