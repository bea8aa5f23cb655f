//go:build long

package poller_test

// The long run takes minutes.
const (
	crashes   = 400
	seeds     = 300
	nameSeeds = 10
)
