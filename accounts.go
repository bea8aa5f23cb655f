package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// dialFunc connects to a console; nil is the ordinary network.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// accounts is what a configuration has made of its accounts.
type accounts struct {
	dial  dialFunc
	gates map[string]*poller.Gate // by the console's host: its burst limit is for all who ask it
	each  []*account
}

// account is an account in operation: the quota, and who asks with which credential.
type account struct {
	config      config.Account
	quota       *poller.Account
	usage       *collector.Usage
	credentials []credential
}

type credential struct {
	config config.Credential
	poller.Credential
}

// with makes the accounts of a configuration. What is the same as before is taken
// over: an account by its name and console, a credential by all that is set of it. On
// an error everything is as it was.
func (a *accounts) with(c *config.Config) (*accounts, error) {
	next := &accounts{dial: a.dial, gates: map[string]*poller.Gate{}}
	for _, configured := range c.Accounts {
		if host := hostOf(configured.URL); a.gates[host] != nil {
			next.gates[host] = a.gates[host]
		}
		made, err := next.account(configured, a.find(configured))
		if err != nil {
			return nil, err
		}
		next.each = append(next.each, made)
	}
	// From here on nothing can fail.
	for _, each := range next.each {
		expires := map[string]time.Time{}
		for _, c := range each.credentials {
			expires[c.Name] = c.config.Expires
		}
		each.quota.Hold(each.config.Share)
		each.usage.SetExpirations(expires)
	}
	return next, nil
}

func (a *accounts) find(wanted config.Account) *account {
	for _, each := range a.each {
		if each.config.Name == wanted.Name && each.config.URL == wanted.URL {
			return each
		}
	}
	return nil
}

// account makes an account, of what it was before as far as it can; nil is nothing.
func (a *accounts) account(c config.Account, before *account) (*account, error) {
	made := &account{config: c}
	if before != nil {
		made.quota, made.usage = before.quota, before.usage
	} else {
		made.quota, made.usage = poller.NewAccount(c.Share, a.gate(c.URL)), collector.NewUsage()
	}
	for _, configured := range c.Credentials {
		if before != nil {
			if same := before.find(configured); same != nil {
				made.credentials = append(made.credentials, credential{configured, *same})
				continue
			}
		}
		usage := made.usage.Credential(configured.Name)
		settings := configured.Runzero
		settings.Observer = observers{made.quota.Observer(configured.Name), usage}
		settings.Admit = made.quota.Admit
		settings.UserAgent = version.ComponentUserAgent(name)
		settings.DialContext = a.dial
		client, err := runzero.New(settings)
		if err != nil {
			return nil, fmt.Errorf("credential %q of account %q: %w", configured.Name, c.Name, err)
		}
		made.credentials = append(made.credentials, credential{configured, poller.Credential{Name: configured.Name, Client: client, Usage: usage}})
	}
	return made, nil
}

// find returns the credential that is set like this one.
func (a *account) find(wanted config.Credential) *poller.Credential {
	for i := range a.credentials {
		if c := &a.credentials[i]; c.Name == wanted.Name && reflect.DeepEqual(c.config.Runzero, wanted.Runzero) {
			return &c.Credential
		}
	}
	return nil
}

// gate is the burst limit of a console.
func (a *accounts) gate(console string) *poller.Gate {
	host := hostOf(console)
	if a.gates[host] == nil {
		a.gates[host] = poller.NewGate()
	}
	return a.gates[host]
}

func hostOf(console string) string {
	if u, err := url.Parse(console); err == nil && u.Host != "" {
		return strings.ToLower(u.Host)
	}
	return console
}

// targets are the accounts as they are polled.
func (a *accounts) targets(c *config.Config) []poller.Target {
	var targets []poller.Target
	for _, each := range a.each {
		t := poller.Target{
			Name: each.config.Name, Account: each.quota, Fingerprint: c.Fingerprint(each.config),
			Include: each.config.Selection.Include, Exclude: each.config.Selection.Exclude, Collectors: polled(c),
		}
		for _, c := range each.credentials {
			t.Credentials = append(t.Credentials, c.Credential)
		}
		targets = append(targets, t)
	}
	return targets
}

// polled are the collectors of a configuration as they are polled.
func polled(c *config.Config) []poller.Collector {
	var all []poller.Collector
	for _, enabled := range c.Collectors {
		if enabled.Scope == collector.HeadersOnly {
			continue
		}
		p := poller.Collector{
			Name: enabled.Name, Scope: enabled.Scope, Needs: enabled.Needs, Interval: enabled.Interval,
			Shape: enabled.Fingerprint, Collector: enabled.New(c.Settings), Found: enabled.FromDiscovery,
		}
		if enabled.AccountWide != nil {
			p.Wide = enabled.AccountWide(c.Settings)
		}
		all = append(all, p)
	}
	return all
}

// metrics are what tells of the accounts without being polled: their quotas, and, if
// it is wanted, the use of them.
func (a *accounts) metrics(c *config.Config) *prometheus.Registry {
	usage := false
	for _, enabled := range c.Collectors {
		usage = usage || enabled.Scope == collector.HeadersOnly
	}
	registry := prometheus.NewRegistry()
	for _, each := range a.each {
		register := prometheus.Registerer(registry)
		if each.config.Name != "" {
			register = prometheus.WrapRegistererWith(prometheus.Labels{collector.AccountLabel: each.config.Name}, registry)
		}
		register.MustRegister(each.quota.Metrics())
		if usage {
			register.MustRegister(each.usage)
		}
	}
	return registry
}

// observers tells several of every exchange.
type observers []runzero.Observer

func (o observers) Responded(e runzero.Exchange) {
	for _, each := range o {
		each.Responded(e)
	}
}

func (o observers) Finished(e runzero.Exchange) {
	for _, each := range o {
		each.Finished(e)
	}
}
