package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
)

// Prune makes the writer remove the snapshots whose key is not to be kept, such as those
// of organizations that no longer exist. Snapshots saved after this call stay, and so do
// files that the store did not write. The writer calls keep, on its own goroutine.
func (s *Store) Prune(keep func(Key) bool) {
	s.enqueue(task{run: func() {
		s.prune(snapshotPrefix, keep, func(name string) bool {
			key, ok := s.readKey(name)
			return !ok || key.file() != name || keep(key)
		})
	}})
}

// PruneStates does with states, of any fingerprint, what Prune does with snapshots. The
// state is handed to keep in JSON; it is nil if none could be written so far.
func (s *Store) PruneStates(keep func(account string, state []byte) bool) {
	s.enqueue(task{run: func() {
		s.prune(statePrefix, func(key Key) bool { return keep(key.Account, nil) }, func(name string) bool {
			account, state, err := s.readState(name)
			return err != nil || stateFile(account) != name || keep(account, state)
		})
	}})
}

// prune removes the files of a prefix that are not to be kept, and forgets the failures
// of those that could never be written.
func (s *Store) prune(prefix string, keepKey func(Key) bool, keepFile func(name string) bool) {
	err := s.removeFiles(prefix, keepFile)
	maps.DeleteFunc(s.failed, func(file string, key Key) bool { return strings.HasPrefix(file, prefix) && !keepKey(key) })
	s.record(prefix, Key{}, err)
}

func (s *Store) removeFiles(prefix string, keep func(name string) bool) error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("list cached files: %w", err)
	}
	var failures []error
	for _, file := range files {
		name := file.Name()
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, suffix) || !file.Type().IsRegular() || keep(name) {
			continue
		}
		if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failures = append(failures, fmt.Errorf("remove a cached file: %w", err))
		}
	}
	return errors.Join(failures...)
}
