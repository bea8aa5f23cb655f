package collector

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// assetLabel is a label that runzero_assets can be split by.
type assetLabel struct {
	name  string
	open  bool // open-ended: only the most frequent values are kept
	value func(*runzero.Asset) string
}

func assetLabels() []assetLabel {
	return []assetLabel{
		{siteLabel, false, func(a *runzero.Asset) string { return a.SiteID }},
		{"asset_type", true, func(a *runzero.Asset) string { return a.Type }},
		{"os", true, func(a *runzero.Asset) string { return a.OS }},
		{"os_vendor", true, func(a *runzero.Asset) string { return a.OSVendor }},
		{"os_product", true, func(a *runzero.Asset) string { return a.OSProduct }},
		{"alive", false, func(a *runzero.Asset) string { return truthLabel(a.Alive) }},
		{"scanned", false, func(a *runzero.Asset) string { return truthLabel(a.Scanned) }},
		{"risk", false, func(a *runzero.Asset) string { return risks().clean(a.Risk) }},
		{"criticality", false, func(a *runzero.Asset) string { return criticalities().clean(a.Criticality) }},
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

func supports() [4]string { return [...]string{"supported", "extended", "ended", unknown} }

// support returns the support status of an operating system as an index into supports.
func support(now, end, extended time.Time) int {
	switch {
	case end.IsZero() && extended.IsZero():
		return 3
	case now.Before(end), end.IsZero() && now.Before(extended):
		return 0
	case now.Before(extended):
		return 1
	}
	return 2
}

// siteAssets are the counts of one site.
type siteAssets struct {
	risk, criticality                   [8]int64
	support                             [4]int64
	services, vulnerabilities, software runzero.Count
}

// assetCount is the state of one poll.
type assetCount struct {
	labels    []assetLabel
	tally     *tally
	sources   *tally
	tags      *tagCount // nil: not wanted
	sites     map[string]*siteAssets
	seen      *seenSites
	lastSeen  *histogram
	firstSeen *histogram
	values    []string // reused for each record
}

// collectAssets counts the organization's assets.
func collectAssets(ctx context.Context, poll Poll) (Snapshot, error) {
	c := assetCount{
		sources: newTally(newDimension("source", true)), tags: newTagCount(poll.Settings.AssetTags), sites: map[string]*siteAssets{}, seen: newSeenSites(poll.Sites), lastSeen: newAges(), firstSeen: newAges(),
	}
	var dimensions []*dimension
	for _, label := range assetLabels() {
		if slices.Contains(poll.Settings.AssetLabels, label.name) {
			c.labels = append(c.labels, label)
			dimensions = append(dimensions, newDimension(label.name, label.open))
		}
	}
	c.tally, c.values = newTally(dimensions...), make([]string, len(dimensions))
	for id := range poll.Sites {
		if id != zeroID {
			c.sites[id] = &siteAssets{}
		}
	}
	var asset runzero.Asset // shared by all records, so that taking its address does not allocate for each
	for next, err := range poll.API.Assets(ctx, poll.Organization.ID, poll.Settings.AssetSearch, poll.Settings.AssetTags...) {
		asset = next
		if err == nil {
			err = c.count(&asset, poll.Now)
		}
		if err != nil {
			return Snapshot{}, err
		}
	}
	names := nameSites(poll.Sites, c.seen.names)
	return c.samples(poll, names).snapshot(names)
}

func (c *assetCount) count(asset *runzero.Asset, now time.Time) error {
	key, err := c.seen.note(asset.SiteID, asset.SiteName)
	if err != nil {
		return err
	}
	site := entry(c.sites, key)
	asset.SiteID = key
	for i, label := range c.labels {
		c.values[i] = label.value(asset)
	}
	if err := c.tally.add(c.values); err != nil {
		return fmt.Errorf("%w: configure fewer --collector.assets.labels", err)
	}
	if err := c.sources.addEach(asset.Sources); err != nil {
		return err
	}
	if c.tags != nil {
		if err := c.tags.count(asset); err != nil {
			return err
		}
	}
	site.risk[risks().index(asset.Risk)]++
	site.criticality[criticalities().index(asset.Criticality)]++
	site.support[support(now, asset.EndOfLife, asset.EndOfExtendedSupport)]++
	site.services = sum(site.services, asset.Services)
	site.vulnerabilities = sum(site.vulnerabilities, asset.Vulnerabilities)
	site.software = sum(site.software, asset.Software)
	c.lastSeen.observe(asset.LastSeen, now)
	c.firstSeen.observe(asset.FirstSeen, now)
	return nil
}

// sum adds counts, of which unknown ones are 0 unless both are. It does not overflow.
func sum(a, b runzero.Count) runzero.Count {
	n, known := b.Get()
	if !known {
		return a
	}
	total, _ := a.Get()
	return runzero.Known(total + min(n, math.MaxInt64-total))
}

func (c *assetCount) samples(poll Poll, names SiteNames) *samples {
	var labels []string
	for _, label := range c.labels {
		labels = append(labels, label.name)
	}
	out, org := newSamples("assets", labels...), poll.Organization.Name
	out.tally("runzero_assets", poll, c.tally, names)
	out.tally("runzero_assets_by_source", poll, c.sources, nil)
	out.folded(poll, "assets", slices.Concat(c.tally.dimensions, c.sources.dimensions)...)
	if c.tags != nil {
		c.tags.samples(out, poll)
	}
	for id, site := range c.sites {
		name := names[id]
		out.enum("runzero_assets_by_risk", risks(), site.risk, org, name)
		out.enum("runzero_assets_by_criticality", criticalities(), site.criticality, org, name)
		for i, support := range supports() {
			out.gauge("runzero_assets_by_os_support", float64(site.support[i]), org, name, support)
		}
		out.count("runzero_services", site.services, org, name)
		out.count("runzero_vulnerabilities", site.vulnerabilities, org, name)
		out.count("runzero_software", site.software, org, name)
	}
	out.histogram("runzero_asset_last_seen_age_seconds", c.lastSeen, org)
	out.histogram("runzero_asset_first_seen_age_seconds", c.firstSeen, org)
	return out
}
