package collector

import (
	"cmp"
	"context"
	"maps"

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
	out, previous := newSamples("sites"), cmp.Or(poll.Previous, &Snapshot{})
	list.keep(previous.Sites, previous.Missing, poll)
	names := list.samples(out, poll.Organization.Name, lastSiteAssets(previous))
	snapshot, err := out.snapshot(names)
	snapshot.Missing = list.missing
	return snapshot, err
}

// collectAccountSites exports the sites of all organizations.
func collectAccountSites(ctx context.Context, poll Poll) (Snapshot, error) {
	lists, err := byOrganization(poll, "sites", poll.API.AccountSites(ctx), newSiteList,
		func(row *runzero.Site) string { return row.OrganizationID })
	if err != nil {
		return Snapshot{}, err
	}
	out, previous := newSamples("sites"), cmp.Or(poll.Previous, &Snapshot{})
	names, missing, assets := SiteNames{}, Missing{}, lastSiteAssets(previous)
	for organization, list := range lists {
		list.keep(previous.SitesOf(organization), ofOrganization(previous.Missing, organization), poll)
		for id, name := range list.samples(out, poll.Organizations[organization], assets) {
			names[AccountSite(organization, id)] = name
		}
		for id, since := range list.missing {
			missing[AccountSite(organization, id)] = since
		}
	}
	snapshot, err := out.snapshot(names)
	snapshot.Missing = missing
	return snapshot, err
}

// siteList is the sites of one organization.
type siteList struct {
	rows    []runzero.Site
	missing Missing
	names   map[string]string // by id, including zeroID and those of missing
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

// keep adds the sites that were known before and that the response lacks, as long as they are not to be forgotten.
func (l *siteList) keep(known SiteNames, missing Missing, poll Poll) {
	present := func(id string) bool { return l.names[id] != "" || len(l.rows)+len(missing) > 2*maxSites }
	l.missing = missing.After(maps.Keys(known), present, poll.Now, poll.Interval)
	for id := range l.missing {
		l.names[id] = baseName(known[id], id)
	}
}

// lastSiteAssets returns the assets in each state by the ids of the sites.
func lastSiteAssets(of *Snapshot) map[string]map[string]float64 {
	type site struct{ org, name string }
	ids, assets := map[site]string{}, map[string]map[string]float64{}
	eachSample(of.Families, "runzero_site_info", func(_ float64, l map[string]string) {
		ids[site{l["org_name"], l[siteLabel]}] = l["site_id"]
		assets[l["site_id"]] = map[string]float64{}
	})
	eachSample(of.Families, "runzero_site_assets", func(n float64, l map[string]string) {
		if id, ok := ids[site{l["org_name"], l[siteLabel]}]; ok {
			assets[id][l["state"]] = n
		}
	})
	return assets
}

// samples exports the organization's sites and returns their names. assets are the last ones of those that are missing.
func (l *siteList) samples(out *samples, org string, assets map[string]map[string]float64) SiteNames {
	names := SiteNames(Distinguish(l.names))
	out.gauge("runzero_sites", float64(len(l.rows)+len(l.missing)), org)
	out.gauge("runzero_sites_missing", float64(len(l.missing)), org)
	for id := range l.missing {
		out.gauge("runzero_site_info", 1, org, names[id], Label(id))
		for state, n := range assets[id] {
			out.gauge("runzero_site_assets", n, org, names[id], state)
		}
	}
	for _, row := range l.rows {
		site := names[row.ID]
		out.gauge("runzero_site_info", 1, org, site, Label(row.ID))
		out.assets("runzero_site_assets", row.Assets, row.RecentAssets, row.LiveAssets, org, site)
	}
	return names
}
