package collector

import "context"

type wireless struct{ top int }

func newWireless(s Settings) Collector { return wireless{s.AssetTop} }

// Collect counts the wireless networks around the organization by how they are
// protected. What they are called is no label: whoever is near chooses it, and many are
// called after people.
func (w wireless) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	site, authentication, encryption := newDimension(false), newDimension(true), newDimension(true)
	networks, seen := newTally(site, authentication, encryption), map[string]string{}
	for row, err := range poll.API.Wireless(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "wireless networks")
		}
		id, err := seeSite(seen, row.SiteID, row.SiteName)
		if err != nil {
			return Snapshot{}, err
		}
		if err := networks.add([]string{id, row.Authentication, row.Encryption}); err != nil {
			return Snapshot{}, err
		}
	}
	org, names := poll.Organization.Name, nameSites(poll.Sites, seen)
	out := &samples{descs: Descs("wireless")}
	networks.folded(w.top, func(values []string, n int64) {
		out.gauge("runzero_wireless_networks", float64(n), org, names[values[0]], values[1], values[2])
	})
	out.folded(org, "wireless", "authentication", authentication.foldedValues(w.top))
	out.folded(org, "wireless", "encryption", encryption.foldedValues(w.top))
	families, err := out.families()
	return Snapshot{Families: families, Sites: names}, err
}
