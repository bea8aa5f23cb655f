package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// of returns the settings that every collector has.
func (c fileCollectors) of(name string) fileCollector {
	switch name {
	case "assets":
		return c.Assets.Common
	case "tasks":
		return c.Tasks.Common
	}
	return c.Others[name].Value
}

// check refuses unknown collectors.
func (c fileCollectors) check() error {
	var known []string
	for _, spec := range collector.Specs() {
		known = append(known, spec.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Others)) {
		if !slices.Contains(known, name) {
			return c.Others[name].errorf("unknown collector%s: known collectors are %s", quoted(name), strings.Join(known, ", "))
		}
	}
	return nil
}

// collectors returns the enabled collectors, the cheapest first, then the queries and the discoveries.
func (f Flags) collectors(in file, settings collector.Settings) ([]schedule.Collector, error) {
	if err := in.Collectors.check(); err != nil {
		return nil, err
	}
	if f.CacheMaxAge < 0 || f.CacheMaxAge > 0 && f.CacheMaxAge < leastMaxAge {
		return nil, fmt.Errorf("--cache.max-age must be at least %s; 0 exposes results forever", leastMaxAge)
	}
	if err := checkMinimum("interval", f.cacheInterval()); err != nil {
		return nil, err
	}
	var enabled []schedule.Collector
	for _, spec := range collector.Specs() {
		on, c, err := f.schedule(spec, in.Collectors.of(spec.Name))
		if err != nil {
			return nil, err
		}
		if on {
			c.Settings, c.Fingerprint = settings, fingerprint(spec.Name, settings)
			enabled = append(enabled, c)
		}
	}
	assets, err := f.refreshAssets(in.Collectors.Assets, enabled)
	if err != nil {
		return nil, err
	}
	queries, err := f.queries(in.Queries)
	if err != nil {
		return nil, err
	}
	discoveries, err := f.discoveries(in.Discovery, settings, assets, enabled)
	if err != nil {
		return nil, err
	}
	enabled = slices.Concat(enabled, queries, discoveries)
	if !slices.ContainsFunc(enabled, func(c schedule.Collector) bool { return c.Scope != collector.HeadersOnly }) {
		return nil, errors.New("no enabled collector polls the API: enable one with --collector.NAME")
	}
	return enabled, nil
}

// queries returns a collector for each query.
func (f Flags) queries(in []sourced[fileQuery]) ([]schedule.Collector, error) {
	names, kinds := names{}, runzero.CountOf()
	var queries []schedule.Collector
	for _, each := range in {
		q := each.Value
		if err := names.add(q.Name, each.position, "query"); err != nil {
			return nil, err
		}
		switch {
		case !q.Of.set():
			return nil, each.errorf("query %s has no of: set it to one of %s", q.Name.Value, strings.Join(kinds, ", "))
		case !slices.Contains(kinds, q.Of.Value):
			return nil, q.Of.wrong("of", "must be one of %s", strings.Join(kinds, ", "))
		}
		query := collector.Query{Name: q.Name.Value, Of: q.Of.Value, Search: q.Search}
		c, err := f.schedulePolls(collector.QuerySpec(query), q.Interval, q.Weight)
		if err != nil {
			return nil, err
		}
		c.Fingerprint = queryFingerprint(query)
		queries = append(queries, c)
	}
	return queries, nil
}

