package poller

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// forget removes the answers that none of a target's jobs will ever have use for: those
// of organizations that are gone, and of collectors that are off or asked in another way.
func (p *Poller) forget(t *target) {
	if p.config.Store == nil || !t.known() {
		return
	}
	there := map[store.Key]bool{}
	for _, j := range p.jobs {
		if j.target == t && (!j.wide || !j.unsupported) {
			there[t.key(j)] = true
		}
	}
	p.config.Store.Prune(func(k store.Key) bool { return k.Account != t.Name || there[k] })
	p.write()
}

// forgetAccounts removes what is kept of accounts that are no more.
func (p *Poller) forgetAccounts(now time.Time) {
	if p.config.Store == nil {
		return
	}
	p.config.Store.Prune(func(k store.Key) bool { return p.configured(k.Account) })
	p.forgetStates(now)
}

// forgetStates removes the states of accounts that are no more, once the calls that they
// tell of no longer count: until then the account may come back, and has spent them.
func (p *Poller) forgetStates(now time.Time) {
	if p.config.Store == nil {
		return
	}
	defer p.write()
	p.config.Store.PruneStates(func(account string, data []byte) bool {
		if p.configured(account) {
			return true
		}
		var state kept
		if err := json.Unmarshal(data, &state); err != nil {
			return false
		}
		ledger := state.Ledger.Ledger(now)
		return ledger.Spent(now) > 0
	})
}

func (p *Poller) configured(account string) bool {
	return slices.ContainsFunc(p.targets, func(t *target) bool { return t.Name == account })
}
