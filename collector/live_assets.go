package collector

import dto "github.com/prometheus/client_model/go"

// LiveAssets is how many live assets a collector's families count, 0 when they do not say.
func LiveAssets(families []*dto.MetricFamily) int64 {
	live := 0.0
	for _, family := range families {
		label, value := "state", "live"
		switch family.GetName() {
		case "runzero_organization_assets", "runzero_site_assets":
		case "runzero_assets":
			label, value = "alive", "true"
		default:
			continue
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == label && l.GetValue() == value {
					live += m.GetGauge().GetValue()
				}
			}
		}
	}
	return int64(live)
}
