// Package shipped reads what is shipped beside the program, and needs neither Prometheus
// nor Grafana for it: dashboards, alert rules and their tests, runbooks and examples. It
// holds them to the catalogue of metrics, to the program's flags, and to each other.
//
// Prometheus and Grafana say nothing of a name that does not exist: the panel stays
// empty and the alert silent. So every function here returns its findings as sentences,
// none when all is well, and the tests run them over the repository's files.
//
// It is a module of its own, so that what it reads PromQL with, which is Prometheus
// itself, is no requirement of the exporter. Go does not see when files beside a module
// change: run its tests with -count=1.
package shipped
