package poller

import (
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// view is what scrapes are answered from: all jobs' families, merged, and ready to be
// written. It is replaced, never changed.
type view struct {
	families []*dto.MetricFamily
	ages     []age
}

// age is a family whose values are how long ago those of another are.
type age struct {
	at   int // where it stands in families
	of   *dto.MetricFamily
	name string
}

// gather returns the families as of now. It makes the values of ages and copies
// nothing else.
func (v *view) gather(now time.Time) []*dto.MetricFamily {
	families := slices.Clone(v.families)
	for _, a := range v.ages {
		families[a.at] = a.family(v.families[a.at], now)
	}
	return families
}

// family makes an age family in a fixed number of allocations, however many series.
func (a age) family(template *dto.MetricFamily, now time.Time) *dto.MetricFamily {
	n := len(a.of.Metric)
	values, gauges, metrics := make([]float64, n), make([]dto.Gauge, n), make([]dto.Metric, n)
	pointers := make([]*dto.Metric, n)
	for i, m := range a.of.Metric {
		// In whole milliseconds, which seconds as floats cannot be subtracted in; and what
		// a console whose clock is ahead says is yet to come is of now.
		values[i] = float64(max(now.UnixMilli()-int64(math.Round(m.GetGauge().GetValue()*1000)), 0)) / 1000
		gauges[i].Value = &values[i]
		metrics[i].Label, metrics[i].Gauge = m.Label, &gauges[i]
		pointers[i] = &metrics[i]
	}
	return &dto.MetricFamily{Name: template.Name, Help: template.Help, Type: template.Type, Metric: pointers}
}
