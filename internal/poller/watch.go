package poller

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// watchEvery is how often the secret of a credential is read that the console rejects, or that cannot be read.
const watchEvery = 5 * time.Second

// secretSum identifies the content of a secret, without telling anything about it.
type secretSum struct {
	Salt []byte
	Sum  string // empty: it could not be read
}

// changed returns the sum of the client's secret, if that is another one by now and can be read.
func (s secretSum) changed(client *runzero.Client) (secretSum, bool) {
	sum := client.SecretSum(s.Salt)
	return secretSum{s.Salt, sum}, sum != "" && sum != s.Sum
}

// salts are those of the account's credentials, by name.
func (a *account) salts() map[string][]byte {
	salts := map[string][]byte{}
	for _, c := range a.Credentials {
		sum := a.sums[c.Name]
		if sum.Salt == nil {
			sum.Salt = make([]byte, 16)
			_, _ = rand.Read(sum.Salt) // never fails
			a.sums[c.Name] = sum
		}
		salts[c.Name] = sum.Salt
	}
	return salts
}

// change is a credential whose secret has changed.
type change struct {
	account    *account
	credential string
	sum        secretSum
}

// watcher reads the secret of a credential from time to time. A file may hang, so the loop never waits for it.
type watcher struct {
	client *runzero.Client
	found  change // with the sum before
	once   bool   // and only now
}

// run reports once that the secret has changed.
func (w watcher) run(ctx context.Context, changes chan<- change) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		sum, changed := w.found.sum.changed(w.client)
		if changed {
			w.found.sum = sum
			break
		}
		if w.once {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	select {
	case changes <- w.found:
	case <-ctx.Done():
	}
}

// watchSecrets watches the secrets of credentials that fail, and looks once at those that may have changed.
func (p *Poller) watchSecrets(ctx context.Context) {
	for _, a := range p.accounts {
		for _, c := range a.Credentials {
			w := watcher{client: c.Client, found: change{account: a, credential: c.Name, sum: a.sums[c.Name]}}
			f := a.faults[c.Name]
			stop, watched := a.watched[c.Name]
			switch {
			case f != nil && !watched:
				var watching context.Context
				watching, a.watched[c.Name] = context.WithCancel(ctx)
				go w.run(watching, p.changes)
			case f == nil && watched:
				stop()
				delete(a.watched, c.Name)
			case f == nil && a.reloaded && w.found.sum.Sum != "":
				w.once = true
				go w.run(ctx, p.changes)
			}
		}
		a.reloaded = false
	}
}

// secretChanged has a credential tried at once: first what it reaches, because it may be of another organization.
func (a *account) secretChanged(c change, now time.Time) {
	if stop := a.watched[c.credential]; stop != nil {
		stop()
		delete(a.watched, c.credential)
	}
	a.sums[c.credential] = c.sum
	a.rediscover(c.credential)
	a.discovery().reason = collector.ReasonReload
	if f := a.faults[c.credential]; f != nil {
		f.next, f.failures = now, 0
	}
	a.changed()
}
