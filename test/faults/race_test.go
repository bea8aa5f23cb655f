//go:build race

package faults

// Under the race detector, which makes this suite ten times slower, one way to a console and one command for each fault
// are enough, without gigabytes of data: the code that goroutines share is the same.
const (
	ways       = 1
	everyThird = true
	bulk       = false
)
