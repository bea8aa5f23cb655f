package config

import (
	"fmt"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Fingerprint is what shapes all that is kept on disk of an account: what was kept of another
// console is not its. Secrets are no part of it, nor what only decides what is asked,
// and when.
func (c *Config) Fingerprint(a Account) string { return fmt.Sprintf("url=%q", a.URL) }

// shape is what of the settings shapes the samples of a collector.
func shape(name string, s collector.Settings) string {
	text := families(name)
	switch name {
	case "assets":
		text += fmt.Sprintf(" labels=%q top=%d search=%q", s.AssetLabels, s.AssetTop, s.AssetSearch)
	case "findings", "wireless", "directory", "services", "software":
		text += fmt.Sprintf(" top=%d", s.AssetTop)
	case "tasks":
		text += fmt.Sprintf(" scan-max-age=%s by-site=%#v", s.ScanMaxAge, s.ScanMaxAges)
	}
	return text
}

func queryShape(q collector.Query) string {
	return families("queries") + fmt.Sprintf(" of=%q search=%q", q.Of, q.Search)
}

// families are a collector's entries of the catalogue: names and help texts are kept
// with the values.
func families(name string) string {
	var kept []collector.Metric
	for _, m := range collector.Catalogue() {
		if !m.Live && slices.Contains(m.Collectors, name) {
			kept = append(kept, m)
		}
	}
	return fmt.Sprintf("catalogue=%v", kept)
}
