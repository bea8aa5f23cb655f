//go:build !race

package poller_test

const worlds = 1000
