//go:build race

package recovery

// Under the race detector, which makes this suite ten times slower, every third fault is enough: the code that goroutines
// share is the same.
const step = 3
