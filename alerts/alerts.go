// Package alerts has the alert rules for Prometheus, as the command rules prints them. Its tests hold the rules to
// conventions, each alert to a test, and the PrometheusRule of the examples to the rules. promtool checks and tests the
// rules themselves; test/shipped checks the names in them.
package alerts

import _ "embed"

// RulesFile is the name of the file with the rules.
const RulesFile = "runzero.rules.yml"

//go:embed runzero.rules.yml
var rules string

// Rules returns the text of the rules file.
func Rules() string { return rules }
