package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Key says whose answer a snapshot is. Each part may hold any text.
type Key struct{ Account, Organization, Collector string }

// Entry is a kept answer.
type Entry struct {
	// Families are gauges, counters and classic histograms without timestamps. They
	// come back in the order they were given in, as a scrape in text would show them:
	// without exemplars, units, creation times, blanks before a help text, families that
	// have no series, and the +Inf bucket, which the count of a histogram says already.
	// Any other family is an error of Save.
	Families []*dto.MetricFamily
	// Sites is each site's name by its id. None known (nil) and no sites (empty) are
	// told apart.
	Sites map[string]string
	// Success is when the poll that found this began. It comes back in UTC, to the
	// nanosecond.
	Success time.Time
}

// maxSize is how large a file may get: a larger one cannot be ours, and must not cost
// the memory to find out. It is a hundred times a very large account's snapshot.
const maxSize = 256 << 20

// Store is a folder of answers and ledgers. It is safe for concurrent use; a folder is
// for one process.
type Store struct {
	dir   string
	log   func(keyvals ...any)
	limit int64 // of a file, in bytes

	// mu keeps a file that was just saved from being set aside for what was found in
	// its predecessor.
	mu   sync.Mutex
	said map[string]bool // files that could not be set aside, which need saying once
}

// Open opens a folder, and makes it if it is missing. Files of a process that was
// killed while it wrote are removed.
//
// log is told what a user should know, as key values of which the first is "level",
// either "warn" or "info".
func Open(dir string, log func(keyvals ...any)) (*Store, error) {
	s := &Store{dir: dir, log: log, limit: maxSize, said: map[string]bool{}}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = s.probe()
	}
	if err != nil {
		return nil, fmt.Errorf("--cache.dir: the folder %q cannot be written (%w): name one that the exporter's user may write to, or leave the flag out to keep nothing", dir, cause(err))
	}
	s.removeTemporary()
	return s, nil
}

// cause is an error of package os without the path, which the message names already.
func cause(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Save keeps an answer in place of the key's last one. Shape is a text of everything
// besides the key that shapes the samples: URL, settings. Only its hash is kept.
func (s *Store) Save(key Key, shape string, e Entry) error {
	data, err := encode(key, shape, e)
	if err == nil {
		err = s.replace(key.file(), data)
	}
	if err != nil {
		return fmt.Errorf("keep what %q found: %w", key.Collector, err)
	}
	return nil
}

// Load returns the key's answer if there is one of this shape. A file that is torn,
// edited, of another version or of another key is set aside: renamed to end in .bad,
// in place of any older such file. One of another shape stays until the next Save
// replaces it.
func (s *Store) Load(key Key, shape string) (Entry, bool) {
	return load(s, key.file(), func(data []byte) (Entry, error) { return decode(data, key, shape) })
}

// SaveState keeps an account's ledger, whose bytes are the caller's own, in place of
// the last one.
func (s *Store) SaveState(account, shape string, data []byte) error {
	var file bytes.Buffer
	file.WriteString(stateTitle)
	comment(&file, "account", quote(account))
	comment(&file, "shape", hash(shape))
	file.Write(data)
	file.WriteByte('\n') // the checksum begins a line, whatever the caller's bytes end with
	if err := s.replace(stateFile(account), seal(file.Bytes())); err != nil {
		return fmt.Errorf("keep the state of account %q: %w", account, err)
	}
	return nil
}

// LoadState returns an account's ledger under the conditions of Load.
func (s *Store) LoadState(account, shape string) ([]byte, bool) {
	return load(s, stateFile(account), func(data []byte) ([]byte, error) {
		found, r, err := decodeState(data)
		if err == nil && found != account {
			err = errOtherKey
		}
		if err == nil {
			err = r.shape(shape)
		}
		if err != nil {
			return nil, err
		}
		return r.state(), nil
	})
}

// load reads a file and makes something of it, or sees to it that it is out of the way.
func load[T any](s *Store, name string, decode func([]byte) (T, error)) (T, bool) {
	var none T
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := s.read(name)
	if err == nil {
		var found T
		if found, err = decode(data); err == nil {
			return found, true
		}
	}
	switch system := (*os.PathError)(nil); {
	case errors.Is(err, os.ErrNotExist):
	case errors.Is(err, errOtherShape):
		s.log("level", "info", "msg", "a kept file is not used: it was written with other settings", "file", s.path(name))
	case errors.As(err, &system):
		// This may pass, and says nothing about the file: it stays.
		s.log("level", "warn", "msg", "a kept file cannot be read", "file", s.path(name), "err", system.Err)
	default:
		s.setAside(name, err)
	}
	return none, false
}

// Forget removes the snapshots of keys that are not kept, such as those of
// organizations that are gone. Files that it does not know stay.
func (s *Store) Forget(keep func(Key) bool) error {
	return s.forget(snapshotPrefix, func(name string) bool {
		// A file that bears another key's name was not put there by Save.
		key, ok := s.readKey(name)
		return !ok || key.file() != name || keep(key)
	})
}

// ForgetStates removes the ledgers of accounts that are not kept, of whatever shape. keep
// is handed what SaveState was. Files that it does not know stay.
func (s *Store) ForgetStates(keep func(account string, data []byte) bool) error {
	return s.forget(statePrefix, func(name string) bool {
		data, err := s.read(name)
		if err != nil {
			return true
		}
		account, r, err := decodeState(data)
		if err != nil || stateFile(account) != name {
			return true
		}
		r.field("shape")
		return r.err != nil || keep(account, r.state())
	})
}

// forget removes the files of this prefix that are not kept.
func (s *Store) forget(prefix string, keep func(name string) bool) error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("look for what to forget: %w", err)
	}
	var failures []error
	for _, file := range files {
		name := file.Name()
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, suffix) || !file.Type().IsRegular() || keep(name) {
			continue
		}
		if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failures = append(failures, fmt.Errorf("forget what is no longer wanted: %w", err))
		}
	}
	return errors.Join(failures...)
}
