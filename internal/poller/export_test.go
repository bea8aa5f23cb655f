package poller

import dto "github.com/prometheus/client_model/go"

// Gather implements prometheus.Gatherer for tests, which look at what is published without a whole exporter.
func (p *Poller) Gather() ([]*dto.MetricFamily, error) {
	return p.published.Load().view.Gather(p.config.Now()), nil
}
