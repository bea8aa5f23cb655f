//go:build !race

package main

const (
	// How many organizations a large account has in tests.
	organizationsMany = 300
	// How many times the calls of the mean minute the busiest may have.
	busiestMinute = 2.5
	// Every fault of the table.
	faultsEvery = 1
)
