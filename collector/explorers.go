package collector

import (
	"context"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type explorers struct{}

func newExplorers(Settings) Collector { return explorers{} }

// Collect exports the organization's Explorers.
func (explorers) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	list := newExplorerList()
	for row, err := range poll.API.Explorers(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupported(err, poll.API.Kind(), "an organization's Explorers", needsOrganization)
		}
		if err := list.add(row); err != nil {
			return Snapshot{}, err
		}
	}
	out := &samples{descs: Descs("explorers")}
	list.samples(out, poll.Organization.Name, released(ctx, poll), func(id string) string { return poll.Sites[id] })
	families, err := out.families()
	return Snapshot{Families: families}, err
}

type accountExplorers struct{}

func newAccountExplorers(Settings) Collector { return accountExplorers{} }

// Collect exports the Explorers of all organizations.
func (accountExplorers) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	lists := map[string]*explorerList{}
	for organization := range poll.Organizations {
		lists[organization] = newExplorerList()
	}
	rows := ofAccount(poll, "Explorers", poll.API.AccountExplorers(ctx), func(row *runzero.Explorer) string { return row.OrganizationID })
	for row, err := range rows {
		if err != nil {
			return Snapshot{}, err
		}
		if err := lists[row.OrganizationID].add(row); err != nil {
			return Snapshot{}, err
		}
	}
	out, newest := &samples{descs: Descs("explorers")}, released(ctx, poll)
	for organization, list := range lists {
		list.samples(out, poll.Organizations[organization], newest, func(id string) string { return poll.Sites[AccountSite(organization, id)] })
	}
	families, err := out.families()
	return Snapshot{Families: families}, err
}

// released is the version of Explorers that the console offers, empty where it does
// not tell: that is no reason to withhold what it does tell.
func released(ctx context.Context, poll Poll) string {
	newest, err := poll.API.ExplorerRelease(ctx)
	if err != nil {
		return ""
	}
	return newest
}

// explorersMost bounds the series of an organization's Explorers. runZero documents no
// bound.
const explorersMost = 10_000

// explorerList is the Explorers of one organization.
type explorerList struct {
	seen     map[string]bool // by id
	inactive int
	rows     []runzero.Explorer // that are not inactive
	names    map[string]string  // of rows, by id
}

func newExplorerList() *explorerList {
	return &explorerList{seen: map[string]bool{}, names: map[string]string{}}
}

func (l *explorerList) add(row runzero.Explorer) error {
	if l.seen[row.ID] {
		return nil
	}
	if len(l.seen) == explorersMost {
		return errTooMany("Explorers", explorersMost)
	}
	l.seen[row.ID] = true
	if row.Inactive {
		l.inactive++ // and its name is free for the one that took its place
		return nil
	}
	l.names[row.ID] = Label(row.Name)
	row.Name = "" // however long it was, and so are these
	row.OS, row.Arch, row.Version = Label(row.OS), Label(row.Arch), Label(row.Version)
	l.rows = append(l.rows, row)
	return nil
}

// samples exports the Explorers of the organization. Site returns the name of the site
// of an id, empty where it is not known.
func (l *explorerList) samples(out *samples, org, newest string, site func(id string) string) {
	statuses := map[string]int{"connected": 0, "disconnected": 0, "inactive": l.inactive}
	names := Distinguish(l.names)
	for _, row := range l.rows {
		switch row.Connected {
		case runzero.True:
			statuses["connected"]++
		case runzero.False:
			statuses["disconnected"]++
		default:
			statuses[unknown]++
		}
		name := names[row.ID]
		out.gauge("runzero_explorer_info", 1, org, name, Label(row.ID), explorerSite(row.SiteID, site), row.Version, row.OS, row.Arch)
		out.truth("runzero_explorer_connected", row.Connected, org, name)
		out.instant("runzero_explorer_last_checkin_timestamp_seconds", row.LastCheckin, org, name)
		if older, known := outdated(row.Version, newest); known {
			out.flag("runzero_explorer_outdated", older, org, name)
		}
	}
	for status, n := range statuses {
		out.gauge("runzero_explorers", float64(n), org, status)
	}
}

// explorerSite is what the site of an Explorer is called: most are bound to no one.
func explorerSite(id string, site func(id string) string) string {
	if name := site(siteKey(id)); name != "" {
		return name
	}
	if siteKey(id) == zeroID {
		return unassigned
	}
	return unknown
}
