//go:build port

package poller_test

// The race detector needs not as many worlds as the arithmetic.
const worlds = 60
