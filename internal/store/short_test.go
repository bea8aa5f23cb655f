//go:build !long

package store

// How many random schedules the model of replicas goes through by default; the build tag long has many more.
const schedules = 25
