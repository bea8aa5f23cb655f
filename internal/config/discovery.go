package config

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

const (
	// reservedDiscovery is the path of the targets that are organizations.
	reservedDiscovery = "organizations"
	mostTargets       = 100_000
)

// Discovers reports whether there is a discovery.
func (c *Config) Discovers() bool {
	return slices.ContainsFunc(c.Collectors, func(c schedule.Collector) bool { return c.Discovery.Name != "" })
}

// discoveries returns a collector for each discovery. assets is how the assets are refreshed, and enabled are the other
// collectors.
func (f Flags) discoveries(in []sourced[fileDiscovery], settings collector.Settings, assets refresh, enabled []schedule.Collector) ([]schedule.Collector, error) {
	names := names{}
	var discoveries []schedule.Collector
	for _, each := range in {
		if err := names.add(each.Value.Name, each.position, "discovery"); err != nil {
			return nil, err
		}
		d, err := each.Value.discovery()
		if err != nil {
			return nil, err
		}
		c, err := f.schedulePolls(collector.DiscoverySpec(d), each.Value.Interval, each.Value.Weight)
		if err != nil {
			return nil, err
		}
		c.Settings, c.Fingerprint = settings, discoveryFingerprint(d, settings)
		r := refresh{each.Value.Refresh.or(assets.mode), each.Value.MaxInterval.or(assets.longest)}
		if !each.Value.MaxInterval.set() && r.longest.Value > 0 { // that of the assets may be shorter than this interval
			r.longest.Value = max(r.longest.Value, model.Duration(c.Interval))
		}
		if err := r.check(); err != nil {
			return nil, err
		}
		if err := f.refresh(r, &c, "the discovery "+d.Name, enabled); err != nil {
			return nil, err
		}
		discoveries = append(discoveries, c)
	}
	return discoveries, nil
}

// discovery checks what an entry finds.
func (e fileDiscovery) discovery() (collector.Discovery, error) {
	kinds := collector.DiscoveryOf()
	d := collector.Discovery{Name: e.Name.Value, Of: kinds[0], Search: e.Search, MaxTargets: collector.DefaultMaxTargets}
	if e.Of.set() {
		d.Of = e.Of.Value
	}
	if e.MaxTargets.set() {
		d.MaxTargets = int(e.MaxTargets.Value)
	}
	d.Port = uint16(e.Port.Value)
	switch {
	case d.Name == reservedDiscovery:
		return d, e.Name.wrong("name", "must not be %s: /sd/%s lists the organizations", d.Name, d.Name)
	case !slices.Contains(kinds, d.Of):
		return d, e.Of.wrong("of", "must be %s", strings.Join(kinds, " or "))
	case e.Port.set() && d.Of == "services":
		return d, e.Port.wrong("port", "is for assets only: each service has its own")
	case e.Port.set() && !isWhole(e.Port.Value, math.MaxUint16):
		return d, e.Port.wrong("port", "must be a whole number from 1 to %d", math.MaxUint16)
	case e.MaxTargets.set() && !isWhole(e.MaxTargets.Value, mostTargets):
		return d, e.MaxTargets.wrong("max_targets", "must be a whole number from 1 to %d", mostTargets)
	}
	return d, nil
}

// schedulePolls returns the collector of an entry of the file, with when it is polled.
func (f Flags) schedulePolls(spec collector.Spec, interval sourced[model.Duration], weighed sourced[float64]) (schedule.Collector, error) {
	interval, err := f.interval("interval", interval.or(f.cacheInterval()))
	if err != nil {
		return schedule.Collector{}, err
	}
	spec.Interval = time.Duration(interval.Value)
	c := schedule.Collector{Spec: spec, Interval: spec.Interval, IntervalSource: f.source("interval", interval.position)}
	c.Weight, err = weight(spec, weighed)
	return c, err
}
