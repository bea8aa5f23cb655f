package collector

import "context"

type wireless struct{ top int }

// Collect counts the wireless networks near the organization's sites by how they are
// protected. Their names are not labels: anybody nearby can choose them, and many contain
// people's names.
func (w wireless) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	networks := newTally(newDimension(siteLabel, false), newDimension("authentication", true), newDimension("encryption", true))
	seen := map[string]string{}
	for row, err := range poll.API.Wireless(ctx, poll.Organization.ID) {
		id := ""
		if err == nil {
			id, err = noteSite(seen, row.SiteID, row.SiteName)
		}
		if err == nil {
			err = networks.add([]string{id, row.Authentication, row.Encryption})
		}
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "wireless networks")
		}
	}
	org, names := poll.Organization.Name, nameSites(poll.Sites, seen)
	out := newSamples("wireless")
	out.tally("runzero_wireless_networks", org, networks, w.top, names)
	out.folded(org, "wireless", w.top, networks.dimensions...)
	return out.snapshot(names)
}
