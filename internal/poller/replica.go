package poller

import "time"

// Replica is this exporter as one of several that share a store, of which one leads: it alone polls.
type Replica struct {
	Leads bool
	// Leader is the name of the host of the one that leads, this one or another; empty while none is known to.
	Leader string
	Since  time.Time // when it began to lead; zero: unknown
	// StoreUp means that the last access to the store succeeded. While it fails, nothing is polled.
	StoreUp bool
	// Error is why the store cannot be used, and Advice what to do about it; empty when it can.
	Error, Advice string
	Synced        time.Time // when this replica last had everything that is in the store; zero: never
}
