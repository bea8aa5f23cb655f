package config

import (
	"math"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

const (
	// minInterval catches mistakes in the unit, which would use up a day's calls in minutes.
	minInterval = time.Second
	leastMaxAge = 2 * minInterval // so that half of it is an interval
	mostWeight  = 1000
)

// schedule returns whether a collector is enabled, and when it is polled.
func (f Flags) schedule(spec collector.Spec, in fileCollector) (bool, schedule.Collector, error) {
	var err error
	c := schedule.Collector{Spec: spec}
	flag, flags := "collector."+spec.Name, f.Collectors[spec.Name]
	enabled := fileOrFlag(f, in.Enabled, flag, flags.Enabled, &err)
	interval := fileOrFlag(f, in.Interval, flag+".interval", model.Duration(flags.Interval), &err)
	weighed := fileOrFlag(f, in.Weight, flag+".weight", flags.Weight, &err)
	if err != nil {
		return false, c, err
	}
	if spec.Scope == collector.HeadersOnly {
		for key, p := range map[string]position{"interval": in.Interval.position, "weight": in.Weight.position} {
			if p.set() {
				return false, c, p.errorf("the collector %s makes no requests and has no %s", spec.Name, key)
			}
		}
		return enabled.Value, c, nil
	}
	if !in.Weight.set() && !f.Set[flag+".weight"] && flags.Weight == 0 {
		weighed = sourced[float64]{}
	}
	if c.Weight, err = weight(spec, weighed); err != nil {
		return false, c, err
	}
	switch {
	case in.Interval.set() || flags.Interval != 0: // as configured
	case !enabled.Value:
		return false, c, nil
	case spec.Interval != 0:
		interval.Value = model.Duration(min(spec.Interval, f.longestDefault()))
	default:
		interval = f.cacheInterval()
	}
	interval, err = f.interval("interval", interval)
	c.Interval, c.IntervalSource = time.Duration(interval.Value), f.source("interval", interval.position)
	return enabled.Value, c, err
}

// weight returns a configured weight, or the default.
func weight(spec collector.Spec, in sourced[float64]) (float64, error) {
	switch {
	case !in.set():
		return schedule.DefaultWeight(spec), nil
	case !(in.Value > 0 && in.Value <= mostWeight): // negated, because NaN must be refused too
		return 0, in.wrong("weight", "must be more than 0 and at most %d: it is how much longer than others the interval may become when the quota is short", mostWeight)
	}
	return in.Value, nil
}

func (f Flags) cacheInterval() sourced[model.Duration] {
	return fromFlag("cache.interval", model.Duration(f.CacheInterval))
}

// source is how users find what decides an interval: key, if it is set in the file.
func (f Flags) source(key string, interval position) string {
	switch {
	case interval.flag != "":
		return "--" + interval.flag
	case interval.set():
		return f.locate(interval) + ": " + key
	}
	return ""
}

// longestDefault bounds intervals that nobody has set: after one failed poll the next one is still in time.
func (f Flags) longestDefault() time.Duration {
	if f.CacheMaxAge == 0 {
		return math.MaxInt64
	}
	return f.CacheMaxAge / 2
}

// interval checks an interval against --cache.max-age: one that nobody has set is shortened, and one that somebody
// has set is refused if results would be withdrawn before the next poll. key is its key in the file.
func (f Flags) interval(key string, in sourced[model.Duration]) (sourced[model.Duration], error) {
	switch {
	case in.flag == "cache.interval" && !f.Set[in.flag]:
		in.Value = min(in.Value, model.Duration(f.longestDefault()))
	case f.CacheMaxAge > 0 && time.Duration(in.Value) >= f.CacheMaxAge:
		byDefault := ""
		if !f.Set["cache.max-age"] {
			byDefault = " by default"
		}
		return in, in.wrong(key, "is %s, but --cache.max-age is %s%s: results would be withdrawn before the next poll; "+
			"shorten the interval or raise --cache.max-age", in.Value, model.Duration(f.CacheMaxAge), byDefault)
	}
	return in, checkMinimum(key, in)
}

func checkMinimum(key string, interval sourced[model.Duration]) error {
	if time.Duration(interval.Value) < minInterval {
		return interval.wrong(key, "must be at least %s: each poll costs calls of the account's daily quota", minInterval)
	}
	return nil
}
