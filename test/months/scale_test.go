//go:build port

package months

import "time"

const (
	// How many organizations a large account has in tests.
	organizationsMany = 300
	// How many times the calls of the mean minute the busiest may have.
	busiestMinute = 2.5
	// Every fault of the table.
	faultsEvery = 1
	// Of the months that an exporter lives, the time after each change in which all must be
	// well, and that before, in which it may still settle.
	calm, settle = 50 * time.Hour, 36 * time.Hour
	// How often anything is asked in these months.
	monthsInterval = 6 * time.Hour
)
