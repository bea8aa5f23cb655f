// Package alerts has the alert rules for Prometheus, as the command rules prints them. Its tests hold the rules to
// conventions, each alert to a test, and the PrometheusRule of the examples to the rules. promtool checks and tests the
// rules themselves; test/shipped checks the names in them.
package alerts

import _ "embed"

// Names of the rules files: of the alerts for everybody, and of those for collectors that are off by default.
const (
	RulesFile         = "runzero.rules.yml"
	OptionalRulesFile = "runzero-optional.rules.yml"
)

//go:embed runzero.rules.yml
var rules string

//go:embed runzero-optional.rules.yml
var optional string

// Rules returns the text of RulesFile.
func Rules() string { return rules }

// OptionalRules returns the text of OptionalRulesFile.
func OptionalRules() string { return optional }
