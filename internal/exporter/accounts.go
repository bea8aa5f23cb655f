package exporter

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// accounts are the accounts of a configuration in operation.
type accounts struct {
	gates map[string]*quota.Gate // by the console's host: its burst limit is shared by all who use it
	all   []*account
}

// account is one account: its quota, and who spends it.
type account struct {
	config      config.Account
	quota       *quota.Quota
	usage       *collector.Usage
	credentials []credential
}

type credential struct {
	config config.Credential
	poller.Credential
}

// newAccounts makes the accounts of a configuration. What is the same as before is reused: an account by its name and
// console, a credential by all of its settings. before does not change.
func (o Options) newAccounts(c *config.Config, before *accounts) (*accounts, error) {
	next := &accounts{gates: map[string]*quota.Gate{}}
	for _, configured := range c.Accounts {
		host := hostOf(configured.URL)
		if next.gates[host] == nil {
			next.gates[host] = before.gates[host]
		}
		if next.gates[host] == nil {
			next.gates[host] = o.newGate()
		}
		made, err := o.newAccount(configured, next.gates[host], before.find(configured))
		if err != nil {
			return nil, err
		}
		next.all = append(next.all, made)
	}
	return next, nil
}

func (o Options) newGate() *quota.Gate {
	if o.Unpaced {
		return quota.NewUnlimitedGate(o.Now)
	}
	return quota.NewGate(o.Now)
}

func (a *accounts) find(wanted config.Account) *account {
	for _, existing := range a.all {
		if existing.config.Name == wanted.Name && existing.config.URL == wanted.URL {
			return existing
		}
	}
	return nil
}

// newAccount makes an account, and reuses of before, which may be nil, what it can.
func (o Options) newAccount(c config.Account, gate *quota.Gate, before *account) (*account, error) {
	made := &account{config: c}
	if before != nil {
		made.quota, made.usage = before.quota, before.usage
	} else {
		made.quota, made.usage = quota.New(c.Share, gate), collector.NewUsage(o.Now)
	}
	for _, configured := range c.Credentials {
		if existing := before.find(configured); existing != nil {
			made.credentials = append(made.credentials, credential{configured, *existing})
			continue
		}
		usage := made.usage.Credential(configured.Name)
		settings := configured.Runzero
		settings.Observer = o.observe(runzero.Observers{made.quota.Observer(configured.Name), usage})
		settings.Admit = made.quota.Admit
		settings.UserAgent = version.ComponentUserAgent(Name)
		settings.DialContext, settings.Now = o.Dial, o.Now
		client, err := runzero.New(settings)
		if err != nil {
			return nil, fmt.Errorf("credential %q of account %q: %w", configured.Name, c.Name, err)
		}
		made.credentials = append(made.credentials, credential{configured, poller.Credential{Name: configured.Name, Client: client, Usage: usage}})
	}
	return made, nil
}

// find returns the credential with the same settings; nil when there is none.
func (a *account) find(wanted config.Credential) *poller.Credential {
	if a == nil {
		return nil
	}
	for i := range a.credentials {
		if c := &a.credentials[i]; c.Name == wanted.Name && reflect.DeepEqual(c.config.Runzero, wanted.Runzero) {
			return &c.Credential
		}
	}
	return nil
}

func hostOf(console string) string {
	if u, err := url.Parse(console); err == nil && u.Host != "" {
		return strings.ToLower(u.Host)
	}
	return console
}

// activate puts what reused accounts share with the configuration before in force: their
// share, and when credentials expire.
func (a *accounts) activate() {
	for _, account := range a.all {
		expires := map[string]time.Time{}
		for _, c := range account.credentials {
			expires[c.Name] = c.config.Expires
		}
		account.quota.SetShare(account.config.Share)
		account.usage.SetExpirations(expires)
	}
}

// polled are the accounts as the poller takes them.
func (a *accounts) polled(c *config.Config) []poller.Account {
	var all []poller.Account
	for _, account := range a.all {
		p := poller.Account{
			Name: account.config.Name, Quota: account.quota, Fingerprint: c.Fingerprint(account.config),
			Selection: account.config.Selection, Collectors: c.Collectors,
		}
		for _, credential := range account.credentials {
			p.Credentials = append(p.Credentials, credential.Credential)
		}
		all = append(all, p)
	}
	return all
}

// registry has the metrics of the accounts that come from no poll: their quotas, and the
// usage headers if that collector is enabled.
func (a *accounts) registry(c *config.Config) *prometheus.Registry {
	usage := false
	for _, enabled := range c.Collectors {
		usage = usage || enabled.Scope == collector.HeadersOnly
	}
	registry := prometheus.NewRegistry()
	for _, account := range a.all {
		register := prometheus.Registerer(registry)
		if account.config.Name != "" {
			register = prometheus.WrapRegistererWith(prometheus.Labels{collector.AccountLabel: account.config.Name}, registry)
		}
		register.MustRegister(collector.NewQuota(account.quota.Metrics))
		if usage {
			register.MustRegister(account.usage)
		}
	}
	return registry
}
