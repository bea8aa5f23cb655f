package exposition

import (
	"cmp"
	"iter"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// catalogue is what is known of all families, by their numbers: the alphabetical order of their names.
type catalogue struct {
	families []definition
	numbers  map[string]int
	ages     []age
}

// definition is what the catalogue says of a family.
type definition struct {
	name, help string
	typ        dto.MetricType
	live       bool
	head       []*dto.Metric // stands for the header
}

// age is a family of ages that are derived from another family's instants.
type age struct{ number, instants int }

func newCatalogue(metrics []collector.Metric, ageOf map[string]string) *catalogue {
	c := &catalogue{numbers: map[string]int{}}
	for _, m := range metrics {
		// expfmt writes no header without a series.
		series := &dto.Metric{Gauge: &dto.Gauge{}, Counter: &dto.Counter{}, Histogram: &dto.Histogram{}, Summary: &dto.Summary{}, Untyped: &dto.Untyped{}}
		c.families = append(c.families, definition{name: m.Name, help: m.HELP(), typ: m.Type, live: m.Live, head: []*dto.Metric{series}})
	}
	slices.SortFunc(c.families, func(a, b definition) int { return cmp.Compare(a.name, b.name) })
	for i, d := range c.families {
		c.numbers[d.name] = i
	}
	for instants, name := range ageOf {
		c.ages = append(c.ages, age{number: c.numbers[name], instants: c.numbers[instants]})
	}
	slices.SortFunc(c.ages, func(a, b age) int { return cmp.Compare(a.number, b.number) })
	return c
}

// exposed yields the families of a part that are exposed: their numbers, and their indexes in the part. Families that
// no poll can have produced are left out. p may be nil.
func (c *catalogue) exposed(p *Part, trusted bool) iter.Seq2[int, int] {
	return func(yield func(number, i int) bool) {
		if p == nil {
			return
		}
		for i, f := range p.families {
			number, known := c.numbers[f.GetName()]
			if d := &c.families[number]; !known || len(f.Metric) == 0 || !trusted && (d.live || d.typ != f.GetType()) {
				continue
			}
			if !yield(number, i) {
				return
			}
		}
	}
}

// family makes a family of the exposition.
func (c *catalogue) family(number int, metrics []*dto.Metric) *dto.MetricFamily {
	d := &c.families[number]
	return &dto.MetricFamily{Name: &d.name, Help: &d.help, Type: &d.typ, Metric: metrics}
}
