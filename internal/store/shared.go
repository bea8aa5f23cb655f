package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log/level"
)

// Shared is a Store in a Redis or Valkey, which several exporters share. Its term is a lease: the exporter that has it leads.
//
// Every write carries the lease, and the server refuses one whose lease has passed to another. All others follow: versions,
// which only increase, show them what is new.
type Shared struct {
	Options
	writer
	server   server
	close    func() error
	self     leader
	changed  chan struct{}
	again    chan struct{} // has the writer do again what failed
	followed string        // the lease of another as last logged
	unread   atomic.Bool   // something could not be read since the last call of Loaded

	status  sync.Mutex // guards what follows; held for a few instructions
	lease   lease
	begun   int64            // the term under which saves are accepted; 0: none
	heir    bool             // it had the lease, and none has had it since
	seen    view             // of the server, when it was last looked at
	last    int64            // the version of the last write by any replica
	kept    int64            // that of the last write under the lease that the server has acknowledged
	entries map[string]int64 // the versions of entries
	served  int64            // the version of what this exporter serves
	synced  time.Time
	waits   time.Time        // until when it leaves the lease to others, which may have more data
	broken  [2]error         // why the server could not be asked, and why it could not be written to
	down    bool             // as last logged
	ignored map[string]int64 // unusable entries, by name: logged once for each version
}

// The parts of broken.
const (
	asking = iota
	writing
)

// OpenShared connects to a server. One that does not answer is an error only if it is required.
func OpenShared(ctx context.Context, at Redis, o Options) (*Shared, error) {
	client, prefix, err := at.connect(o.Dial)
	if err != nil {
		return nil, err
	}
	s := newShared(newDatabase(client, prefix), o)
	s.close = client.Close
	if err := s.first(ctx); err != nil && o.Required {
		_ = client.Close()
		return nil, fmt.Errorf("--cache.url: %w", withRemedy(err))
	}
	return s, nil
}

