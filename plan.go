package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// plan shows what the intervals cost. It asks nobody.
type plan struct {
	limit         int64
	organizations int
}

func addPlanFlags(command *kingpin.CmdClause) *plan {
	p := &plan{}
	command.Flag("limit", "API calls a day of the account, which is its licensed assets. Default: what --cache.dir remembers of the last run.").Int64Var(&p.limit)
	command.Flag("organizations", "How many organizations are polled. Default: what --cache.dir remembers, else those named by --runzero.organization, else 1.").IntVar(&p.organizations)
	return p
}

// errDoesNotFit makes the exit code; the table has said the rest.
var errDoesNotFit = errors.New("the intervals do not fit into the share of the quota: they will be stretched")

func (p *plan) run(logger log.Logger, flags config.Flags, stdout io.Writer) error {
	flags.Offline = true
	c, err := flags.Load()
	switch {
	case err != nil:
		return err
	case p.limit < 0:
		return errors.New("--limit must not be negative: it is the number of the account's licensed assets")
	case p.organizations < 0:
		return errors.New("--organizations must not be negative: it is how many organizations are polled")
	}
	fits := true
	for i, a := range c.Accounts {
		f, err := p.account(logger, c, a)
		if err != nil {
			return err
		}
		text := f.table() + "\n" + f.verdict(c)
		if a.Name != "" {
			text = "Account " + a.Name + "\n\n" + text
		}
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(stdout, text); err != nil {
			return err
		}
		fits = fits && f.fits()
	}
	if !fits {
		return errDoesNotFit
	}
	return nil
}

// account is the forecast of one account.
func (p *plan) account(logger log.Logger, c *config.Config, a config.Account) (forecast, error) {
	of := ""
	if a.Name != "" {
		of = fmt.Sprintf(" of account %q", a.Name)
	}
	known, ran, err := remember(logger, c, a)
	if err != nil {
		return forecast{}, err
	}
	limit := cmp.Or(p.limit, known.Limit)
	switch {
	case limit == 0 && ran:
		return forecast{}, fmt.Errorf("the console told the run%s in --cache.dir no limit, and without one nothing is stretched: to see how a limit would do, pass it with --limit", of)
	case limit == 0:
		return forecast{}, fmt.Errorf("the limit%s is not known: pass the number of its licensed assets with --limit, or --cache.dir of an exporter that has run", cmp.Or(of, " of the account"))
	}
	asked := planRows(c, a, known, p.organizations)
	f := makeForecast(asked.rows, a.Share, limit)
	f.unreached, f.file = asked.unreached, a.Name != ""
	if f.calls == 0 {
		return f, fmt.Errorf("%s=%g of %d API calls a day%s is less than one call: nothing could ever be asked; raise it", f.quota("share"), a.Share.Share, limit, of)
	}
	return f, nil
}

// remember reads what an earlier run left in --cache.dir, which may be in use.
func remember(logger log.Logger, c *config.Config, a config.Account) (known poller.Remembered, ran bool, err error) {
	if c.CacheDir == "" {
		return known, false, nil
	}
	if _, err := os.Stat(c.CacheDir); errors.Is(err, os.ErrNotExist) {
		return known, false, nil
	}
	kept, err := store.OpenReadOnly(c.CacheDir, logger)
	if err != nil {
		return known, false, err
	}
	of := poller.Target{Name: a.Name, Fingerprint: c.Fingerprint(a), Include: a.Selection.Include, Exclude: a.Selection.Exclude}
	for _, credential := range a.Credentials {
		of.Credentials = append(of.Credentials, poller.Credential{Name: credential.Name})
	}
	known, ran = poller.Remember(kept, of)
	return known, ran, nil
}

// row is one line of the table.
type row struct {
	collector, organization string
	job                     quota.Job
	count                   int    // of organizations it stands for
	setting                 string // that decides the interval; empty: none does
}

// jobs are the row's, as one that makes the calls of all.
func (r row) jobs() quota.Job {
	return quota.Job{Calls: r.job.Calls * float64(r.count), Interval: r.job.Interval}
}

// daily is the calls a day of the row when its interval is stretched.
func (r row) daily(stretch float64) float64 {
	return quota.Demand([]quota.Job{r.jobs()}, 24*time.Hour) / stretch
}

