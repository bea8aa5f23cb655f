package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// assetLabel is a label that runzero_assets can be split by.
type assetLabel struct {
	name string
	// open tells that its values are an open set, of which the most frequent are kept.
	open  bool
	value func(*runzero.Asset) string
}

// siteLabel is the label whose values are sites' ids while counting, and their names
// once all are known.
const siteLabel = "site_name"

func assetLabels() []assetLabel {
	return []assetLabel{
		{siteLabel, false, func(a *runzero.Asset) string { return siteKey(a.SiteID) }},
		{"asset_type", true, func(a *runzero.Asset) string { return a.Type }},
		{"os", true, func(a *runzero.Asset) string { return a.OS }},
		{"os_vendor", true, func(a *runzero.Asset) string { return a.OSVendor }},
		{"os_product", true, func(a *runzero.Asset) string { return a.OSProduct }},
		{"alive", false, func(a *runzero.Asset) string { return truthLabel(a.Alive) }},
		{"scanned", false, func(a *runzero.Asset) string { return truthLabel(a.Scanned) }},
		{"risk", false, func(a *runzero.Asset) string { return risks()[closed(risks(), a.Risk)] }},
		{"criticality", false, func(a *runzero.Asset) string { return criticalities()[closed(criticalities(), a.Criticality)] }},
	}
}

// AssetLabels lists the labels that runzero_assets can be split by.
func AssetLabels() []string {
	var names []string
	for _, label := range assetLabels() {
		names = append(names, label.name)
	}
	return names
}

func truthLabel(t runzero.Truth) string {
	switch t {
	case runzero.True:
		return "true"
	case runzero.False:
		return "false"
	}
	return unknown
}

// The documented values, then what is not said and what is not documented.
func risks() [8]string {
	return [...]string{"none", "info", "low", "medium", "high", "critical", unknown, other}
}

func criticalities() [8]string {
	return [...]string{"unset", "none", "low", "medium", "high", "critical", unknown, other}
}

func supports() [4]string { return [...]string{"supported", "extended", "ended", unknown} }

// closed returns the index of value in a documented set.
func closed(set [8]string, value string) int {
	for i, known := range set[:6] {
		if value == known {
			return i
		}
	}
	if value == "" || value == unknown {
		return 6
	}
	return 7
}

// support tells how an operating system is supported: an index into supports.
func support(now, end, extended time.Time) int {
	switch {
	case end.IsZero() && extended.IsZero():
		return 3
	case now.Before(end):
		return 0
	case now.Before(extended):
		if end.IsZero() {
			return 0
		}
		return 1
	}
	return 2
}

type assets struct {
	labels []assetLabel
	top    int
	search string
}

func newAssets(s Settings) Collector {
	a := assets{top: s.AssetTop, search: s.AssetSearch}
	for _, name := range s.AssetLabels {
		for _, label := range assetLabels() {
			if label.name == name {
				a.labels = append(a.labels, label)
			}
		}
	}
	return a
}

// siteAssets is what is counted of one site's assets.
type siteAssets struct {
	risk, criticality                    [8]int64
	support                              [4]int64
	services, vulnerabilities, softwares sum
}

// assetCount is the state of one poll.
type assetCount struct {
	assets
	tally     *tally
	sources   *several
	sites     map[string]*siteAssets
	seen      map[string]string // sites by id, with the name the record gave
	lastSeen  *ages
	firstSeen *ages
	values    []string
}

// Collect counts the organization's assets as they stream by.
func (a assets) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	c := assetCount{
		assets:    a,
		sources:   newSeveral(),
		sites:     map[string]*siteAssets{},
		seen:      map[string]string{},
		lastSeen:  newAges(ageBounds()),
		firstSeen: newAges(ageBounds()),
		values:    make([]string, len(a.labels)),
	}
	var dimensions []*dimension
	for _, label := range a.labels {
		dimensions = append(dimensions, newDimension(label.open))
	}
	c.tally = newTally(dimensions...)
	for id := range poll.Sites {
		if id != zeroID {
			c.sites[id] = &siteAssets{}
		}
	}
	var asset runzero.Asset // one for all: its address would put each on the heap
	for next, err := range poll.API.Assets(ctx, poll.Organization.ID, a.search) {
		if err != nil {
			return Snapshot{}, err
		}
		asset = next
		if err := c.count(&asset, poll.Now); err != nil {
			return Snapshot{}, err
		}
	}
	names := nameSites(poll.Sites, c.seen)
	families, err := c.samples(poll.Organization.Name, names).families()
	return Snapshot{Families: families, Sites: names}, err
}

