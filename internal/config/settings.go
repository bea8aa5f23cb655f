package config

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// settings returns the settings that shape the samples of collectors.
func (f Flags) settings(in fileCollectors) (collector.Settings, error) {
	var s collector.Settings
	var err error
	labels := fileOrFlag(f, in.Assets.Labels, "collector.assets.labels", f.labels(), &err)
	top := fileOrFlag(f, in.Assets.Top, "collector.assets.top", float64(f.AssetTop), &err)
	search := fileOrFlag(f, in.Assets.Search, "collector.assets.search", f.AssetSearch, &err)
	maxAge := fileOrFlag(f, in.Tasks.ScanMaxAge, "collector.tasks.scan-max-age", model.Duration(f.ScanMaxAge), &err)
	const maxTop = 10_000
	switch {
	case err != nil:
		return s, err
	case top.Value < 1 || top.Value > maxTop || top.Value != math.Trunc(top.Value):
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
	s.AssetTop, s.AssetSearch, s.ScanMaxAge = int(top.Value), search.Value, time.Duration(maxAge.Value)
	s.ScanMaxAges, err = scanMaxAges(in.Tasks.ScanMaxAgeBySite)
	return s, err
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
