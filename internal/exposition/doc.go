// Package exposition merges the metric families of many polls into the one exposition that scrapes are answered from,
// and keeps it encoded and compressed.
//
// A View is one publication. It never changes, so that a scrape shows exactly one publication and waits for no poll. It
// consists of pages of series, which one view shares with the next as far as they are the same. A page is encoded when a
// scrape first requests it in some form, which is a format (text, OpenMetrics, delimited protobuf) in an encoding
// (identity, gzip, zstd). So publishing and scraping cost what has changed, and not what exists.
//
// In memory, a series takes about 5 to 10 bytes for each format that is requested with gzip, as Prometheus does, and 120
// for each that is requested without compression; merging, about 100 bytes for each poll and family. What zstd needs to
// compress is 4 MB, from the first request on. A form that nobody has requested for 15 minutes is released at the next
// publication.
//
// The package knows the catalogue of metrics, and neither how the families came about nor who requests them.
package exposition
