package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-kit/log/level"
)

const (
	leaseFor   = 30 * time.Second
	renewEvery = 10 * time.Second
	// leaseMargin is how long before the lease can have ended it is given up: clocks do not all run at one speed.
	leaseMargin = 3 * time.Second

	// A replica with less data leaves the lease to those with more, when all of them find it free at the same time.
	waitWithData    = 3 * time.Second
	waitWithoutData = 6 * time.Second
)

// ErrNotLeading is the error of a request that must not be sent, because another replica may lead by now.
var ErrNotLeading = errors.New("request not sent: this replica does not lead, or not any more")

// lease is the right to write and to poll, as this replica knows it. The zero lease is none.
type lease struct {
	term  int64
	token string
	from  time.Time // before it was asked for, or for its last renewal
}

// left is how long it can be relied on.
func (l lease) left(now time.Time) time.Duration {
	if l.term == 0 {
		return 0
	}
	return leaseFor - leaseMargin - elapsed(l.from, now)
}

// elapsed is how much time has passed at most: the monotonic clock stands still while a machine sleeps, and the other one
// may be set.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// tend looks after the lease, and for what is new.
func (s *Shared) tend(ctx context.Context) error {
	ctx, cancel := s.timeout(ctx)
	defer cancel()
	s.status.Lock()
	held, kept := s.lease, s.kept
	s.status.Unlock()
	now := s.Now()
	if held.term != 0 && held.left(now) <= 0 {
		s.lost(held.token)
	} else if held.term != 0 && elapsed(held.from, now) >= renewEvery {
		if err := s.renew(ctx, held); err != nil {
			return err
		}
	}
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	leads, mayLead := s.compare(v, kept)
	switch {
	case leads:
		return nil
	case mayLead:
		return s.acquire(ctx)
	}
	if v.token != "" && v.token != s.followed {
		s.followed = v.token
		level.Info(s.Logger).Log("msg", "another replica leads: this one follows", "leader", v.Name)
	}
	if err := s.follow(ctx, v); err != nil || v.token != "" {
		return err
	}
	// It waits to take the lease. Only that shows whether a server that was away can be used again.
	s.status.Lock()
	defer s.status.Unlock()
	return s.broken[asking]
}

// look requests who leads. After an outage the lease is left to the last leader, which may be about to lead again.
func (s *Shared) look(ctx context.Context) (view, error) {
	v, err := s.server.look(ctx)
	if err != nil {
		s.status.Lock()
		defer s.status.Unlock()
		s.wait()
	}
	return v, err
}

// wait leaves the lease to others for a while. The caller holds the lock.
func (s *Shared) wait() {
	s.waits = s.Now().Add(waitWithData)
	if s.last == 0 {
		s.waits = s.Now().Add(waitWithoutData)
	}
}

func (s *Shared) renew(ctx context.Context, held lease) error {
	from := s.Now()
	ok, err := s.server.renew(ctx, held.token, leaseFor)
	if err != nil {
		return fmt.Errorf("renewing the lease: %w", err)
	}
	if !ok {
		s.lost(held.token)
		return nil
	}
	s.status.Lock()
	defer s.status.Unlock()
	if s.lease.token == held.token {
		s.lease.from = from
	}
	return nil
}

// compare finds out from what the server has whether this replica leads, or may lead from now on. kept is a version that
// the server has acknowledged before it was looked at: one that has an earlier version by now has lost what was written.
func (s *Shared) compare(v view, kept int64) (leads, mayLead bool) {
	s.status.Lock()
	held := s.lease
	s.status.Unlock()
	if held.term != 0 {
		if v.token == held.token && v.version >= kept {
			s.status.Lock()
			defer s.status.Unlock()
			s.seen, s.synced = v, s.Now()
			return true, false
		}
		s.lost(held.token)
	}
	s.status.Lock()
	defer s.status.Unlock()
	switch {
	case v.token != "" && v.id != s.self.id:
		s.heir, s.waits = false, time.Time{}
		return false, false
	case s.heir, v.token != "": // its own, when the answer was lost
		return false, true
	case s.waits.IsZero() && (v.version < s.last || v.version == 0): // the server was emptied
		s.wait()
	}
	return false, !s.Now().Before(s.waits)
}

