//go:build long

package store

// The long run takes more than half a minute of two cores.
const schedules = 2000
