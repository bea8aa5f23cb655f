package config

import (
	"fmt"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Fingerprint identifies what everything cached for an account depends on: results of another console are not reused.
// It holds no secrets, and nothing that decides only what is polled, and when.
func (c *Config) Fingerprint(a Account) string { return fmt.Sprintf("url=%q", a.URL) }

// fingerprint identifies the settings that shape a collector's samples.
func fingerprint(name string, s collector.Settings) string {
	text := catalogue(name, len(s.AssetTags) > 0)
	switch name {
	case "assets":
		text += fmt.Sprintf(" labels=%q top=%d search=%q", s.AssetLabels, s.AssetTop, s.AssetSearch)
		if len(s.AssetTags) > 0 {
			text += fmt.Sprintf(" tags=%q", s.AssetTags)
		}
	case "findings", "wireless", "directory", "services", "software":
		text += fmt.Sprintf(" top=%d", s.AssetTop)
	case "tasks":
		text += fmt.Sprintf(" scan-max-age=%s by-site=%#v", s.ScanMaxAge, s.ScanMaxAges)
	}
	return text
}

func queryFingerprint(q collector.Query) string {
	return catalogue("queries", false) + fmt.Sprintf(" of=%q search=%q", q.Of, q.Search)
}

func discoveryFingerprint(d collector.Discovery, s collector.Settings) string {
	return catalogue("discovery", false) + fmt.Sprintf(" of=%q search=%q port=%d max-targets=%d top=%d", d.Of, d.Search, d.Port, d.MaxTargets, s.AssetTop)
}

// catalogue is a collector's part of the catalogue: names and help texts are cached with the values. The families of
// tags are part of it only with tags: an upgrade from a version without them must not poll everything again.
func catalogue(name string, tags bool) string {
	var cached []collector.Metric
	for _, m := range collector.Catalogue() {
		if m.Name == collector.OrganizationInfo {
			m.Configured = "" // labels that are added to what is cached
		}
		if !m.Live && slices.Contains(m.Collectors, name) && (tags || !slices.Contains(collector.TagFamilies(), m.Name)) {
			cached = append(cached, m)
		}
	}
	return fmt.Sprintf("catalogue=%v", cached)
}
