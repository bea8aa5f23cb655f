//go:build race

package faults

// Under the race detector, which makes this suite ten times slower, one way to a console is enough: the code that
// goroutines share is the same.
const ways = 1