// settings returns the settings that shape the samples of collectors.
func (f Flags) settings(in fileCollectors) (collector.Settings, error) {
	var s collector.Settings
	var err error
	labels := fileOrFlag(f, in.Assets.Labels, "collector.assets.labels", f.labels(), &err)
	top := fileOrFlag(f, in.Assets.Top, "collector.assets.top", float64(f.AssetTop), &err)
	search := fileOrFlag(f, in.Assets.Search, "collector.assets.search", f.AssetSearch, &err)
	tags := fileOrFlag(f, in.Assets.Tags, "collector.assets.tags", f.tags(), &err)
	maxAge := fileOrFlag(f, in.Tasks.ScanMaxAge, "collector.tasks.scan-max-age", model.Duration(f.ScanMaxAge), &err)
	const maxTop = 10_000
	switch {
	case err != nil:
		return s, err
	case !isWhole(top.Value, maxTop):
		return s, top.wrong("top", "must be a whole number from 1 to %d", maxTop)
	case maxAge.Value <= 0:
		return s, maxAge.wrong("scan_max_age", "must be more than 0")
	}
	known := collector.AssetLabels()
	for _, label := range labels.Value {
		switch {
		case !slices.Contains(known, label.Value):
			return s, label.wrong("labels", "has an unknown label%s: known labels are %s", quoted(label.Value), strings.Join(known, ", "))
		case slices.Contains(s.AssetLabels, label.Value):
			return s, label.wrong("labels", "lists %s twice", label.Value)
		}
		s.AssetLabels = append(s.AssetLabels, label.Value)
	}
	if s.AssetTags, err = tagNames(tags); err != nil {
		return s, err
	}
	s.AssetTop, s.AssetSearch, s.ScanMaxAge = int(top.Value), search.Value, time.Duration(maxAge.Value)
	s.ScanMaxAges, err = scanMaxAges(in.Tasks.ScanMaxAgeBySite)
	return s, err
}

// isWhole reports whether a number is one from 1 to most, without a fraction.
func isWhole(number float64, most int) bool {
	return number >= 1 && number <= float64(most) && number == math.Trunc(number)
}

// labels splits the flag's list.
func (f Flags) labels() []sourced[string] {
	var labels []sourced[string]
	for label := range strings.SplitSeq(f.AssetLabels, ",") {
		if label = strings.TrimSpace(label); label != "" {
			labels = append(labels, fromFlag("collector.assets.labels", label))
		}
	}
	return labels
}

// tags splits the flag's list.
func (f Flags) tags() []sourced[string] {
	var tags []sourced[string]
	if strings.TrimSpace(f.AssetTags) != "" {
		for tag := range strings.SplitSeq(f.AssetTags, ",") {
			tags = append(tags, fromFlag("collector.assets.tags", strings.TrimSpace(tag)))
		}
	}
	return tags
}

// tagNames checks the names of tags. They are label values as they are, because the tags of assets are compared with them.
func tagNames(in sourced[[]sourced[string]]) ([]string, error) {
	var names []string
	for _, tag := range in.Value {
		switch {
		case strings.TrimSpace(tag.Value) == "":
			return nil, tag.wrong("tags", "has an empty name: remove it")
		case collector.Label(tag.Value) != tag.Value:
			return nil, tag.wrong("tags", "has a name that cannot be a label value%s: write it on one line, in at most 128 characters, without blanks at its ends or double ones", quoted(tag.Value))
		case slices.Contains(names, tag.Value):
			return nil, tag.wrong("tags", "lists a name twice%s: remove one", quoted(tag.Value))
		}
		names = append(names, tag.Value)
	}
	if len(names) > collector.MaxTags {
		return nil, in.wrong("tags", "lists %d tags: at most %d can be counted", len(names), collector.MaxTags)
	}
	return names, nil
}

func scanMaxAges(in []sourced[fileScanMaxAge]) ([]collector.ScanMaxAge, error) {
	var ages []collector.ScanMaxAge
	for _, each := range in {
		age := each.Value
		switch {
		case !age.MaxAge.set():
			return nil, each.errorf("the entry has no max_age")
		case age.MaxAge.Value <= 0:
			return nil, age.MaxAge.wrong("max_age", "must be more than 0")
		case age.Organization == "" && age.Site == "":
			return nil, each.errorf("the entry has neither organization nor site: set one, or set scan_max_age for all sites")
		}
		ages = append(ages, collector.ScanMaxAge{Organization: age.Organization, Site: age.Site, MaxAge: time.Duration(age.MaxAge.Value)})
	}
	return ages, nil
}
