package poller

import (
	"encoding/json"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// prune removes from the cache what no job will ever use: snapshots of accounts and
// organizations that are gone, and of collectors that are off or polled in another way.
// While it is unknown which organizations an account has, all of its snapshots stay.
//
// The state of an account that is no longer configured stays as long as the calls that it
// records count: the account may come back, and has spent them.
func (p *Poller) prune(now time.Time) {
	if p.config.Store == nil {
		return
	}
	used, configured, undiscovered := map[store.Key]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range p.accounts {
		configured[a.Name] = true
		undiscovered[a.Name] = !a.discovered()
		for _, j := range a.jobs {
			if !j.superseded() {
				used[j.storeKey()] = true
			}
		}
	}
	p.config.Store.Prune(func(k store.Key) bool { return used[k] || undiscovered[k.Account] })
	p.config.Store.PruneStates(func(account string, data []byte) bool {
		var state savedState
		return configured[account] || json.Unmarshal(data, &state) == nil && state.Quota.Spent(now) > 0
	})
}
