package poller

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// prune removes the cached snapshots that no job of the account will ever use: those of
// organizations that are gone, and of collectors that are off or polled in another way.
func (p *Poller) prune(a *account) {
	if p.config.Store == nil || !a.discovered() {
		return
	}
	used := map[store.Key]bool{}
	for _, j := range a.jobs {
		if !j.superseded() {
			used[j.storeKey()] = true
		}
	}
	name := a.Name
	p.config.Store.Prune(func(k store.Key) bool { return k.Account != name || used[k] })
}

// pruneAccounts removes what is cached of accounts that are no longer configured.
func (p *Poller) pruneAccounts(now time.Time) {
	if p.config.Store == nil {
		return
	}
	configured := p.accountNames()
	p.config.Store.Prune(func(k store.Key) bool { return slices.Contains(configured, k.Account) })
	p.pruneStates(now)
}

// pruneStates removes the states of accounts that are no longer configured, once the calls
// that they record no longer count: until then the account may come back, and has spent
// them.
func (p *Poller) pruneStates(now time.Time) {
	if p.config.Store == nil {
		return
	}
	configured := p.accountNames()
	p.config.Store.PruneStates(func(account string, data []byte) bool {
		if slices.Contains(configured, account) {
			return true
		}
		var state savedState
		return json.Unmarshal(data, &state) == nil && state.Quota.Spent(now) > 0
	})
}

func (p *Poller) accountNames() []string {
	var names []string
	for _, a := range p.accounts {
		names = append(names, a.Name)
	}
	return names
}
