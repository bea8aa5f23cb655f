// Package exposition merges the metric families of many polls into the one exposition that scrapes are answered from.
//
// It is pure: a View is made once per publication and never changed, so that a scrape takes
// no lock and waits for nothing. The package knows the catalogue of metrics, and neither how
// the families came about nor how they are served.
package exposition
