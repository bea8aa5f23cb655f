// Package months runs an exporter of three accounts for months of simulated time, in which licences, organizations,
// names, tokens, accounts and collectors change, consoles go down and the exporter is restarted. It must never spend
// more than its share, export data that is young enough, and keep nothing of what is gone.
//
// By default a few days pass; with the build tag long, all the months.
package months
