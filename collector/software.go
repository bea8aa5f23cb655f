package collector

import "context"

type software struct{ top int }

func newSoftware(s Settings) Collector { return software{s.AssetTop} }

// Collect counts what is installed on the organization's assets as it streams by.
func (s software) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	vendor, product := newDimension(true), newDimension(true)
	products := newTally(vendor, product)
	for row, err := range poll.API.Software(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "software")
		}
		if err := products.add([]string{row.Vendor, row.Product}); err != nil {
			return Snapshot{}, err
		}
	}
	org := poll.Organization.Name
	out := &samples{descs: Descs("software")}
	out.tally("runzero_software_by_product", org, products, s.top)
	out.folded(org, "software", "software_vendor", vendor.foldedValues(s.top))
	out.folded(org, "software", "software_product", product.foldedValues(s.top))
	families, err := out.families()
	return Snapshot{Families: families}, err
}
