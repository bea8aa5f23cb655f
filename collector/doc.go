// Package collector turns what runZero tells into Prometheus metric families. Each
// collector asks the API once, counts what streams by and keeps nothing between
// polls. It knows no clock but the one it is handed, and no schedule.
package collector
