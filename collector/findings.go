package collector

import "context"

type findings struct{ top int }

func newFindings(s Settings) Collector { return findings{s.AssetTop} }

// Collect counts the organization's findings.
func (f findings) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	category := newDimension(true)
	risk := newDimension(false)
	// Of the same dimensions, so that the same categories are kept in both.
	kinds, instances := newTally(category, risk), newTally(category, risk)
	for row, err := range poll.API.Findings(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "findings")
		}
		values := []string{row.Category, risks()[closed(risks(), row.Risk)]}
		err = kinds.add(values)
		if n, known := row.Instances.Get(); known && err == nil {
			err = instances.addMany(values, n)
		}
		if err != nil {
			return Snapshot{}, err
		}
	}
	org := poll.Organization.Name
	out := &samples{descs: Descs("findings")}
	out.tally("runzero_findings", org, kinds, f.top)
	out.tally("runzero_finding_instances", org, instances, f.top)
	out.folded(org, "findings", "category", category.foldedValues(f.top))
	families, err := out.families()
	return Snapshot{Families: families}, err
}
