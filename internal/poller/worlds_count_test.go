//go:build port

package poller_test

// A quarter of what CI runs, for whoever waits for it.
const worlds = 250
