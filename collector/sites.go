package collector

import (
	"context"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// collectSites exports the organization's sites.
func collectSites(ctx context.Context, poll Poll) (Snapshot, error) {
	list := newSiteList()
	for row, err := range poll.API.Sites(ctx, poll.Organization.ID) {
		if err == nil {
			err = list.add(row)
		}
		if err != nil {
			return Snapshot{}, err
		}
	}
	out := newSamples("sites")
	names := list.samples(out, poll.Organization.Name)
	return out.snapshot(names)
}

// collectAccountSites exports the sites of all organizations.
func collectAccountSites(ctx context.Context, poll Poll) (Snapshot, error) {
	lists, err := byOrganization(poll, "sites", poll.API.AccountSites(ctx), newSiteList,
		func(row *runzero.Site) string { return row.OrganizationID })
	if err != nil {
		return Snapshot{}, err
	}
	out, names := newSamples("sites"), SiteNames{}
	for organization, list := range lists {
		for id, name := range list.samples(out, poll.Organizations[organization]) {
			names[AccountSite(organization, id)] = name
		}
	}
	return out.snapshot(names)
}

// siteList is the sites of one organization.
type siteList struct {
	rows  []runzero.Site
	names map[string]string // by id, including zeroID
}

func newSiteList() *siteList {
	return &siteList{names: map[string]string{zeroID: unassigned}}
}

func (l *siteList) add(row runzero.Site) error {
	if _, duplicate := l.names[row.ID]; duplicate {
		return nil
	}
	if len(l.rows) == maxSites {
		return errTooMany("sites", maxSites)
	}
	l.names[row.ID] = Label(row.Name)
	row.Name = "" // can be long
	l.rows = append(l.rows, row)
	return nil
}

// samples exports the organization's sites and returns their names.
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
