package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// The shortest interval. What is shorter is a mistake in the unit, and would spend a
// day's calls in minutes.
const (
	shortestInterval = time.Second
	spends           = "each poll costs calls of the account's daily quota"
)

// choose is what the file or a flag decided. One thing decided in two places is a
// mistake: nobody could tell which holds.
func choose[T any](f Flags, flag string, value T, in at[T]) (at[T], error) {
	switch {
	case !in.set():
		return by(flag, value), nil
	case f.Set[flag]:
		return in, in.wrong("is set here and by --%s (or its environment variable): leave out one", flag)
	}
	return in, nil
}

// of is the common settings of a collector.
func (c fileCollectors) of(name string) fileCollector {
	switch name {
	case "assets":
		return c.Assets.Common
	case "tasks":
		return c.Tasks.Common
	}
	return c.Others[name].Value
}

// known refuses what is no collector.
func (c fileCollectors) known() error {
	var all []string
	for _, spec := range collector.Specs() {
		all = append(all, spec.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Others)) {
		if !slices.Contains(all, name) {
			return c.Others[name].errorf("there is no collector%s: there are %s", shown(name), strings.Join(all, ", "))
		}
	}
	return nil
}

// collectors are the enabled ones, the cheapest first, and the queries.
func (f Flags) collectors(in file, settings collector.Settings) ([]schedule.Collector, error) {
	if err := in.Collectors.known(); err != nil {
		return nil, err
	}
	switch {
	case f.CacheMaxAge < 0:
		return nil, by("cache.max-age", f.CacheMaxAge).wrong("must not be negative; 0 keeps answers however old")
	case f.CacheInterval < shortestInterval:
		return nil, by("cache.interval", f.CacheInterval).wrong("must be at least %s: %s", shortestInterval, spends)
	}
	var enabled []schedule.Collector
	for _, spec := range collector.Specs() {
		on, interval, err := f.schedule(spec, in.Collectors.of(spec.Name))
		if err != nil {
			return nil, err
		}
		if on {
			enabled = append(enabled, schedule.Collector{Spec: spec, Settings: settings, Interval: time.Duration(interval.Value), IntervalSource: interval.String(), Fingerprint: shape(spec.Name, settings)})
		}
	}
	queries, err := f.queries(in.Queries.Value)
	if err != nil {
		return nil, err
	}
	enabled = append(enabled, queries...)
	if !slices.ContainsFunc(enabled, func(c schedule.Collector) bool { return c.Scope != collector.HeadersOnly }) {
		return nil, errors.New("no collector is enabled that asks anything: enable one with --collector.NAME")
	}
	return enabled, nil
}

// schedule is whether a collector is on, and its interval.
func (f Flags) schedule(spec collector.Spec, in fileCollector) (on bool, every at[duration], err error) {
	flag, flags := "collector."+spec.Name, f.Collectors[spec.Name]
	enabled, err := choose(f, flag, flags.Enabled, in.Enabled)
	if err != nil {
		return false, every, err
	}
	interval, err := choose(f, flag+".interval", duration(flags.Interval), in.Interval)
	switch {
	case err != nil:
		return false, every, err
	case spec.Scope == collector.HeadersOnly && in.Interval.set():
		return false, every, interval.errorf("the collector %s asks nothing, and has no interval", spec.Name)
	case spec.Scope == collector.HeadersOnly || !enabled.Value && !in.Interval.set():
		return enabled.Value, every, nil
	case in.Interval.set() || interval.Value != 0: // as it is
	case spec.Interval != 0:
		interval.Value = duration(spec.Interval)
	default:
		interval = by("cache.interval", duration(f.CacheInterval))
	}
	return enabled.Value, interval, f.checkInterval(interval)
}

// checkInterval also refuses intervals that answers do not outlive.
func (f Flags) checkInterval(interval at[duration]) error {
	switch every := time.Duration(interval.Value); {
	case every < shortestInterval:
		return interval.wrong("must be at least %s: %s", shortestInterval, spends)
	case f.CacheMaxAge > 0 && every > f.CacheMaxAge:
		return interval.wrong("is %s, longer than --cache.max-age, which is %s: answers would be withdrawn before they are asked for again",
			interval.Value, duration(f.CacheMaxAge))
	}
	return nil
}

// queries are collectors too, each of its own interval.
func (f Flags) queries(in []at[fileQuery]) ([]schedule.Collector, error) {
	names := names{}
	var queries []schedule.Collector
	for _, each := range in {
		q := each.Value
		if err := names.add(q.Name, each.place, "query"); err != nil {
			return nil, err
		}
		switch {
		case !q.Of.set():
			return nil, each.errorf("the query %s does not say of what: write of, which is one of %s", q.Name.Value, strings.Join(runzero.CountOf(), ", "))
		case !slices.Contains(runzero.CountOf(), q.Of.Value):
			return nil, q.Of.wrong("must be one of %s", strings.Join(runzero.CountOf(), ", "))
		}
		if !q.Interval.set() {
			q.Interval = by("cache.interval", duration(f.CacheInterval))
		}
		if err := f.checkInterval(q.Interval); err != nil {
			return nil, err
		}
		query := collector.Query{Name: q.Name.Value, Of: q.Of.Value, Search: q.Search.Value}
		interval := time.Duration(q.Interval.Value)
		queries = append(queries, schedule.Collector{
			Spec: collector.QuerySpec(query, interval), Interval: interval, IntervalSource: q.Interval.String(), Fingerprint: queryShape(query),
		})
	}
	return queries, nil
}