// stretched is the interval that results.
func (r row) stretched(stretch float64) time.Duration {
	return quota.Due(time.Time{}, r.job.Interval, stretch).Sub(time.Time{})
}

// Of more organizations than this, a row stands for all: their numbers are the same.
const rowsEach = 10

// asked is what is polled, and what is not because no credential reaches it.
type asked struct {
	rows      []row
	unreached map[runzero.Kind][]string // collectors by what they need
}

// planRows lists what is polled of an account, the way the poller does.
func planRows(c *config.Config, a config.Account, known poller.Remembered, organizations int) asked {
	var kinds []runzero.Kind
	for _, credential := range a.Credentials {
		kinds = append(kinds, credential.Runzero.Kind())
	}
	if known.Whole || slices.Contains(kinds, runzero.AccountCredential) {
		kinds = append(kinds, runzero.AccountCredential)
	}
	if !slices.ContainsFunc(kinds, func(k runzero.Kind) bool { return k != runzero.UnknownKind }) {
		kinds = []runzero.Kind{runzero.ExportToken} // which most use
	}
	whole := slices.Contains(kinds, runzero.AccountCredential)
	reached := func(needs runzero.Kind) bool {
		return slices.ContainsFunc(kinds, func(k runzero.Kind) bool { return k.Reaches(needs) })
	}
	names := known.Organizations
	if len(names) == 0 {
		names = a.Selection.Include
	}
	var each []row // an organization
	n := max(cmp.Or(organizations, len(names)), 1)
	if organizations > 0 || len(names) == 0 || n > rowsEach {
		r := row{organization: "one organization", count: n}
		if n > 1 {
			r.organization = fmt.Sprintf("each of %d", n)
		}
		each = []row{r}
	} else {
		for _, name := range names {
			each = append(each, row{organization: collector.Label(name), count: 1})
		}
	}
	asked := asked{unreached: map[runzero.Kind][]string{}}
	if whole {
		asked.rows = append(asked.rows, row{collector: poller.Discovery, job: quota.Job{Calls: 1, Interval: poller.DiscoveryInterval}, count: 1})
	}
	for _, enabled := range c.Collectors {
		job := quota.Job{Calls: float64(max(enabled.Calls, 1)), Interval: enabled.Interval}
		at := row{collector: enabled.Name, job: job, count: 1, setting: enabled.IntervalSource}
		switch {
		case enabled.Scope == collector.HeadersOnly:
		case enabled.Needs != "" && !reached(enabled.Needs):
			asked.unreached[enabled.Needs] = append(asked.unreached[enabled.Needs], enabled.Name)
		case enabled.FromDiscovery != nil && whole: // fed by the discovery
			asked.rows[0].job, asked.rows[0].setting = job, enabled.IntervalSource
		case enabled.AccountWide != nil && whole:
			at.organization = "all at once"
			asked.rows = append(asked.rows, at)
		case enabled.Scope != collector.PerOrganization:
			asked.rows = append(asked.rows, at)
		default:
			for _, of := range each {
				of.collector, of.job, of.setting = at.collector, at.job, at.setting
				asked.rows = append(asked.rows, of)
			}
		}
	}
	return asked
}

// forecast is what a configuration asks of an account, and what comes of it.
type forecast struct {
	rows    []row
	share   quota.Share
	limit   int64
	calls   int64   // a day, that this exporter may spend
	demand  float64 // calls a day as configured
	stretch float64 // what intervals are multiplied by; without bound when calls is 0

	unreached map[runzero.Kind][]string
	file      bool // the account is the file's, and may set its own quota
}

// quota is what users call a setting of the quota.
func (f forecast) quota(setting string) string {
	if f.file {
		return "quota." + setting
	}
	return "--quota." + setting
}

// makeForecast works out a whole day from its beginning, of which nobody else has
// spent anything.
func makeForecast(rows []row, share quota.Share, limit int64) forecast {
	f := forecast{rows: rows, share: share, limit: limit, calls: share.Calls(limit)}
	var jobs []quota.Job
	for _, r := range rows {
		jobs = append(jobs, r.jobs())
	}
	f.demand = quota.Demand(jobs, 24*time.Hour)
	f.stretch = quota.Stretch(jobs, quota.Allowance{Known: true, Calls: f.calls}, 24*time.Hour)
	return f
}

func (f forecast) fits() bool { return f.stretch <= 1 }
