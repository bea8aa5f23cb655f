package collector

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// collectExplorers exports the organization's Explorers.
func collectExplorers(ctx context.Context, poll Poll) (Snapshot, error) {
	list := newExplorerList()
	for row, err := range poll.API.Explorers(ctx, poll.Organization.ID) {
		if err == nil {
			err = list.add(row)
		}
		if err != nil {
			return Snapshot{}, unsupported(err, poll.API.Kind(), "an organization's Explorers", needsOrganization)
		}
	}
	newest, err := newestExplorer(ctx, poll)
	if err != nil {
		return Snapshot{}, err
	}
	out := newSamples("explorers")
	list.samples(out, poll.Organization.Name, newest, poll.Sites, "")
	return out.snapshot(nil)
}

// newestExplorer returns the newest version that the console offers; empty: it did not say, and the Explorers are exported
// all the same. An error means that the request was cut short, or not sent: then so is the poll.
func newestExplorer(ctx context.Context, poll Poll) (string, error) {
	newest, err := poll.API.ExplorerRelease(ctx)
	if err != nil && runzero.CauseOf(err) == runzero.NoCause {
		return "", err
	}
	return newest, nil
}

// collectAccountExplorers exports the Explorers of all organizations.
func collectAccountExplorers(ctx context.Context, poll Poll) (Snapshot, error) {
	lists, err := byOrganization(poll, "Explorers", poll.API.AccountExplorers(ctx), newExplorerList,
		func(row *runzero.Explorer) string { return row.OrganizationID })
	if err != nil {
		return Snapshot{}, err
	}
	newest, err := newestExplorer(ctx, poll)
	if err != nil {
		return Snapshot{}, err
	}
	out := newSamples("explorers")
	for organization, list := range lists {
		list.samples(out, poll.Organizations[organization], newest, poll.Sites, AccountSite(organization, ""))
	}
	return out.snapshot(nil)
}

// explorerList is the Explorers of one organization.
type explorerList struct {
	seen     map[string]bool // by id
	inactive int
	rows     []runzero.Explorer // without inactive ones
	names    map[string]string  // of rows, by id
}

func newExplorerList() *explorerList {
	return &explorerList{seen: map[string]bool{}, names: map[string]string{}}
}

func (l *explorerList) add(row runzero.Explorer) error {
	if l.seen[row.ID] {
		return nil
	}
	if len(l.seen) == maxExplorers {
		return errTooMany("Explorers", maxExplorers)
	}
	l.seen[row.ID] = true
	if row.Inactive {
		l.inactive++ // its name may have been given to its replacement
		return nil
	}
	l.names[row.ID] = Label(row.Name)
	// Texts can be long: keep only label values.
	row.Name, row.OS, row.Arch, row.Version = "", Label(row.OS), Label(row.Arch), Label(row.Version)
	l.rows = append(l.rows, row)
	return nil
}

// samples exports the organization's Explorers. The ids in sites begin with prefix.
func (l *explorerList) samples(out *samples, org, newest string, sites SiteNames, prefix string) {
	connections := map[runzero.Truth]string{runzero.True: "connected", runzero.False: "disconnected", runzero.Unknown: unknown}
	statuses := map[string]int{"connected": 0, "disconnected": 0, "inactive": l.inactive}
	names := Distinguish(l.names)
	for _, row := range l.rows {
		statuses[connections[row.Connected]]++
		name, site := names[row.ID], cmp.Or(sites[prefix+siteKey(row.SiteID)], unknown)
		if site == unknown && siteKey(row.SiteID) == zeroID {
			site = unassigned // as most are
		}
		out.gauge("runzero_explorer_info", 1, org, name, Label(row.ID), site, row.Version, row.OS, row.Arch)
		out.truth("runzero_explorer_connected", row.Connected, org, name)
		out.timestamp("runzero_explorer_last_checkin_timestamp_seconds", row.LastCheckin, org, name)
		if older, known := outdated(row.Version, newest); known {
			out.boolean("runzero_explorer_outdated", older, org, name)
		}
	}
	for status, n := range statuses {
		out.gauge("runzero_explorers", float64(n), org, status)
	}
}

// parseVersion returns the numbers of a version such as 5.1.260818.0, without trailing
// zeros: 5.1 equals 5.1.0. It returns false if s is not a version.
func parseVersion(s string) ([]uint64, bool) {
	var v []uint64
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return nil, false
		}
		v = append(v, n)
	}
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return v, true
}

// outdated reports whether a version is older than the released one. known is false if one of them is not a version.
func outdated(version, released string) (older, known bool) {
	have, ok := parseVersion(version)
	newest, releasedOK := parseVersion(released)
	return slices.Compare(have, newest) < 0, ok && releasedOK
}
