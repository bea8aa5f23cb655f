// Package changes runs an exporter on an account of many organizations in which scans run at all times, people rename,
// hide, remove and delete tasks, the console goes down and the exporter is restarted or killed. What it knows from the
// account-wide list of changed tasks must be what complete exports would say, with few calls and soon.
//
// By default a dozen organizations live for a day; with the build tag long, 300 live for two, and for a week with
// -days=7.
package changes
