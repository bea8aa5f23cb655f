package collector

import (
	"context"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// collectVulnerabilities counts the vulnerabilities of the organization's assets. Sites
// without any are exported too, so that alerts on them resolve.
func collectVulnerabilities(ctx context.Context, poll Poll) (Snapshot, error) {
	sites, seen := map[string]*[8]int64{}, newSeenSites(poll.Sites)
	for id := range poll.Sites {
		if id != zeroID {
			sites[id] = new([8]int64)
		}
	}
	out := newSamples("vulnerabilities")
	countEach(out, poll.API.Vulnerabilities(ctx, poll.Organization.ID), "vulnerabilities", func(row runzero.Vulnerability) error {
		id, err := seen.note(row.SiteID, row.SiteName)
		if err == nil {
			entry(sites, id)[risks().index(row.Severity)]++
		}
		return err
	})
	names := nameSites(poll.Sites, seen.names)
	for id, severities := range sites {
		out.enum("runzero_vulnerabilities_by_severity", risks(), *severities, poll.Organization.Name, names[id])
	}
	return out.snapshot(names)
}
