package exposition

import (
	"math"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// View is one publication: the merged families of all polls. It never changes.
type View struct {
	catalogue     *catalogue
	health, parts []*Part
	pages         []*page

	demand *demand
	static [forms]static
	// The instants that ages are derived from, by the index of the ages in the catalogue.
	instants     [][]*dto.Metric
	findInstants sync.Once
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
			if p != nil && slices.ContainsFunc(p.organizations, wanted) {
				some = append(some, p)
			}
		}
		return some
	}
	of := &View{catalogue: v.catalogue, health: theirs(v.health), parts: theirs(v.parts)}
	first := claims{}
	chunks := v.catalogue.chunks(of.health, of.parts, make([]int32, len(v.catalogue.families)), func(slot int, r run) bool {
		return set[r.owner.Organization] && (slot < len(of.health) || first.by(slot, r.owner))
	})
	of.pages = []*page{{chunks: chunks}}
	return of
}

// Gather returns the families as of now: those of polls, then their ages, each sorted by name.
func (v *View) Gather(now time.Time) []*dto.MetricFamily { return append(v.Families(), v.Ages(now)...) }

// Families returns the families that change with polls only, sorted by name. They are shared and must not be changed.
func (v *View) Families() (families []*dto.MetricFamily) {
	for _, p := range v.pages {
		for _, c := range p.chunks {
			if c.key.isHead() {
				families = append(families, v.catalogue.family(c.key.family(), nil))
			} else {
				f := families[len(families)-1]
				f.Metric = append(f.Metric, c.metrics...)
			}
		}
	}
	return families
}

// Ages returns the families of ages as of now, sorted by name. The instants are collected once.
func (v *View) Ages(now time.Time) (families []*dto.MetricFamily) {
	v.findInstants.Do(func() {
		for _, a := range v.catalogue.ages {
			v.instants = append(v.instants, v.series(a.instants))
		}
	})
	for i, a := range v.catalogue.ages {
		if len(v.instants[i]) > 0 {
			families = append(families, v.catalogue.family(a.number, agesOf(v.instants[i], now)))
		}
	}
	return families
}

// series returns the series of a family.
func (v *View) series(number int) (metrics []*dto.Metric) {
	for _, p := range v.pages {
		first, _ := slices.BinarySearchFunc(p.chunks, headOf(number)+1, (*chunk).compare)
		for _, c := range p.chunks[first:] {
			if c.key.family() != number {
				break
			}
			metrics = append(metrics, c.metrics...)
		}
	}
	return metrics
}

// agesOf makes ages in a fixed number of allocations, however many they are.
func agesOf(instants []*dto.Metric, now time.Time) []*dto.Metric {
	n := len(instants)
	values, gauges, metrics := make([]float64, n), make([]dto.Gauge, n), make([]dto.Metric, n)
	pointers := make([]*dto.Metric, n)
	for i, m := range instants {
		// Whole milliseconds, because seconds as floats do not subtract exactly. An instant in
		// the future, from a console whose clock is ahead, has age 0.
		values[i] = float64(max(now.UnixMilli()-int64(math.Round(m.GetGauge().GetValue()*1000)), 0)) / 1000
		gauges[i].Value = &values[i]
		metrics[i].Label, metrics[i].Gauge = m.Label, &gauges[i]
		pointers[i] = &metrics[i]
	}
	return pointers
}
