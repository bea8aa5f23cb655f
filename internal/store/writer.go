package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-kit/log/level"
)

// task is something that the writer does to the folder.
type task struct {
	file string // that it replaces; empty when it is not a save
	key  *Key   // nil unless it saves a snapshot
	run  func()
}

const (
	retryEvery = time.Minute    // what could not be written
	tidyEvery  = 24 * time.Hour // the folder
)

// Run is the writer: it does what was handed over, in order, until ctx ends. What is pending then is still written.
// Nothing is written unless Run is running, and only one may run at a time.
//
// While the folder is in use, Run waits for it, and drops what is handed over. If it is required, Run returns an error
// when it has been in use for too long.
func (s *Store) Run(ctx context.Context) error {
	if err := s.acquire(ctx); err != nil || !s.Owned() {
		return err
	}
	s.tidy()
	retry, tidy := time.NewTicker(retryEvery), time.NewTicker(tidyEvery)
	defer retry.Stop()
	defer tidy.Stop()
	for {
		ending := ctx.Err() != nil
		for t, ok := s.next(); ok; t, ok = s.next() {
			t.run()
		}
		if ending {
			return nil
		}
		select {
		case <-s.wake:
		case <-retry.C:
			s.retry()
		case <-tidy.C:
			s.tidy()
		case <-ctx.Done():
		}
	}
}

// retry does again what failed. Whatever was in the way may be gone.
func (s *Store) retry() {
	for _, t := range s.failed {
		t.run()
	}
}

// WriteFile replaces a file of the folder.
type WriteFile func(name string, data []byte) error

// Intercept wraps how files are written, for tests of slow and failing disks. It must be called before Run.
func (s *Store) Intercept(wrap func(WriteFile) WriteFile) { s.replace = wrap(s.replace) }

// Flush waits until the writer has nothing left to do. It returns the error of ctx if that ends first.
func (s *Store) Flush(ctx context.Context) error {
	done := s.pending()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pending returns a channel that is closed when the writer has nothing left to do, or nil when that is so now.
func (s *Store) pending() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 && !s.busy {
		return nil
	}
	done := make(chan struct{})
	s.flushes = append(s.flushes, done)
	return done
}

// Healthy reports whether everything could be written when last tried. While another exporter uses the folder, it is
// healthy until nobody waits for it any more.
func (s *Store) Healthy() bool { return !s.failing.Load() && !s.inUse.Load() }

// write makes the writer encode and replace a file.
func (s *Store) write(account Account, file string, key *Key, encode func() ([]byte, error)) {
	s.use(account)
	t := task{file: file, key: key}
	t.run = func() {
		data, err := encode()
		if err != nil {
			err = fmt.Errorf("encode %s: %w", file, err)
		} else {
			err = s.replace(file, data)
		}
		if err == nil {
			delete(s.reported, file)
			s.removeReplaced(file)
		}
		s.record(t, err)
	}
	s.enqueue(t)
}

// enqueue hands a task over to the writer. A save takes the place of a pending one of
// the same file, but at the end of the queue: a Prune in between must not remove it.
func (s *Store) enqueue(t task) {
	if !s.Owned() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.file != "" {
		s.queue = slices.DeleteFunc(s.queue, func(pending task) bool { return pending.file == t.file })
	}
	s.queue = append(s.queue, t)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next takes the first task of the queue. The writer calls it after each task, so an
// empty queue means that everything is done.
func (s *Store) next() (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = len(s.queue) > 0
	if !s.busy {
		for _, done := range s.flushes {
			close(done)
		}
		s.flushes = nil
		return task{}, false
	}
	t := s.queue[0]
	s.queue = slices.Delete(s.queue, 0, 1)
	return t, true
}

// record notes whether a file could be written. It logs when the first cannot and when
// all can again: a full disk is one problem, not one for each file and poll.
func (s *Store) record(t task, err error) {
	if err != nil {
		s.failed[t.file] = t
	} else {
		delete(s.failed, t.file)
	}
	failing := len(s.failed) > 0
	switch before := s.failing.Swap(failing); {
	case failing && !before:
		do := "check that --cache.dir exists, is writable and has free space"
		if errors.Is(err, errFolder) {
			do = fmt.Sprintf("remove the folder %q", s.path(t.file))
		}
		level.Warn(s.Logger).Log("msg", "cache cannot be written; polling continues, and a restart will cost API calls", "err", err, "do", do)
	case before && !failing:
		level.Info(s.Logger).Log("msg", "cache can be written again")
	}
}
