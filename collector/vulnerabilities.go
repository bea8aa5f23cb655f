package collector

import "context"

type vulnerabilities struct{}

func newVulnerabilities(Settings) Collector { return vulnerabilities{} }

// Collect counts the vulnerabilities of the organization's assets as they stream by.
func (vulnerabilities) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	sites, seen := map[string]*[8]int64{}, map[string]string{}
	for id := range poll.Sites {
		if id != zeroID {
			sites[id] = new([8]int64)
		}
	}
	for row, err := range poll.API.Vulnerabilities(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "vulnerabilities")
		}
		id, err := seeSite(seen, row.SiteID, row.SiteName)
		if err != nil {
			return Snapshot{}, err
		}
		if sites[id] == nil {
			sites[id] = new([8]int64)
		}
		sites[id][closed(risks(), row.Severity)]++
	}
	names := nameSites(poll.Sites, seen)
	out := &samples{descs: Descs("vulnerabilities")}
	for id, severities := range sites {
		set(out, "runzero_vulnerabilities_by_severity", severities[:], 6, risks(), poll.Organization.Name, names[id])
	}
	families, err := out.families()
	return Snapshot{Families: families, Sites: names}, err
}