func newShared(server server, o Options) *Shared {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Shared{
		Options: o, server: server, close: func() error { return nil }, changed: make(chan struct{}, 1), again: make(chan struct{}, 1),
		entries: map[string]int64{}, ignored: map[string]int64{},
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	s.self.id = hex.EncodeToString(id)
	s.self.Name, _ = os.Hostname()
	s.writer = newWriter(func(_ string, err error) { s.note(writing, err) })
	return s
}

// first finds out what there is to load before Run.
func (s *Shared) first(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	v, err := s.look(ctx)
	if err == nil {
		err = s.follow(ctx, v)
	}
	s.note(asking, err)
	return err
}

// lookEvery is how often the server is asked for the lease, and for what is new.
const lookEvery = time.Second

const (
	// finishTimeout is how long the end waits until everything is written. A server that hangs must not keep the process.
	finishTimeout = 5 * time.Second
	// releaseTimeout is how long it waits for the lease to be handed over. If that fails, it ends by itself.
	releaseTimeout = time.Second
)

// Run implements Store.
func (s *Shared) Run(ctx context.Context) error {
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(ctx)
	}()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := s.tend(ctx); ctx.Err() == nil {
			s.note(asking, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	select {
	case <-written:
	case <-time.After(finishTimeout):
	}
	s.status.Lock()
	token := s.lease.token
	s.status.Unlock()
	s.lose(token)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	_ = s.server.release(ctx, s.self.id)
	<-written // what is left is dropped
	return nil
}

// write does what is handed over until ctx ends.
func (s *Shared) write(ctx context.Context) {
	for {
		ending := ctx.Err() != nil
		s.work()
		if ending {
			return
		}
		select {
		case <-s.wake:
		case <-s.again:
			s.retry()
		case <-ctx.Done():
		}
	}
}

// put replaces an entry under the lease of a token.
func (s *Shared) put(token, name string, data []byte) error {
	s.status.Lock()
	if s.lease.token != token {
		s.status.Unlock()
		return nil // what another has written since is what counts
	}
	s.last++
	version, kept := s.last, s.kept
	s.status.Unlock()
	ctx, cancel := s.timeout(context.Background())
	defer cancel()
	err := s.server.write(ctx, token, name, kept, version, data)
	if errors.Is(err, errLease) {
		s.lost(token)
		return nil
	}
	s.status.Lock()
	defer s.status.Unlock()
	if s.lease.token == token && err == nil {
		s.entries[name], s.kept = version, version
	}
	return err
}

// timeout bounds one request: by the end of the lease, too, because what comes later is refused.
func (s *Shared) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	s.status.Lock()
	defer s.status.Unlock()
	limit := answerTimeout
	if left := s.lease.left(s.Now()); left > 0 {
		limit = min(limit, left)
	}
	return context.WithTimeout(ctx, limit)
}

// accepts returns the term under which saves are accepted.
func (s *Shared) accepts() int64 {
	s.status.Lock()
	defer s.status.Unlock()
	return s.begun
}

// handOver has the writer replace an entry, as long as the lease lasts.
func (s *Shared) handOver(name string, key Key, encode func() ([]byte, error)) {
	s.status.Lock()
	token, accepted := s.lease.token, s.begun != 0
	s.status.Unlock()
	if !accepted {
		return
	}
	t := task{file: name, key: key}
	t.run = func() {
		data, err := encode()
		if err == nil && len(data) > maxSize {
			err = fmt.Errorf("%d bytes: %w", len(data), errTooLarge)
		}
		if err == nil {
			s.record(t, s.put(token, name, data))
			return
		}
		level.Warn(s.Logger).Log("msg", "an entry of the cache cannot be written", "entry", name, "err", err)
		s.record(t, nil) // another try would not help
	}
	s.enqueue(t)
}

// Save implements Store.
func (s *Shared) Save(key Key, fingerprint string, snapshot Snapshot) {
	s.handOver(key.file(), key, func() ([]byte, error) { return encodeSnapshot(key, fingerprint, snapshot) })
}

// SaveState implements Store.
func (s *Shared) SaveState(key Key, state any) {
	s.handOver(key.stateFile(), key, func() ([]byte, error) { return encodeState(key, state) })
}

// Prune implements Store.
func (s *Shared) Prune(account Account, used map[Key]bool) {
	term := s.accepts()
	if term == 0 {
		return
	}
	files := usedFiles(used)
	s.enqueue(task{run: func() {
		s.status.Lock()
		token, current, version := s.lease.token, s.begun == term, s.last
		var names []string
		for name := range s.entries {
			entry, own := strings.CutPrefix(name, account.folder()+"/")
			// What was copied from the log of a folder has entries of its own by now.
			copied := entry == logName && s.entries[Key{Account: account}.stateFile()] != 0
			if own && (copied || isPoll(entry) || isSnapshot(entry)) && !files[name] {
				names = append(names, name)
			}
		}
		s.status.Unlock()
		s.forget(account, used)
		ctx, cancel := s.timeout(context.Background())
		defer cancel()
		if !current || s.server.remove(ctx, token, version, names) != nil {
			return // or at the next call
		}
		s.status.Lock()
		defer s.status.Unlock()
		for _, name := range names {
			delete(s.entries, name)
		}
	}})
}

// LoadSnapshot implements Store.
func (s *Shared) LoadSnapshot(key Key, fingerprint string) (snapshot Snapshot, found bool) {
	found = s.load(key.file(), func(data []byte) (err error) {
		snapshot, err = decodeSnapshot(data, key.file(), fingerprint)
		return err
	})
	return snapshot, found
}

// States implements Store. What has no entry may be in the log of a folder, which was copied here.
func (s *Shared) States(account Account) States {
	lines := sync.OnceValue(func() (lines map[string][]byte) {
		s.load(account.logFile(), func(data []byte) (err error) {
			lines, err = decodeLog(data, account)
			return err
		})
		return lines
	})
	return func(key Key, state any) bool {
		if s.version(key.stateFile()) != 0 {
			return s.load(key.stateFile(), func(data []byte) error { return decodeState(data, key, state) })
		}
		line, found := lines()[key.record()]
		return found && decodeLine(line, state) == nil
	}
}

func (s *Shared) load(name string, decode func([]byte) error) bool {
	version := s.version(name)
	if version == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	data, err := s.server.read(ctx, name)
	if err != nil {
		s.unread.Store(true)
		return false
	}
	if data == nil {
		return false
	}
	if err = decode(data); err == nil {
		return true
	}
	s.status.Lock()
	before, known := s.ignored[name]
	known = known && (before == version || errors.Is(err, errFingerprint)) // the leader writes it again and again
	s.ignored[name] = version
	s.status.Unlock()
	if !known {
		level.Warn(s.Logger).Log("msg", "cached entry ignored", "entry", name, "reason", err)
	}
	return false
}

func (s *Shared) version(name string) int64 {
	s.status.Lock()
	defer s.status.Unlock()
	return s.entries[name]
}

// Version implements Store.
func (s *Shared) Version(key Key) int64 { return s.version(key.file()) }

// StateVersion implements Store.
func (s *Shared) StateVersion(key Key) int64 { return s.version(key.stateFile()) }

// Close implements Store.
func (s *Shared) Close() error { return s.close() }
