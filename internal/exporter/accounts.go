package exporter

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// accounts are those of a configuration in operation.
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

// load loads the configuration and makes its accounts. What is the same as before is reused: an account by its name
// and console, a credential by all of its settings. before does not change.
func (o Options) load(before *accounts) (*config.Config, *accounts, error) {
	c, err := o.Load()
	if err != nil {
		return nil, nil, err
	}
	next := &accounts{gates: map[string]*quota.Gate{}}
	for _, configured := range c.Accounts {
		host := hostOf(configured.URL)
		gate := cmp.Or(next.gates[host], before.gates[host])
		switch {
		case gate != nil:
		case o.Unpaced:
			gate = quota.NewUnlimitedGate(o.Now)
			gate.Permit = o.permit
		default:
			gate = quota.NewGate(o.Now)
			gate.Permit = o.permit
		}
		next.gates[host] = gate
		made, err := o.newAccount(configured, gate, before.find(configured))
		if err != nil {
			return nil, nil, err
		}
		next.all = append(next.all, made)
	}
	return c, next, nil
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
	if before == nil {
		before = &account{quota: quota.New(c.Share, gate), usage: collector.NewUsage(o.Now)}
	}
	made := &account{config: c, quota: before.quota, usage: before.usage}
	for _, configured := range c.Credentials {
		if existing := before.find(configured); existing != nil {
			made.credentials = append(made.credentials, credential{configured, *existing})
			continue
		}
		usage := made.usage.Credential(configured.Name)
		settings := configured.Runzero
		settings.Observer = o.Observe(runzero.Observers{made.quota.Observer(configured.Name), usage})
		settings.Admit, settings.DialContext, settings.Now = made.quota.Admit, o.Dial, o.Now
		settings.UserAgent = version.ComponentUserAgent(Name)
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

// activate sets what reused accounts share with the configuration before: their share, and when credentials expire.
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

// polled returns the accounts for the poller.
func (a *accounts) polled(c *config.Config) []poller.Account {
	var all []poller.Account
	for _, account := range a.all {
		p := poller.Account{
			Name: account.config.Name, Console: hostOf(account.config.URL), Quota: account.quota, Fingerprint: c.Fingerprint(account.config),
			Selection: account.config.Selection, Labels: account.config.Labels, Collectors: c.Collectors, EstimateLimit: runzero.IsCloud(account.config.URL),
		}
		for _, credential := range account.credentials {
			p.Credentials = append(p.Credentials, credential.Credential)
		}
		all = append(all, p)
	}
	return all
}

// registry has the metrics that come from no poll: the quotas, and the usage headers if that collector is enabled.
func (a *accounts) registry(c *config.Config) *prometheus.Registry {
	usage := slices.ContainsFunc(c.Collectors, func(c schedule.Collector) bool { return c.Scope == collector.HeadersOnly })
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
