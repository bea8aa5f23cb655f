// Package plan works out, offline, how many API calls a day a configuration needs, whether
// they fit into the quota, and what to change.
package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Options are what the flags set.
type Options struct {
	Flags         config.Flags
	Limit         int64   // the account's API calls a day; 0: as cached by an earlier run
	ScansPerDay   float64 // that end in an organization, with imports and connectors
	Organizations int     // to poll; 0: as cached by an earlier run, else the included ones, else one
}

const maxScans = 100_000

var errDoesNotFit = errors.New("the intervals do not fit into the share of the quota and will be stretched")

// Run prints the forecast of each account.
func Run(ctx context.Context, env command.Env, o Options) error {
	o.Flags.Offline = true
	c, err := o.Flags.Load()
	switch {
	case err != nil:
		return err
	case o.Limit < 0:
		return errors.New("--limit must not be negative: it is the number of the account's licensed assets")
	case !(o.ScansPerDay >= 0 && o.ScansPerDay <= maxScans): // negated, because NaN must be refused too
		return fmt.Errorf("--scans-per-day must be from 0 to %d: it is how many scans, imports and connectors end in an organization each day", maxScans)
	case o.Organizations < 0:
		return errors.New("--organizations must not be negative: it is the number of organizations to poll")
	}
	for _, warning := range c.Warnings {
		level.Warn(env.Logger).Log("msg", warning)
	}
	separator := ""
	var misfit error
	for _, a := range c.Accounts {
		f, err := o.account(ctx, env.Logger, c, a)
		if err != nil {
			return err
		}
		title := ""
		if a.Name != "" {
			title = "Account " + a.Name + "\n\n"
		}
		if _, err := io.WriteString(env.Stdout, separator+title+f.table()+"\n"+f.verdict(c.MaxAge)); err != nil {
			return fmt.Errorf("printing the plan: %w", err)
		}
		separator = "\n"
		if !f.fits() {
			misfit = errDoesNotFit
		}
	}
	return misfit
}

func (o Options) account(ctx context.Context, logger log.Logger, c *config.Config, a config.Account) (forecast, error) {
	of := ""
	if a.Name != "" {
		of = fmt.Sprintf(" of account %q", a.Name)
	}
	known, ran, err := remember(ctx, logger, c, a)
	if err != nil {
		return forecast{}, err
	}
	configured, _ := a.Share.Limit.Get()
	limit := cmp.Or(o.Limit, known.Limit, configured)
	switch {
	case limit == 0 && ran && !runzero.IsCloud(a.URL):
		return forecast{}, fmt.Errorf("the console%s reports no limit, as cached in --cache.dir, and without a limit intervals are not stretched: to see the effect of a limit, pass it with --limit", of)
	case limit == 0:
		return forecast{}, fmt.Errorf("the limit%s is unknown: pass the number of its licensed assets with --limit or --quota.limit, or the --cache.dir of an exporter that has already run", cmp.Or(of, " of the account"))
	}
	f := newForecast(o.polls(c, a, known), a.Share, limit, o.ScansPerDay)
	f.inFile = a.Name != ""
	if f.calls == 0 {
		return f, fmt.Errorf("%s=%g of %d API calls a day%s is less than one call: nothing could ever be polled; raise it", f.quotaSetting("share"), a.Share.Share, limit, of)
	}
	return f, nil
}

// remember reads what an earlier run has cached. The cache may be in use by a running exporter.
func remember(ctx context.Context, logger log.Logger, c *config.Config, a config.Account) (known poller.Remembered, ran bool, err error) {
	var cached store.Store
	switch {
	case c.Cache.URL != "":
		cached, err = store.OpenShared(ctx, c.Cache, store.Options{Logger: logger, Required: true})
	case c.CacheDir != "":
		cached, err = store.OpenReadOnly(c.CacheDir, store.Options{Logger: logger})
	default:
		return known, false, nil
	}
	if err != nil {
		return known, false, err
	}
	defer func() { _ = cached.Close() }()
	account := poller.Account{Name: a.Name, Fingerprint: c.Fingerprint(a), Selection: a.Selection}
	for _, credential := range a.Credentials {
		account.Credentials = append(account.Credentials, poller.Credential{Name: credential.Name})
	}
	known, ran = poller.Remember(cached, account, time.Now())
	return known, ran, nil
}

// polls lists the polls of an account, as far as they are known offline.
func (o Options) polls(c *config.Config, a config.Account, known poller.Remembered) []schedule.Poll {
	account := schedule.Account{Collectors: c.Collectors}
	for _, credential := range a.Credentials {
		if kind := credential.Runzero.Kind(); kind != runzero.UnknownKind {
			account.Kinds = append(account.Kinds, kind)
		}
	}
	if known.AccountWide {
		account.Kinds = append(account.Kinds, runzero.AccountCredential)
	}
	if len(account.Kinds) == 0 {
		account.Kinds = []runzero.Kind{runzero.ExportToken} // the most common
	}
	accountWide := slices.Contains(account.Kinds, runzero.AccountCredential)
	names := known.Organizations
	if len(names) == 0 {
		names = a.Selection.Include
	}
	if o.Organizations > 0 || len(names) == 0 {
		names = make([]string, max(o.Organizations, 1)) // names unknown
	}
	for i, name := range names {
		o := collector.Organization{ID: strconv.Itoa(i), Name: name}
		account.Organizations = append(account.Organizations, schedule.Organization{Organization: o, AccountWide: accountWide})
	}
	return schedule.Polls(account)
}
