// Package exporter wires configuration, quotas, cache, poller and registries together, and reloads them as one.
//
// It knows no flags, no command and no web server: those who embed it hand in a function
// that loads the configuration, the network and the clock. The configuration in force is
// published through one atomic pointer, so that scrapes and pages never wait for a reload.
package exporter
