package store

import (
	"context"
	"maps"
	"sync"
	"time"
)

// memory is a model of Redis: TestModelIsLikeRedis compares the two. The zero value is not usable.
type memory struct {
	now func() time.Time // of the server

	mu sync.Mutex
	contents
	refuses error // of each write

	observer
}

// observer sees what a server does, while it does nothing else.
type observer interface {
	granted(token string)
	written(token, name string, version int64, data []byte)
	lost()
}

// contents are what a server keeps.
type contents struct {
	lease   view
	until   time.Time // the end of the lease
	version int64
	entries map[string][]byte
	latest  map[string]int64 // the versions of entries
}

func newMemory(now func() time.Time, o observer) *memory {
	return &memory{now: now, contents: nothing(), observer: o}
}

func nothing() contents { return contents{entries: map[string][]byte{}, latest: map[string]int64{}} }

// copy is what a replica of the server would have, or its last dump.
func (m *memory) copy() contents {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.contents
	c.entries, c.latest = maps.Clone(c.entries), maps.Clone(c.latest)
	return c
}

// fallBack loses what is not in an earlier copy.
func (m *memory) fallBack(c contents) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.contents = c
	m.lost()
}

func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuses = err
}

// locked begins a request.
func (m *memory) locked() func() {
	m.mu.Lock()
	if !m.now().Before(m.until) {
		m.lease = view{}
	}
	return m.mu.Unlock
}

func (m *memory) look(context.Context) (view, error) {
	defer m.locked()()
	v := m.lease
	v.version = m.version
	return v, nil
}

func (m *memory) acquire(_ context.Context, l leader, least int64, ttl time.Duration) (int64, bool, error) {
	defer m.locked()()
	if m.lease.token != "" && m.lease.id != l.id {
		return 0, false, nil
	}
	if m.refuses != nil {
		return 0, false, m.refuses
	}
	m.version = max(m.version, least) + 1
	l.Since = l.Since.UTC().Truncate(time.Second)
	m.lease, m.until = view{leader: l, token: token(m.version, l.id)}, m.now().Add(ttl)
	m.granted(m.lease.token)
	return m.version, true, nil
}

func (m *memory) renew(_ context.Context, token string, ttl time.Duration) (bool, error) {
	defer m.locked()()
	if m.lease.token != token {
		return false, nil
	}
	m.until = m.now().Add(ttl)
	return true, nil
}

func (m *memory) release(_ context.Context, id string) error {
	defer m.locked()()
	if m.lease.id == id {
		m.lease = view{}
	}
	return nil
}

func (m *memory) write(_ context.Context, token, name string, kept, version int64, data []byte) error {
	defer m.locked()()
	switch {
	case m.lease.token != token || m.version < kept:
		return errLease
	case version <= m.version:
		return errOvertaken
	case m.refuses != nil:
		return m.refuses
	}
	m.written(token, name, version, data)
	m.entries[name], m.latest[name], m.version = data, version, version
	return nil
}

func (m *memory) remove(_ context.Context, token string, version int64, names []string) error {
	defer m.locked()()
	for _, name := range names {
		if m.lease.token != token {
			return errLease
		}
		if m.latest[name] <= version {
			delete(m.entries, name)
			delete(m.latest, name)
		}
	}
	return nil
}

func (m *memory) read(_ context.Context, name string) ([]byte, error) {
	defer m.locked()()
	return m.entries[name], nil
}

func (m *memory) versions(_ context.Context, after int64) (map[string]int64, error) {
	defer m.locked()()
	later := maps.Clone(m.latest)
	maps.DeleteFunc(later, func(_ string, version int64) bool { return version <= after })
	return later, nil
}
