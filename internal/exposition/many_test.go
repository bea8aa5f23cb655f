package exposition

import (
	"fmt"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// manyPolls are of organizations that have so many series together, in all families of the catalogue that polls fill.
func manyPolls(organizations, series int) (health, parts []*Part) {
	jobs := min(max(series/(organizations*40), 1), 10)
	var families []collector.Metric
	for _, m := range collector.Catalogue() {
		if !m.Live && m.Type == dto.MetricType_GAUGE {
			families = append(families, m)
		}
	}
	describe := collector.NewHealthFamilies()
	families = families[:min(max(series/organizations-8*jobs, 2), len(families))]
	each := max((series-organizations*jobs*8)/(organizations*len(families)), 1)
	for i := range organizations {
		name := fmt.Sprint("Organization ", i)
		of := make([][]*dto.MetricFamily, jobs)
		for n, m := range families {
			f := &dto.MetricFamily{Name: &m.Name, Type: &m.Type}
			for s := range max(each*(n%5+3)/5, 1) { // 3/5 to 7/5 of it
				f.Metric = append(f.Metric, &dto.Metric{Label: labelsOf(m, name, s), Gauge: &dto.Gauge{Value: new(float64((s * 7919) % 1000))}})
			}
			of[n%jobs] = append(of[n%jobs], f)
		}
		for job := range jobs {
			health = append(health, NewPart(describe.Of(collector.PollState{Collector: fmt.Sprint("job", job), Organization: name})))
			parts = append(parts, NewPart(valid(of[job])))
		}
	}
	return health, parts
}

func labelsOf(m collector.Metric, organization string, series int) []*dto.LabelPair {
	labels := []*dto.LabelPair{{Name: new("org_name"), Value: &organization}}
	for _, name := range m.Labels {
		if name != "org_name" {
			labels = append(labels, &dto.LabelPair{Name: &name, Value: new(fmt.Sprint(name, " ", series%10))})
		}
	}
	return append(labels, &dto.LabelPair{Name: new("subnet"), Value: new(fmt.Sprint("Subnet ", series))})
}

func manyFamilies(organizations, series int) *View {
	health, parts := manyPolls(organizations, series)
	return NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(start, health, parts)
}
