package collector

import dto "github.com/prometheus/client_model/go"

// AccountLabel tells whose a series is where a configuration names accounts. It comes
// before every other label in the alphabet, which is the order labels are exposed in.
const AccountLabel = "account_name"

// WithAccount returns the families with account_name on each of their series, and
// the families themselves where name is empty. They are not changed: snapshots are
// shared.
func WithAccount(families []*dto.MetricFamily, name string) []*dto.MetricFamily {
	if name == "" {
		return families
	}
	account := pair(AccountLabel, name)
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
