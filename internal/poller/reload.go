package poller

import (
	"slices"
	"time"
)

// Reload makes targets those that are polled. What is the same as before keeps its
// answers and its schedule: an account by its name, its credentials by their clients,
// and a collector by its name and what shapes its samples.
func (p *Poller) Reload(targets []Target) {
	now := time.Now()
	p.mu.Lock()
	before := p.targets
	p.targets = nil
	for _, wanted := range targets {
		at := slices.IndexFunc(before, func(t *target) bool {
			return t.Name == wanted.Name && t.Fingerprint == wanted.Fingerprint && (wanted.Account == nil || t.Account == wanted.Account)
		})
		if at >= 0 {
			t := before[at]
			p.targets = append(p.targets, t)
			p.change(t, wanted)
			continue
		}
		t := newTarget(wanted)
		p.targets = append(p.targets, t)
		p.reconcile(t)
		p.restore(t, now)
	}
	p.jobs = slices.DeleteFunc(p.jobs, func(j *job) bool {
		gone := !slices.Contains(p.targets, j.target)
		if gone {
			j.abandon()
		}
		return gone
	})
	p.forgetAccounts(now)
	for _, t := range p.targets {
		p.forget(t)
	}
	p.mu.Unlock()
	p.demand()
	p.publish(now)
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// change makes a target what is wanted of it now.
func (p *Poller) change(t *target, wanted Target) {
	if wanted.Account == nil {
		wanted.Account = t.Account
	}
	anew := len(wanted.Credentials) != len(t.Credentials)
	for _, c := range wanted.Credentials {
		same := slices.ContainsFunc(t.Credentials, func(b Credential) bool { return b.Name == c.Name && b.Client == c.Client })
		// Its file may hold a token of another kind by now.
		if r, known := t.reaches[c.Name]; !same || known && r.Kind != c.Client.Kind() {
			anew = true
			delete(t.reaches, c.Name)
		}
	}
	t.Target = wanted
	t.heed()
	discovery := p.job(t, Discovery, false, "")
	if t.choose() != nil || anew {
		discovery.hurry() // which tells, too, what is wrong
	}
	p.reconcile(t)
	p.feed(t)
	p.keepState(t)
}
