package collector

import "context"

type software struct{ top int }

// Collect counts the software installed on the organization's assets.
func (s software) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	products := newTally(newDimension("software_vendor", true), newDimension("software_product", true))
	for row, err := range poll.API.Software(ctx, poll.Organization.ID) {
		if err == nil {
			err = products.add([]string{row.Vendor, row.Product})
		}
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "software")
		}
	}
	org := poll.Organization.Name
	out := newSamples("software")
	out.tally("runzero_software_by_product", org, products, s.top, nil)
	out.folded(org, "software", s.top, products.dimensions...)
	return out.snapshot(nil)
}
