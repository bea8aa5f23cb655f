// Package schedule answers what is polled and when, for every command alike: which polls a configuration needs, for
// which organizations, when each is due, and by how much intervals are stretched when the quota is short.
//
// It is pure: it has no clock, no I/O and no state of its own. It knows nothing of how a
// poll is made or where its result goes.
package schedule
