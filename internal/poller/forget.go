package poller

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-kit/log/level"

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
	discovery := p.job(t, Discovery, false, "")
	p.written(&discovery.unkept, p.config.Store.Forget(func(k store.Key) bool { return k.Account != t.Name || there[k] }))
}

// forgetAccounts removes what is kept of accounts that are no more.
func (p *Poller) forgetAccounts(now time.Time) {
	if p.config.Store == nil {
		return
	}
	p.forgotten(errors.Join(p.config.Store.Forget(func(k store.Key) bool { return p.configured(k.Account) }), p.forgetStates(now)))
}

// forgetStates removes the states of accounts that are no more, once the calls that they
// tell of no longer count: until then the account may come back, and has spent them.
func (p *Poller) forgetStates(now time.Time) error {
	if p.config.Store == nil {
		return nil
	}
	return p.config.Store.ForgetStates(func(account string, data []byte) bool {
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

// forgotten says when accounts could not be forgotten.
func (p *Poller) forgotten(err error) {
	if err != nil {
		level.Warn(p.config.Logger).Log("msg", "answers of accounts that are no longer configured cannot be removed", "err", err)
	}
}

func (p *Poller) configured(account string) bool {
	return slices.ContainsFunc(p.targets, func(t *target) bool { return t.Name == account })
}
