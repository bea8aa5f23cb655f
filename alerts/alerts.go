// Package alerts has the alert rules for Prometheus, as the command rules prints them. Its tests hold the rules to
// conventions, each alert to a test, and the PrometheusRule of the examples to the rules. promtool checks and tests the
// rules themselves; test/shipped checks the names in them.
package alerts

import _ "embed"

// Names of the rules files: of the alerts for everybody, of those for collectors that are off by default, and of those
// for service discovery.
const (
	RulesFile          = "runzero.rules.yml"
	OptionalRulesFile  = "runzero-optional.rules.yml"
	DiscoveryRulesFile = "runzero.discovery.rules.yml"
)

//go:embed runzero.rules.yml
var rules string

//go:embed runzero-optional.rules.yml
var optional string

//go:embed runzero.discovery.rules.yml
var discovery string

// File is a rules file.
type File struct{ Name, Text string }

// Files returns all rules files.
func Files() []File {
	return []File{{RulesFile, rules}, {OptionalRulesFile, optional}, {DiscoveryRulesFile, discovery}}
}
