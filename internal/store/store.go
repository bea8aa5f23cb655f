package store

import (
	"context"
	"net"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
)

// Account identifies whose snapshots and state these are. The fingerprint stands for everything besides the name that
// makes it another account, such as the URL of its console. Each part may be any text.
type Account struct{ Name, Fingerprint string }

// Key identifies a poll, of which a snapshot and a state can be saved. Each part may be any text. Without organization and
// collector, it stands for the account as a whole.
type Key struct {
	Account                 Account
	Organization, Collector string
}

// Snapshot is the result of a successful poll.
type Snapshot struct {
	// Families are gauges, counters and classic histograms without timestamps, as a registry gathers them; a snapshot
	// with any other family is not saved. They are loaded in the order in which they were saved, without what the
	// text format cannot express: exemplars, units, creation times, leading blanks of help texts, empty families.
	Families []*dto.MetricFamily
	Sites    map[string]string    // from the id of each site to its name; nil (unknown) differs from empty (none)
	Missing  map[string]time.Time // when each of the sites that the last response lacked was first missed
	Listed   map[string]int64     // how many rows each list had that the families were made from
	State    any                  // what else the next poll needs: JSON, loaded as json.RawMessage
	Success  time.Time            // when the poll began; loaded in UTC, with nanoseconds
}

// maxSize limits a file, so that a foreign file does not cost its size in memory. It is
// a hundred times the snapshot of a very large account.
const maxSize = 256 << 20

// Store keeps snapshots and states for the next start, or for other replicas. It is safe for concurrent use.
//
// Of the exporters that use one, at most one may write at a time. Its right to do so is a term: see State.
type Store interface {
	// Run does what was handed over, in order, until ctx ends. What is pending then is still done. Nothing is written
	// unless Run is running, and only one may run at a time.
	Run(ctx context.Context) error
	// Close ends the term, so that another store may write. It must be called after Run, or instead of it.
	Close() error

	// State is what this exporter may do. Changed receives a value when that may have changed.
	State() State
	Changed() <-chan struct{}
	// Loaded has the store accept what is saved under a term, after everything was loaded that was there when it began;
	// without a term (0), it says that what was there at this version is served by now. It reports false when the term
	// has ended, or when something could not be read since the last call: then all of it must be loaded again.
	Loaded(term, version int64) bool
	// Permit returns an error when a request must not be sent now, because another exporter may poll.
	Permit() error
	// Recorded waits until what was saved is kept. After an error nothing may be polled that was to be recorded.
	Recorded(ctx context.Context) error

	// Save hands a snapshot over to the writer. It replaces the key's last one.
	//
	// The fingerprint stands for everything besides the key that decides what the samples are, such as the settings. Only
	// its hash is stored. The snapshot must not change afterwards.
	Save(key Key, fingerprint string, snapshot Snapshot)
	// SaveState hands the state of a poll, or of an account as a whole, over to the writer, which encodes it as JSON. It
	// replaces the key's last one, at a cost that does not depend on how many there are. The state must not change afterwards.
	SaveState(key Key, state any)
	// Prune removes the snapshots and states of an account whose keys are not used, such as those of organizations that no
	// longer exist. The state of the account as a whole stays, and what is saved after this call.
	Prune(account Account, used map[Key]bool)

	// LoadSnapshot returns the key's snapshot if one of this fingerprint has been written. A snapshot of another
	// fingerprint stays until it is replaced. What is damaged, of another version or of another key is not found.
	LoadSnapshot(key Key, fingerprint string) (snapshot Snapshot, found bool)
	// States loads the states of an account.
	States(account Account) States
	// Version is that of the key's snapshot as it would be loaded; 0: unknown.
	Version(key Key) int64
	// StateVersion is that of the key's state.
	StateVersion(key Key) int64
}

// States decodes the state of a key of one account into *state, if one has been written. When it returns false, *state may
// have been changed and must not be used.
type States func(key Key, state any) (found bool)

// State is what an exporter may do with what it shares.
type State struct {
	// Term is the right to write; 0: another exporter has it, or none. Each is another number.
	Term int64
	// Shared means that others follow: without the term nothing may be polled.
	Shared bool
	// Held means that nothing may be polled for the time being, because it could not be recorded.
	Held bool
	// Settled means that polling need not wait for the term of a store that is not shared.
	Settled bool
	// Version is that of what can be loaded; each change is another number.
	Version int64
	// Up means that a shared store answered when it was last asked, and Synced is when this exporter last had everything
	// that is in it; zero: never.
	Up     bool
	Synced time.Time
	// Trouble is why the store cannot be used, and Remedy what to do about it; empty when it can.
	Trouble, Remedy string
	// Leader is who has the term, as far as that is known.
	Leader Leader
}

// Leader is the replica that has the term of a shared store.
type Leader struct {
	Name  string // of its host; empty: none is known
	Since time.Time
}

// Options are what a store needs besides its place. Only the Logger is required.
type Options struct {
	Logger   log.Logger
	Now      func() time.Time // decides what is old; nil: time.Now
	Required bool             // an error, and not a wait, when the store cannot be used
	// Dial connects to a server; nil: the ordinary network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}
