package config

import (
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// settings are what shapes the samples.
func (f Flags) settings(in fileCollectors) (collector.Settings, error) {
	var s collector.Settings
	labels, err := choose(f, "collector.assets.labels", f.labels(), in.Assets.Labels)
	if err != nil {
		return s, err
	}
	top, err := choose(f, "collector.assets.top", f.AssetTop, in.Assets.Top)
	if err != nil {
		return s, err
	}
	search, err := choose(f, "collector.assets.search", f.AssetSearch, in.Assets.Search)
	if err != nil {
		return s, err
	}
	maxAge, err := choose(f, "collector.tasks.scan-max-age", duration(f.ScanMaxAge), in.Tasks.ScanMaxAge)
	if err != nil {
		return s, err
	}
	known := collector.AssetLabels()
	for _, label := range labels.Value {
		switch {
		case !slices.Contains(known, label.Value):
			return s, label.wrong("has no label%s: it takes %s", shown(label.Value), strings.Join(known, ", "))
		case slices.Contains(s.AssetLabels, label.Value):
			return s, label.wrong("names %s twice", label.Value)
		}
		s.AssetLabels = append(s.AssetLabels, label.Value)
	}
	const most = 10_000
	switch {
	case top.Value < 1 || top.Value > most:
		return s, top.wrong("must be from 1 to %d", most)
	case maxAge.Value <= 0:
		return s, maxAge.wrong("must be more than 0")
	}
	s.AssetTop, s.AssetSearch, s.ScanMaxAge = top.Value, search.Value, time.Duration(maxAge.Value)
	s.ScanMaxAges, err = scanMaxAges(in.Tasks.ScanMaxAgeBySite)
	return s, err
}

// labels reads the flag.
func (f Flags) labels() []at[string] {
	var labels []at[string]
	for label := range strings.SplitSeq(f.AssetLabels, ",") {
		if label = strings.TrimSpace(label); label != "" {
			labels = append(labels, by("collector.assets.labels", label))
		}
	}
	return labels
}

func scanMaxAges(in []at[fileScanMaxAge]) ([]collector.ScanMaxAge, error) {
	var ages []collector.ScanMaxAge
	for _, each := range in {
		age := each.Value
		switch {
		case !age.MaxAge.set():
			return nil, each.errorf("this has no max_age: say how old a good scan may get there")
		case age.MaxAge.Value <= 0:
			return nil, age.MaxAge.wrong("must be more than 0")
		case age.Organization.Value == "" && age.Site.Value == "":
			return nil, each.errorf("this is for every site: name an organization or a site, or set scan_max_age")
		}
		ages = append(ages, collector.ScanMaxAge{
			Organization: age.Organization.Value, Site: age.Site.Value, MaxAge: time.Duration(age.MaxAge.Value),
		})
	}
	return ages, nil
}
