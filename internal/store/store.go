package store

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	dto "github.com/prometheus/client_model/go"
)

// Key identifies a snapshot. Each part may be any text.
type Key struct{ Account, Organization, Collector string }

// Snapshot is the result of a successful poll.
type Snapshot struct {
	// Families are gauges, counters and classic histograms without timestamps, as a registry gathers them; a snapshot
	// with any other family is not saved. They are loaded in the order in which they were saved, without what the
	// text format cannot express: exemplars, units, creation times, leading blanks of help texts, empty families.
	Families []*dto.MetricFamily
	Sites    map[string]string    // from the id of each site to its name; nil (unknown) differs from empty (none)
	Missing  map[string]time.Time // when each of the sites that the last response lacked was first missed
	Listed   map[string]int64     // how many rows each list had that the families were made from
	Success  time.Time            // when the poll began; loaded in UTC, with nanoseconds
}

// maxSize limits a file, so that a foreign file does not cost its size in memory. It is
// a hundred times the snapshot of a very large account.
const maxSize = 256 << 20

// Store is a folder of snapshots and states. It is safe for concurrent use by one
// process; two processes must not write to the same folder.
type Store struct {
	dir      string
	logger   log.Logger
	readOnly bool
	limit    int64 // of a file, in bytes

	failing atomic.Bool

	// The writer's own; see Run.
	replace  WriteFile
	failed   map[string]Key  // what could not be written when last tried, by file
	reported map[string]bool // files that could not be set aside: logged once

	wake chan struct{} // signals that the queue has grown

	mu      sync.Mutex // held for a few instructions, never during file access
	queue   []task
	busy    bool            // whether the writer is at a task that it took from the queue
	flushes []chan struct{} // closed when there is nothing left to do
}

// Open opens a folder and creates it if it does not exist. It removes the temporary
// files of a process that was killed while writing.
func Open(dir string, logger log.Logger) (*Store, error) {
	s := newStore(dir, logger)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = s.probe()
	}
	if err != nil {
		return nil, fmt.Errorf("--cache.dir: cannot write to the folder %q (%w): name a folder that the exporter's user can write to, or omit the flag to run without a cache", dir, cause(err))
	}
	s.removeTemporary()
	return s, nil
}

// OpenReadOnly opens an existing folder, which may be in use by another process. The
// store never changes it: what is saved or pruned is ignored, and no file is set aside.
func OpenReadOnly(dir string, logger log.Logger) (*Store, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("--cache.dir: cannot read the folder %q: %w", dir, cause(err))
	}
	s := newStore(dir, logger)
	s.readOnly = true
	return s, nil
}

func newStore(dir string, logger log.Logger) *Store {
	s := &Store{
		dir: dir, logger: logger, limit: maxSize,
		failed: map[string]Key{}, reported: map[string]bool{}, wake: make(chan struct{}, 1),
	}
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
// The fingerprint stands for everything besides the key that decides what the samples are, such as the URL and the
// settings. Only its hash is stored. The snapshot must not change afterwards.
func (s *Store) Save(key Key, fingerprint string, snapshot Snapshot) {
	s.write(key.file(), key, func() ([]byte, error) { return encodeSnapshot(key, fingerprint, snapshot) })
}

// SaveState hands the state of an account over to the writer, which encodes it as JSON.
// It replaces the account's last one. The state must not change afterwards.
func (s *Store) SaveState(account, fingerprint string, state any) {
	s.write(stateFile(account), Key{Account: account}, func() ([]byte, error) { return encodeState(account, fingerprint, state) })
}

// LoadSnapshot returns the key's snapshot if one of this fingerprint has been written. A snapshot of another
// fingerprint stays until it is replaced. A file that is torn, edited, of another version or of another key is set
// aside: the writer renames it to end in .bad.
func (s *Store) LoadSnapshot(key Key, fingerprint string) (snapshot Snapshot, found bool) {
	found = s.load(key.file(), func(data []byte) (err error) {
		snapshot, err = decodeSnapshot(data, key, fingerprint)
		return err
	})
	return snapshot, found
}

// Load decodes the state of an account into *state if one of this fingerprint has been written. It treats files as
// LoadSnapshot does. When it returns false, *state may have been changed and must not be used.
func (s *Store) Load(account, fingerprint string, state any) (found bool) {
	return s.load(stateFile(account), func(data []byte) error {
		return decodeState(data, account, fingerprint, state)
	})
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
		level.Info(s.logger).Log("msg", "cached file ignored: it was written with other settings", "file", s.path(name))
	case errors.As(err, &system):
		// The cause may be temporary and is not the file's content: it stays.
		level.Warn(s.logger).Log("msg", "cached file cannot be read", "file", s.path(name), "err", system.Err)
	case s.readOnly:
		level.Warn(s.logger).Log("msg", "cached file ignored", "file", s.path(name), "reason", err)
	default:
		s.enqueue(task{run: func() { s.setAside(name, info, err) }})
	}
	return false
}