func (c *assetCount) count(asset *runzero.Asset, now time.Time) error {
	key := siteKey(asset.SiteID)
	site := c.sites[key]
	if site == nil {
		if err := roomForSite(c.sites, key); err != nil {
			return err
		}
		site = &siteAssets{}
		c.sites[key] = site
	}
	if err := see(c.seen, key, asset.SiteName); err != nil {
		return err
	}
	for i, label := range c.labels {
		c.values[i] = label.value(asset)
	}
	if err := c.tally.add(c.values); err != nil {
		return fmt.Errorf("%w: name fewer labels in --collector.assets.labels", err)
	}
	c.sources.next()
	for _, source := range asset.Sources {
		c.sources.has(source)
	}
	site.risk[closed(risks(), asset.Risk)]++
	site.criticality[closed(criticalities(), asset.Criticality)]++
	site.support[support(now, asset.EndOfLife, asset.EndOfExtendedSupport)]++
	site.services.add(asset.Services)
	site.vulnerabilities.add(asset.Vulnerabilities)
	site.softwares.add(asset.Software)
	c.lastSeen.add(now, asset.LastSeen)
	c.firstSeen.add(now, asset.FirstSeen)
	return nil
}

func (c *assetCount) samples(org string, names SiteNames) *samples {
	out := &samples{descs: Descs("assets")}
	c.assetSamples(out, org, names)

	for source, n := range c.sources.folded(c.top) {
		out.gauge("runzero_assets_by_source", float64(n), org, source)
	}
	out.folded(org, "assets", "source", c.sources.foldedValues(c.top))

	for id, site := range c.sites {
		name := names[id]
		set(out, "runzero_assets_by_risk", site.risk[:], 6, risks(), org, name)
		set(out, "runzero_assets_by_criticality", site.criticality[:], 6, criticalities(), org, name)
		for i, support := range supports() {
			out.gauge("runzero_assets_by_os_support", float64(site.support[i]), org, name, support)
		}
		for _, summed := range []struct {
			name string
			sum  sum
		}{
			{"runzero_services", site.services},
			{"runzero_vulnerabilities", site.vulnerabilities},
			{"runzero_software", site.softwares},
		} {
			if summed.sum.known {
				out.gauge(summed.name, float64(summed.sum.n), org, name)
			}
		}
	}
	out.histogram("runzero_asset_last_seen_age_seconds", c.lastSeen, org)
	out.histogram("runzero_asset_first_seen_age_seconds", c.firstSeen, org)
	return out
}

// set exports the counts of a documented set: its values always, so that a share of
// none is 0, and what is outside of it where there is any.
func set(out *samples, name string, counts []int64, documented int, labels [8]string, org, site string) {
	for i, n := range counts {
		if i < documented || n > 0 {
			out.gauge(name, float64(n), org, site, labels[i])
		}
	}
}

// assetSamples exports runzero_assets, whose labels are configured.
func (c *assetCount) assetSamples(out *samples, org string, names SiteNames) {
	var labels []string
	for _, label := range c.labels {
		labels = append(labels, label.name)
	}
	for _, m := range Catalogue() {
		if m.Name == "runzero_assets" {
			out.descs[m.Name] = m.desc(labels...)
		}
	}
	c.tally.folded(c.top, func(values []string, n int64) {
		all := append([]string{org}, values...)
		for i, label := range labels {
			if label == siteLabel {
				all[i+1] = names[values[i]]
			}
		}
		out.gauge("runzero_assets", float64(n), all...)
	})
	for i, label := range c.labels {
		if label.open {
			out.folded(org, "assets", label.name, c.tally.dimensions[i].foldedValues(c.top))
		}
	}
}
