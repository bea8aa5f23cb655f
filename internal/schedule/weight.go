package schedule

import "github.com/runzero-exporter/runzero_exporter/collector"

// discoveryWeight is that of what changes least: lists of organizations, versions of the console.
const discoveryWeight = 8

// UnchangedWeight is how much longer than after a change the interval may become of what is known not to have changed.
const UnchangedWeight = 24

// DefaultWeight is the weight of a collector for which none is configured: the more a stale result of it matters, the
// smaller.
func DefaultWeight(s collector.Spec) float64 {
	switch s.Name {
	case "tasks", "assets":
		return 1
	case "explorers":
		return 2
	case "organizations", "console", "api_keys":
		return discoveryWeight
	}
	return 4
}
