package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-kit/log/level"
	"github.com/gofrs/flock"
)

// Folder is a Store in a folder. Its term is a lock. While another exporter has the folder, what is saved is dropped,
// and polling goes on without it after a while.
type Folder struct {
	Options
	writer
	dir      string
	lock     *flock.Flock  // nil: read-only
	acquired chan struct{} // closed when the folder is this store's
	settled  atomic.Bool
	limit    int64 // of a file, in bytes

	changed chan struct{}
	inUse   atomic.Bool // for so long that nobody waits for it any more

	// The writer's own.
	replace, append WriteFile
	sync            func(*os.File) error
	reported        map[string]bool       // files that could not be set aside: logged once
	logs            map[Account]*stateLog // that were used

	used map[string]bool // folders of accounts that were loaded or saved; guarded by mu
}

// Open opens a folder, creates it if it does not exist, and locks it unless it is in use.
func Open(dir string, o Options) (*Folder, error) {
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
func OpenReadOnly(dir string, o Options) (*Folder, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("--cache.dir: cannot read the folder %q: %w", dir, cause(err))
	}
	return newStore(dir, o), nil
}

func newStore(dir string, o Options) *Folder {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Folder{
		Options: o, dir: dir, acquired: make(chan struct{}), changed: make(chan struct{}, 1), limit: maxSize,
		sync: (*os.File).Sync, reported: map[string]bool{}, logs: map[Account]*stateLog{}, used: map[string]bool{},
	}
	s.replace, s.append, s.writer = s.replaceFile, s.appendFile, newWriter(s.report)
	return s
}

// cause strips the path from an error of package os, for messages that name it already.
func cause(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Save implements Store.
func (s *Folder) Save(key Key, fingerprint string, snapshot Snapshot) {
	s.hand(key.file(), key, func() ([]byte, error) { return encodeSnapshot(key, fingerprint, snapshot) },
		func(data []byte) error { return s.replace(key.file(), data) })
}

// SaveState implements Store.
func (s *Folder) SaveState(key Key, state any) {
	s.hand(key.stateFile(), key, func() ([]byte, error) { return encodeLine(key.record(), state) },
		func(line []byte) error { return s.keep(key, line) })
}

// hand hands something over to the writer.
func (s *Folder) hand(file string, key Key, encode func() ([]byte, error), write func([]byte) error) {
	s.use(key.Account)
	if s.Owned() {
		s.save(file, key, encode, write)
	}
}

// LoadSnapshot implements Store. The writer renames an unusable file to end in .bad.
func (s *Folder) LoadSnapshot(key Key, fingerprint string) (snapshot Snapshot, found bool) {
	s.use(key.Account)
	found = s.load(key.Account, key.file(), func(data []byte) (err error) {
		snapshot, err = decodeSnapshot(data, key.file(), fingerprint)
		return err
	})
	return snapshot, found
}

func (s *Folder) load(account Account, name string, decode func([]byte) error) bool {
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
	case name == account.logFile():
		s.enqueue(task{run: func() { s.setLogAside(account, info, err) }})
	default:
		s.enqueue(task{run: func() { s.setAside(name, info, err) }})
	}
	return false
}

// Intercept wraps how files are replaced and added to, for tests of slow and failing disks. It must be called before Run.
func (s *Folder) Intercept(wrap func(WriteFile) WriteFile) {
	s.replace, s.append = wrap(s.replace), wrap(s.append)
}

const (
	retryEvery = time.Minute    // what could not be written
	tidyEvery  = 24 * time.Hour // the folder
)

// Run implements Store. While the folder is in use, it waits for it, and drops what is handed over. If it is required,
// Run returns an error when it has been in use for too long.
func (s *Folder) Run(ctx context.Context) error {
	if err := s.acquire(ctx); err != nil || !s.Owned() {
		return err
	}
	s.tidy()
	retry, tidy := time.NewTicker(retryEvery), time.NewTicker(tidyEvery)
	defer retry.Stop()
	defer tidy.Stop()
	for {
		ending := ctx.Err() != nil
		s.work()
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

// Flush waits until the writer has nothing left to do. It returns the error of ctx if that ends first.
func (s *Folder) Flush(ctx context.Context) error {
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

// recordTimeout is how long a poll waits for a disk. One that hangs delays it no longer.
const recordTimeout = 2 * time.Second

// Recorded implements Store. It is never an error that the disk fails: promises to the console come first, and data.
func (s *Folder) Recorded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	_ = s.Flush(ctx)
	return nil
}

// Healthy reports whether everything could be written when last tried. While another exporter uses the folder, it is
// healthy until nobody waits for it any more.
func (s *Folder) Healthy() bool { return !s.failing.Load() && !s.inUse.Load() }

// report logs when the first file cannot be written and when all can again.
func (s *Folder) report(_ string, err error) {
	if err == nil {
		level.Info(s.Logger).Log("msg", "cache can be written again")
		return
	}
	do := "check that --cache.dir exists, is writable and has free space"
	if errors.Is(err, errFolder) {
		do = "remove the folder"
	}
	level.Warn(s.Logger).Log("msg", "cache cannot be written; polling continues, and a restart will cost API calls", "err", err, "do", do)
}

// Permit implements Store: a folder keeps nobody from polling.
func (s *Folder) Permit() error { return nil }

// Version implements Store: a folder knows none.
func (s *Folder) Version(Key) int64 { return 0 }

// StateVersion implements Store.
func (s *Folder) StateVersion(Key) int64 { return 0 }
