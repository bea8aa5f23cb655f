package collector

import dto "github.com/prometheus/client_model/go"

// AccountLabel is on every series of an account if the configuration names accounts. It
// sorts before all other labels, which are exposed in alphabetical order.
const AccountLabel = "account_name"

// WithAccount returns copies of the families with account_name added to each series, or
// the families themselves if name is empty. Snapshots are shared, so they are not modified.
func WithAccount(families []*dto.MetricFamily, name string) []*dto.MetricFamily {
	if name == "" {
		return families
	}
	account := labelPair(AccountLabel, name)
	labelled := make([]*dto.MetricFamily, 0, len(families))
	for _, family := range families {
		of := &dto.MetricFamily{Name: family.Name, Help: family.Help, Type: family.Type, Unit: family.Unit}
		for _, m := range family.GetMetric() {
			of.Metric = append(of.Metric, &dto.Metric{
				Label: append([]*dto.LabelPair{account}, m.GetLabel()...),
				Gauge: m.Gauge, Counter: m.Counter, Summary: m.Summary, Untyped: m.Untyped, Histogram: m.Histogram,
				TimestampMs: m.TimestampMs,
			})
		}
		labelled = append(labelled, of)
	}
	return labelled
}