// acquire takes the lease unless another is faster.
func (s *Shared) acquire(ctx context.Context) error {
	from, self := s.Now(), s.self
	self.Since = from
	s.status.Lock()
	// From the clock, so that versions increase even if the server has lost its last one and no replica knows it.
	least := max(s.last, from.UnixMilli())
	s.status.Unlock()
	term, ok, err := s.server.acquire(ctx, self, least, leaseFor)
	if err != nil {
		return fmt.Errorf("taking the lease: %w", err)
	}
	if !ok {
		return nil // the next look shows who has it
	}
	if err := s.learn(ctx, 0, term); err != nil {
		return err // the lease is taken again at the next look
	}
	s.status.Lock()
	s.lease = lease{term: term, token: token(term, self.id), from: from}
	s.heir, s.waits, s.kept = true, time.Time{}, term
	s.seen = view{leader: self, token: s.lease.token, version: term}
	s.status.Unlock()
	signal(s.changed)
	level.Info(s.Logger).Log("msg", "this replica leads from now on: it polls, and the others follow")
	return nil
}

func token(term int64, id string) string { return fmt.Sprintf("%d-%s", term, id) }

// follow notes what another replica has written, or that none leads.
func (s *Shared) follow(ctx context.Context, v view) error {
	s.status.Lock()
	before, known := s.seen, s.last
	s.status.Unlock()
	if v.version != known {
		if err := s.learn(ctx, v.version, v.version); err != nil {
			return err
		}
	}
	s.status.Lock()
	s.seen = v
	if s.served == v.version {
		s.synced = s.Now()
	}
	s.status.Unlock()
	if v.version != known || v.token != before.token {
		signal(s.changed)
	}
	return nil
}

// learn gets the versions of entries that are new since they were last learned, on a server whose last version is there.
func (s *Shared) learn(ctx context.Context, there, last int64) error {
	s.status.Lock()
	after := s.last
	s.status.Unlock()
	if there < after {
		after = 0 // not all that was there before is there now
	}
	versions, err := s.server.versions(ctx, after)
	if err != nil {
		return fmt.Errorf("listing what is new: %w", err)
	}
	s.status.Lock()
	defer s.status.Unlock()
	if after == 0 {
		s.entries = map[string]int64{}
	}
	maps.Copy(s.entries, versions)
	s.last = last
	return nil
}

// lost gives up the lease of a token, if that is the one held.
func (s *Shared) lost(token string) {
	if s.lose(token) {
		level.Warn(s.Logger).Log("msg", "this replica leads no longer: its lease has ended; nothing is polled until a replica has it")
	}
}

func (s *Shared) lose(token string) bool {
	s.status.Lock()
	defer s.status.Unlock()
	if token == "" || s.lease.token != token {
		return false
	}
	// What others write has versions that were given to writes here that did not succeed.
	s.lease, s.begun, s.last = lease{}, 0, s.kept
	s.seen.leader = leader{} // until the next look
	signal(s.changed)
	signal(s.again) // what is not written yet is dropped
	return true
}

// State implements Store.
func (s *Shared) State() State {
	s.status.Lock()
	broken := s.broken
	state := State{
		Shared: true, Held: s.broken[writing] != nil, Version: s.last, Up: s.broken[asking] == nil && s.broken[writing] == nil,
		Synced: s.synced, Leader: s.seen.Leader,
	}
	if s.lease.left(s.Now()) > 0 {
		state.Term = s.lease.term
	}
	s.status.Unlock()
	for _, err := range broken {
		if err != nil {
			state.Trouble, state.Remedy = err.Error(), remedy(err)
		}
	}
	return state
}

// Changed implements Store.
func (s *Shared) Changed() <-chan struct{} { return s.changed }

// Loaded implements Store.
func (s *Shared) Loaded(term, version int64) bool {
	if s.unread.Swap(false) {
		return false
	}
	s.status.Lock()
	defer s.status.Unlock()
	s.served = version
	switch {
	case term != 0 && (term != s.lease.term || s.lease.left(s.Now()) <= 0):
		return false
	case term != 0:
		s.begun = term
	case s.seen.version == version:
		s.synced = s.Now()
	}
	return true
}

// Permit implements Store.
func (s *Shared) Permit() error {
	s.status.Lock()
	defer s.status.Unlock()
	if s.begun == 0 || s.lease.left(s.Now()) <= 0 {
		return ErrNotLeading
	}
	return nil
}

// Recorded implements Store.
func (s *Shared) Recorded(ctx context.Context) error {
	term := s.accepts()
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if done := s.pending(); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return fmt.Errorf("--cache.url: recording the poll: %w", ctx.Err())
		}
	}
	s.status.Lock()
	defer s.status.Unlock()
	if s.broken[writing] != nil {
		return s.broken[writing]
	}
	if term == 0 || s.begun != term {
		return ErrNotLeading
	}
	return nil
}
