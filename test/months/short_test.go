//go:build !long

package months

import "time"

const (
	long   = false
	settle = 16 * time.Hour // after each event
	calm   = 8 * time.Hour  // in which everything must be well
)
