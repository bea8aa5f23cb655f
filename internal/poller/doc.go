// Package poller polls the API in the background and publishes the results.
//
// One loop owns all of its state: the accounts, their polls and what each last found. Polls run in goroutines of
// their own and hand their result back to the loop. The outside sees only what the loop has published, through one
// atomic pointer, so that neither scrapes nor the status page ever wait for it.
//
// The package decides nothing about which polls there are or how long intervals become
// (package schedule), nor whether a call may be spent (package quota), and it does no I/O but
// to read the cache of an account that is new: package store writes in the background.
package poller
