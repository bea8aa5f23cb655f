package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/gofrs/flock"
	dto "github.com/prometheus/client_model/go"
)

// Account identifies whose snapshots and state these are. The fingerprint stands for everything besides the name that
// makes it another account, such as the URL of its console. Each part may be any text.
type Account struct{ Name, Fingerprint string }

// Key identifies a snapshot. Each part may be any text.
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

// Options are what a Store needs besides its folder. Only the Logger is required.
type Options struct {
	Logger   log.Logger
	Now      func() time.Time // decides which files are old; nil: time.Now
	Required bool             // an error, and not a wait, when the folder is in use for too long
}

// Store is a folder of snapshots and states. It is safe for concurrent use. Of the stores on one folder, in whatever
// process, one writes; see Acquired.
type Store struct {
	Options
	dir      string
	lock     *flock.Flock // nil: read-only
	acquired chan struct{}
	settled  chan struct{}
	settle   func()
	limit    int64 // of a file, in bytes

	failing atomic.Bool
	inUse   atomic.Bool // for so long that nobody waits for it any more

	// The writer's own; see Run.
	replace  WriteFile
	failed   map[string]task // what could not be done when last tried, by file
	reported map[string]bool // files that could not be set aside: logged once

	wake chan struct{} // signals that the queue has grown

	mu      sync.Mutex // held for a few instructions, never during file access
	queue   []task
	used    map[string]bool   // folders of accounts that were loaded or saved
	flat    map[string]string // from files to those of the first version that they replace
	busy    bool              // whether the writer is at a task that it took from the queue
	flushes []chan struct{}   // closed when there is nothing left to do
}

// Open opens a folder, creates it if it does not exist, and locks it unless it is in use.
func Open(dir string, o Options) (*Store, error) {
	s := newStore(dir, o)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = s.probe()
	}
	if err != nil {
		return nil, fmt.Errorf("--cache.dir: cannot write to the folder %q (%w): name a folder that the exporter's user can write to, or omit the flag to run without a cache", dir, cause(err))
	}
	if err := s.lockFirst(); err != nil {
		return nil, err
	}
	return s, nil
}

// OpenReadOnly opens an existing folder, which may be in use by another process. The
// store never changes it: what is saved or pruned is ignored, and no file is set aside.
func OpenReadOnly(dir string, o Options) (*Store, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("--cache.dir: cannot read the folder %q: %w", dir, cause(err))
	}
	return newStore(dir, o), nil
}

func newStore(dir string, o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{
		Options: o, dir: dir, acquired: make(chan struct{}), settled: make(chan struct{}), limit: maxSize,
		failed: map[string]task{}, reported: map[string]bool{}, used: map[string]bool{}, flat: map[string]string{}, wake: make(chan struct{}, 1),
	}
	s.settle = sync.OnceFunc(func() { close(s.settled) })
	s.replace = s.replaceFile
	return s
}

// cause strips the path from an error of package os, for messages that name it already.
func cause(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Save hands a snapshot over to the writer. It replaces the key's last one.
//
// The fingerprint stands for everything besides the key that decides what the samples are, such as the settings. Only
// its hash is stored. The snapshot must not change afterwards.
func (s *Store) Save(key Key, fingerprint string, snapshot Snapshot) {
	s.write(key.Account, key.file(), &key, func() ([]byte, error) { return encodeSnapshot(key, fingerprint, snapshot) })
}

// SaveState hands the state of an account over to the writer, which encodes it as JSON.
// It replaces the account's last one. The state must not change afterwards.
func (s *Store) SaveState(account Account, state any) {
	s.write(account, account.stateFile(), nil, func() ([]byte, error) { return encodeState(account, state) })
}

// LoadSnapshot returns the key's snapshot if one of this fingerprint has been written. A snapshot of another
// fingerprint stays until it is replaced. A file that is torn, edited, of another version or of another key is set
// aside: the writer renames it to end in .bad.
func (s *Store) LoadSnapshot(key Key, fingerprint string) (snapshot Snapshot, found bool) {
	file, old := s.find(key.Account, key.file(), key.flatFile())
	found = s.load(file, func(data []byte) (err error) {
		snapshot, err = decodeSnapshot(data, file, fingerprint)
		return err
	})
	if found && old {
		s.replaces(key.file(), file)
		s.Save(key, fingerprint, snapshot)
	}
	return snapshot, found
}

// Load decodes the state of an account into *state if one has been written. It treats files as LoadSnapshot does.
// When it returns false, *state may have been changed and must not be used.
func (s *Store) Load(account Account, state any) (found bool) {
	file, old := s.find(account, account.stateFile(), account.flatFile())
	var text json.RawMessage
	found = s.load(file, func(data []byte) (err error) {
		text, err = decodeState(data, file, account.Fingerprint, state)
		return err
	})
	if found && old {
		s.replaces(account.stateFile(), file)
		s.SaveState(account, text)
	}
	return found
}

func (s *Store) load(name string, decode func([]byte) error) bool {
	data, info, err := s.read(name)
	if err == nil {
		err = decode(data)
	}
	switch system := (*os.PathError)(nil); {
	case err == nil:
		return true
	case errors.Is(err, os.ErrNotExist):
	case errors.Is(err, errFingerprint):
		level.Info(s.Logger).Log("msg", "cached file ignored: it was written with other settings", "file", s.path(name))
	case errors.As(err, &system):
		// The cause may be temporary and is not the file's content: it stays.
		level.Warn(s.Logger).Log("msg", "cached file cannot be read", "file", s.path(name), "err", system.Err)
	case !s.Owned():
		level.Warn(s.Logger).Log("msg", "cached file ignored", "file", s.path(name), "reason", err)
	default:
		s.enqueue(task{run: func() { s.setAside(name, info, err) }})
	}
	return false
}
