//go:build long

package poller_test

// The long run takes minutes.
const (
	crashes   = 400
	restarts  = 1000
	seeds     = 250
	nameSeeds = 10
)
