package poller

import "slices"

// turn is the loop's wait for a store that another exporter has. Nothing is polled while it waits: the other one may be
// ending, and what it saves last says what is due, and how many calls are left.
type turn struct {
	acquired <-chan struct{} // closed when the store is free; nil when it is known
	settled  <-chan struct{} // closed when polling goes on without the store; nil when it does not wait any more
	loaded   chan []*account // what the other exporter has left
	ended    chan struct{}   // closed when the loop ends
}

func (p *Poller) awaitStore() *turn {
	t := &turn{loaded: make(chan []*account), ended: make(chan struct{})}
	if p.store == nil && p.config.Store != nil {
		t.acquired, t.settled = p.config.Store.Acquired(), p.config.Store.Settled()
	}
	return t
}

func (t *turn) waiting() bool { return t.settled != nil }

func (t *turn) end() { close(t.ended) }

// configured are the accounts as they are configured.
func (p *Poller) configured() []Account {
	var all []Account
	for _, a := range p.accounts {
		all = append(all, a.Account)
	}
	return all
}

// loadAgain loads what the other exporter has left. It runs outside of the loop, because a disk may hang.
func (p *Poller) loadAgain(t *turn, accounts []Account) {
	now := p.config.Now()
	var restored []*account
	for _, a := range accounts {
		restored = append(restored, p.restored(a, now))
	}
	select {
	case t.loaded <- restored:
	case <-t.ended:
	}
}

// takeOver begins to use a store that another exporter had. If nothing has been polled in this run, accounts are what
// the other one has left of them; otherwise of each job what is newer counts.
func (p *Poller) takeOver(restored []*account, unpolled bool) {
	p.store = p.config.Store
	for i, a := range p.accounts {
		at := slices.IndexFunc(restored, func(r *account) bool { return r.identity() == a.identity() })
		switch {
		case at < 0: // new since then, and loaded
		case unpolled:
			p.accounts[i] = restored[at]
			restored[at].started, restored[at].logged = a.started, a.logged // nothing is logged twice
			p.change(restored[at], a.Account)                               // which a reload may have changed since
		default:
			p.merge(a, restored[at])
		}
	}
	p.prune()
	for _, a := range p.accounts {
		a.updateLoads()
	}
	p.publish(p.config.Now())
}

// merge takes over from another run of the account what is newer, and saves the rest.
func (p *Poller) merge(a, other *account) {
	for name, r := range other.reach {
		if mine, known := a.reach[name]; !known || r.Polled.After(mine.Polled) {
			a.reach[name] = r
		}
	}
	_ = a.selectOrganizations() // the next discovery reports what is wrong
	a.reconcile()
	for _, j := range a.jobs {
		switch o := other.job(j.key()); {
		case o != nil && j.running == nil && o.lastSuccess.After(j.lastSuccess):
			newer := *o
			newer.Poll, newer.account, newer.source, newer.waits = j.Poll, a, j.source, nil
			if key := other.keyOf(o.waits); key != nil {
				newer.waits = a.faults[*key]
			}
			*j = newer
			j.changed()
		case j.snapshot != nil && (o == nil || j.lastSuccess.After(o.lastSuccess)):
			p.save(j)
		}
	}
	a.reconcile()
	p.saveState(a)
}
