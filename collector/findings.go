package collector

import "context"

type findings struct{ top int }

// Collect counts the organization's findings and their instances.
func (f findings) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	category, risk := newDimension("category", true), newDimension("risk", false)
	// Both share the dimensions, so that both keep the same categories.
	kinds, instances := newTally(category, risk), newTally(category, risk)
	for row, err := range poll.API.Findings(ctx, poll.Organization.ID) {
		values := []string{row.Category, risks().clean(row.Risk)}
		if err == nil {
			err = kinds.add(values)
		}
		if n, known := row.Instances.Get(); known && err == nil {
			err = instances.addMany(values, n)
		}
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "findings")
		}
	}
	org := poll.Organization.Name
	out := newSamples("findings")
	out.tally("runzero_findings", org, kinds, f.top, nil)
	out.tally("runzero_finding_instances", org, instances, f.top, nil)
	out.folded(org, "findings", f.top, category)
	return out.snapshot(nil)
}
