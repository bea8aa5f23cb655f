// Package collector turns responses of the runZero API into Prometheus metric families.
//
// A collector covers one topic. Its poll sends one or a few requests, counts the records
// while they arrive, and returns a snapshot; it keeps nothing between polls. The catalogue
// describes every metric family that the exporter defines, including those about polls,
// quota, cache and configuration, which this package builds from state it is handed.
//
// The package knows the API client, label values and metrics. It must not know schedules,
// quotas, files or flags. The time of a poll is handed in.
package collector
