package collector

import (
	"context"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type sites struct{}

func newSites(Settings) Collector { return sites{} }

// Collect exports the organization's sites.
func (sites) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	list := newSiteList()
	for row, err := range poll.API.Sites(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, err
		}
		if err := list.add(row); err != nil {
			return Snapshot{}, err
		}
	}
	out := &samples{descs: Descs("sites")}
	names := list.samples(out, poll.Organization.Name)
	families, err := out.families()
	return Snapshot{Families: families, Sites: names}, err
}

type accountSites struct{}

func newAccountSites(Settings) Collector { return accountSites{} }

// Collect exports the sites of all organizations.
func (accountSites) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	lists := map[string]*siteList{}
	for organization := range poll.Organizations {
		lists[organization] = newSiteList()
	}
	rows := ofAccount(poll, "sites", poll.API.AccountSites(ctx), func(row *runzero.Site) string { return row.OrganizationID })
	for row, err := range rows {
		if err != nil {
			return Snapshot{}, err
		}
		if err := lists[row.OrganizationID].add(row); err != nil {
			return Snapshot{}, err
		}
	}
	out, all := &samples{descs: Descs("sites")}, SiteNames{}
	for organization, list := range lists {
		for id, name := range list.samples(out, poll.Organizations[organization]) {
			all[AccountSite(organization, id)] = name
		}
	}
	families, err := out.families()
	return Snapshot{Families: families, Sites: all}, err
}

// siteList is the sites of one organization.
type siteList struct {
	rows  []runzero.Site
	names map[string]string // by id, with that of what is in no site
}

// sitesMost bounds the series of an organization's sites. runZero documents no
// bound; an answer beyond this is not an account but a fault.
const sitesMost = 10_000

func newSiteList() *siteList {
	return &siteList{names: map[string]string{zeroID: unassigned}}
}

func (l *siteList) add(row runzero.Site) error {
	if _, twice := l.names[row.ID]; twice {
		return nil
	}
	if len(l.rows) == sitesMost {
		return errTooMany("sites", sitesMost)
	}
	l.names[row.ID] = Label(row.Name)
	row.Name = "" // however long it was
	l.rows = append(l.rows, row)
	return nil
}

// samples exports the sites of the organization and returns their names.
func (l *siteList) samples(out *samples, org string) SiteNames {
	names := SiteNames(Distinguish(l.names))
	out.gauge("runzero_sites", float64(len(l.rows)), org)
	for _, row := range l.rows {
		site := names[row.ID]
		out.gauge("runzero_site_info", 1, org, site, Label(row.ID))
		out.assets("runzero_site_assets", row.Assets, row.RecentAssets, row.LiveAssets, org, site)
	}
	return names
}
