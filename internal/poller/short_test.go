//go:build !long

package poller_test

// How often the random tests are repeated by default; the build tag long has many more.
const (
	crashes   = 40
	restarts  = 60
	seeds     = 3
	nameSeeds = 1
)
