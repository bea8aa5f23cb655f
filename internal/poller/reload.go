package poller

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// reload is a change of accounts on its way to the loop.
type reload struct {
	accounts []Account
	// restored are the accounts that are new, each with what the store has cached of it; nil
	// for those that the poller has.
	restored []*account
	applied  chan struct{}
}

// Reload replaces the accounts that are polled. What is the same as before keeps its snapshots and its schedule: an
// account by its name and fingerprint, its credentials by their clients, and a collector by its name and fingerprint.
// It returns when the loop has applied the change, or when ctx ends. Calls must not overlap.
func (p *Poller) Reload(ctx context.Context, accounts []Account) {
	r := p.prepare(accounts)
	select {
	case p.reloads <- r:
		<-r.applied
	case <-ctx.Done():
	}
}

// prepare reads the cache of accounts that are new. It runs outside of the loop, because a disk may hang.
func (p *Poller) prepare(accounts []Account) reload {
	r := reload{accounts: accounts, restored: make([]*account, len(accounts)), applied: make(chan struct{})}
	var existing []identity
	if published := p.published.Load(); published != nil {
		existing = published.accounts
	}
	now, how := p.config.Now(), restoring{restart: true}
	if p.config.Store != nil {
		s := p.config.Store.State()
		how.mirror = s.Shared && s.Term == 0
	}
	for i, wanted := range accounts {
		if !slices.Contains(existing, newAccount(wanted).identity()) {
			r.restored[i] = p.restored(wanted, now, how)
		}
	}
	return r
}

// restored makes an account with what the store has cached of it.
func (p *Poller) restored(wanted Account, now time.Time, how restoring) *account {
	a := newAccount(wanted)
	a.reconcile()
	p.restore(a, now, how)
	return a
}

// apply makes the accounts of a reload those that are polled.
func (p *Poller) apply(r reload) {
	before := p.accounts
	p.accounts = nil
	for i, wanted := range r.accounts {
		a := r.restored[i]
		if a == nil {
			at := slices.IndexFunc(before, func(b *account) bool { return b.identity() == newAccount(wanted).identity() })
			a = before[at]
			p.change(a, wanted)
			a.tryNow(p.config.Now())
			a.reloaded = true
		}
		p.accounts = append(p.accounts, a)
	}
	for _, gone := range before {
		if !slices.Contains(p.accounts, gone) {
			for _, j := range gone.jobs {
				j.abandon()
			}
		}
	}
	p.prune()
	for _, a := range p.accounts {
		a.update()
		a.updateEstimate()
	}
	p.turn.version = 0 // what is loaded now is for other accounts
	if p.turn.state.Shared && slices.ContainsFunc(r.restored, func(a *account) bool { return a != nil }) {
		p.turn.term, p.store = 0, nil // nothing is polled before it is certain what the store has of new accounts
	}
	if p.turn.loading {
		p.load()
	}
	p.publish(p.config.Now())
	p.lookAtStore()
}

// change makes an account what is wanted of it now.
func (p *Poller) change(a *account, wanted Account) {
	rediscover := len(wanted.Credentials) != len(a.Credentials)
	for _, c := range wanted.Credentials {
		if !slices.ContainsFunc(a.Credentials, func(b Credential) bool { return b.Name == c.Name && b.Client == c.Client }) {
			rediscover = true
			delete(a.reach, c.Name)
			a.forget(c.Name)
		}
	}
	relabelled := !reflect.DeepEqual(a.Labels, wanted.Labels)
	a.Account = wanted
	a.pruneCredentials()
	if a.selectOrganizations() != nil || rediscover {
		a.discovery().makeDue() // which reports what is wrong, too
		a.discovery().reason = collector.ReasonReload
	}
	a.reconcile()
	if relabelled {
		a.relabel()
		p.logUnmatchedLabels(a)
	}
	a.requestDiscovery()
	maps.DeleteFunc(a.reasons, func(r collector.PollReason, _ int64) bool {
		return !slices.ContainsFunc(a.jobs, func(j *job) bool { return j.Name == r.Collector })
	})
	p.saveState(a)
}
