// Package poller owns time: it runs collectors when they are due, keeps the last good
// answer of each, and publishes them for scrapes, which cause no call.
package poller
