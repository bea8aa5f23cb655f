//go:build port

package months

import "time"

const (
	// The race detector needs not as many organizations as the arithmetic.
	organizationsMany = 40
	// Of few calls, chance alone makes some minutes busy.
	busiestMinute = 4
	// Each kind of fault, but not each fault.
	faultsEvery = 12
	// Nor as many polls.
	calm, settle   = 16 * time.Hour, 32 * time.Hour
	monthsInterval = 8 * time.Hour
)
