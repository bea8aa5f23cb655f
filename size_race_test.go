//go:build race

package main

const (
	// The race detector needs not as many organizations as the arithmetic.
	organizationsMany = 40
	// Of few calls, chance alone makes some minutes busy.
	busiestMinute = 4
	// Each kind of fault, but not each fault.
	faultsEvery = 4
)
