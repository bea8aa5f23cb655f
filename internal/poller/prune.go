package poller

import "github.com/runzero-exporter/runzero_exporter/internal/store"

// prune removes from the cache what no job of an account will ever use: of organizations that are gone, and of collectors
// that are off, or polled in another way. While it is unknown which organizations an account has, everything stays.
func (p *Poller) prune() {
	if p.store == nil {
		return
	}
	for _, a := range p.accounts {
		if !a.discovered() {
			continue
		}
		used := map[store.Key]bool{}
		for _, j := range a.jobs {
			used[j.stateKey()] = true
			if !j.superseded() {
				used[j.storeKey()] = true
			}
		}
		p.store.Prune(a.storeKey(), used)
	}
}
