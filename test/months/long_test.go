//go:build long

package months

import "time"

const (
	long   = true
	settle = 36 * time.Hour // after each event
	calm   = 50 * time.Hour // in which everything must be well
)
