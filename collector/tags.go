package collector

import (
	"slices"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// MaxTags is the number of tags that assets can be counted by.
const MaxTags = 10

// TagFamilies lists the families that are exported only if Settings.AssetTags names tags.
func TagFamilies() []string { return []string{"runzero_assets_by_tag", "runzero_assets_by_owner"} }

// tagCount counts assets by tags and owners. Users write both, and some write e-mail addresses.
type tagCount struct {
	names  []string
	tags   []*tally // by name; each tag has a top of its own
	owners *tally
	cells  []cell // of one asset's owners; reused for each record
}

func newTagCount(names []string) *tagCount {
	if len(names) == 0 {
		return nil
	}
	c := &tagCount{names: names, owners: newTally(newPrivateDimension("owner_type"), newPrivateDimension("owner_name"))}
	for range names {
		c.tags = append(c.tags, newTally(newPrivateDimension("value")))
	}
	return c
}

// newPrivateDimension makes an open-ended dimension in which e-mail and IP addresses are counted as other.
func newPrivateDimension(label string) *dimension {
	d := newDimension(label, true)
	d.private = true
	return d
}

// count counts an asset once for each of the tags and owners that it has.
func (c *tagCount) count(asset *runzero.Asset) error {
	for i, tag := range asset.Tags {
		if !tag.Present {
			continue
		}
		if err := c.tags[i].add([]string{tag.Value}); err != nil {
			return err
		}
	}
	c.cells = c.cells[:0]
	for _, owner := range asset.Owners {
		c.cells = append(c.cells, c.owners.cell([]string{owner.Type, owner.Name}))
	}
	slices.SortFunc(c.cells, func(a, b cell) int { return slices.Compare(a[:], b[:]) })
	for _, at := range slices.Compact(c.cells) {
		if err := c.owners.addAt(at, 1); err != nil {
			return err
		}
	}
	return nil
}

// samples exports the counts. The folded values of the label value are those of all tags.
func (c *tagCount) samples(out *samples, poll Poll) {
	folded, org := 0, poll.Organization.Name
	for i, t := range c.tags {
		t.folded(poll.Settings.AssetTop, func(values []string, n int64) {
			out.gauge("runzero_assets_by_tag", float64(n), org, c.names[i], values[0])
		})
		folded += t.dimensions[0].foldedValues(poll.Settings.AssetTop)
	}
	out.gauge("runzero_collector_folded_values", float64(folded), org, "assets", "value")
	out.tally("runzero_assets_by_owner", poll, c.owners, nil)
	out.folded(poll, "assets", c.owners.dimensions...)
}
