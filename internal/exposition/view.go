package exposition

import (
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// View is one publication: the merged families of all polls, sorted by name. It never changes.
type View struct {
	families []*dto.MetricFamily
	ages     []age

	// What it was merged from.
	merger        *Merger
	health, parts []*Part
}

// Of returns the part of the view that belongs to these organizations. It looks at no series of others.
func (v *View) Of(organizations []Organization) *View {
	set := make(map[Organization]bool, len(organizations))
	for _, o := range organizations {
		set[o] = true
	}
	wanted := func(o Organization) bool { return set[o] }
	theirs := func(parts []*Part) (some []*Part) {
		for _, p := range parts {
			if slices.ContainsFunc(p.organizations, wanted) {
				some = append(some, p)
			}
		}
		return some
	}
	return v.merger.merge(theirs(v.health), theirs(v.parts), wanted)
}

// age is a family whose values are the ages of another family's instants.
type age struct {
	at   int // its index in families
	of   *dto.MetricFamily
	name string
}

// Gather returns the families as of now. Only ages are worked out; everything else is shared and must not be changed.
func (v *View) Gather(now time.Time) []*dto.MetricFamily {
	families := slices.Clone(v.families)
	for _, a := range v.ages {
		families[a.at] = a.family(v.families[a.at], now)
	}
	return families
}

// family makes an age family in a fixed number of allocations, however many series it has.
func (a age) family(template *dto.MetricFamily, now time.Time) *dto.MetricFamily {
	n := len(a.of.Metric)
	values, gauges, metrics := make([]float64, n), make([]dto.Gauge, n), make([]dto.Metric, n)
	pointers := make([]*dto.Metric, n)
	for i, m := range a.of.Metric {
		// Whole milliseconds, because seconds as floats do not subtract exactly. An instant in
		// the future, from a console whose clock is ahead, has age 0.
		values[i] = float64(max(now.UnixMilli()-int64(math.Round(m.GetGauge().GetValue()*1000)), 0)) / 1000
		gauges[i].Value = &values[i]
		metrics[i].Label, metrics[i].Gauge = m.Label, &gauges[i]
		pointers[i] = &metrics[i]
	}
	return &dto.MetricFamily{Name: template.Name, Help: template.Help, Type: template.Type, Metric: pointers}
}
