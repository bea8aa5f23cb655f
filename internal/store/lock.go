package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-kit/log/level"
	"github.com/gofrs/flock"
)

// lockFile is locked by the store that writes. The kernel unlocks it when its process ends, however that ends.
const lockFile = "lock"

const (
	patience   = 30 * time.Second // how long polling waits for a folder in use: the other exporter may be ending
	firstTries = time.Second      // how often the lock is tried within patience
	laterTries = 30 * time.Second // and after that
)

// ErrInUse is the error of a required folder that is not free.
var ErrInUse = errors.New("is in use by another exporter")

// folderTerm is the term of the exporter that has the lock.
const folderTerm = 1

// State implements Store.
func (s *Folder) State() State {
	state := State{Settled: s.settled.Load()}
	if s.Owned() {
		state.Term = folderTerm
	}
	return state
}

// Changed implements Store.
func (s *Folder) Changed() <-chan struct{} { return s.changed }

// Loaded implements Store. A file that cannot be read is one that is not there.
func (s *Folder) Loaded(int64, int64) bool { return s.Owned() }

// settle has polling wait for the folder no longer.
func (s *Folder) settle() {
	s.settled.Store(true)
	signal(s.changed)
}

// Owned reports whether this store may write.
func (s *Folder) Owned() bool {
	select {
	case <-s.acquired:
		return true
	default:
		return false
	}
}

// Close implements Store.
func (s *Folder) Close() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}

// lockFirst acquires the folder if it is free. Not every file system knows locks: without them, the folder is used as
// if it were free, unless a lock is required.
func (s *Folder) lockFirst() error {
	s.lock = flock.New(s.path(lockFile))
	free, err := s.lock.TryLock()
	switch {
	case err != nil && s.Required:
		return fmt.Errorf("--cache.dir: cannot lock the folder %q (%w): name a folder on a file system that supports locks, or omit --cache.required", s.dir, cause(err))
	case err != nil:
		level.Warn(s.Logger).Log("msg", "cache folder cannot be locked and is used without a lock", "folder", s.dir, "err", cause(err),
			"do", "make sure that no other exporter uses this folder")
	case !free:
		return nil
	}
	close(s.acquired)
	return nil
}

// acquire waits until the folder is free, or until ctx ends.
func (s *Folder) acquire(ctx context.Context) error {
	if s.Owned() || s.lock == nil {
		return nil
	}
	level.Info(s.Logger).Log("msg", "cache folder is in use by another exporter; polling waits for it to end", "folder", s.dir, "timeout", patience)
	for waited, wait := time.Duration(0), firstTries; ; waited += wait {
		if waited == patience {
			if s.Required {
				return fmt.Errorf("--cache.dir: the folder %q %w: give each exporter a folder of its own, or omit --cache.required to run without a cache until it is free", s.dir, ErrInUse)
			}
			level.Warn(s.Logger).Log("msg", "cache folder is in use by another exporter; nothing is cached until it is free", "folder", s.dir,
				"do", "give each exporter a --cache.dir of its own")
			s.inUse.Store(true)
			s.settle()
			wait = laterTries
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if free, err := s.lock.TryLock(); free && err == nil {
			close(s.acquired)
			signal(s.changed)
			break
		}
	}
	level.Info(s.Logger).Log("msg", "cache folder is free and used from now on", "folder", s.dir)
	s.inUse.Store(false)
	// A disk that hangs while the folder is loaded again delays polling no longer than another exporter does.
	time.AfterFunc(patience, s.settle)
	return nil
}
