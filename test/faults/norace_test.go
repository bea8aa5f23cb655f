//go:build !race

package faults

const (
	ways       = 2
	everyThird = false // of the commands
	bulk       = true
)
