package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/budget"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
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
	c, err := flags.Validate()
	switch {
	case err != nil:
		return err
	case p.limit < 0:
		return errors.New("--limit must not be negative: it is the number of the account's licensed assets")
	case p.organizations < 0:
		return errors.New("--organizations must not be negative: it is how many organizations are polled")
	}
	names := c.Organizations
	limit := p.limit
	known, ran, err := remember(logger, c)
	if err != nil {
		return err
	}
	if ran {
		names, limit = known.Organizations, cmp.Or(p.limit, known.Limit)
	}
	switch {
	case limit == 0 && ran:
		return errors.New("the console told the run in --cache.dir no limit, and without one nothing is stretched: to see how a limit would do, pass it with --limit")
	case limit == 0:
		return errors.New("the account's limit is not known: pass the number of its licensed assets with --limit, or --cache.dir of an exporter that has run")
	}
	f := makeForecast(planRows(c, flags, names, p.organizations), c.Share, limit)
	if f.calls == 0 {
		return fmt.Errorf("--quota.share=%g of %d API calls a day is less than one call: nothing could ever be asked; raise --quota.share", c.Share.Share, limit)
	}
	if _, err := io.WriteString(stdout, f.table()+"\n"+f.verdict(c)); err != nil {
		return err
	}
	if !f.fits() {
		return errDoesNotFit
	}
	return nil
}

// remember reads what an earlier run left in --cache.dir. It opens a copy, because the
// folder may be that of an exporter that runs, whose files a second one must not touch,
// or one that may only be read.
func remember(logger log.Logger, c *config.Config) (known poller.Remembered, ran bool, err error) {
	if c.CacheDir == "" {
		return known, false, nil
	}
	copied, err := os.MkdirTemp("", name+"-plan-")
	if err != nil {
		return known, false, fmt.Errorf("--cache.dir cannot be looked at: %w", err)
	}
	defer func() { _ = os.RemoveAll(copied) }()
	folder := os.DirFS(c.CacheDir)
	states, err := fs.Glob(folder, "state-*.prom")
	for _, file := range states {
		var data []byte
		if data, err = fs.ReadFile(folder, file); err == nil {
			err = os.WriteFile(filepath.Join(copied, file), data, 0o600)
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		return known, false, fmt.Errorf("--cache.dir cannot be read: %w", err)
	}
	kept, err := store.Open(copied, storeLog(logger))
	if err != nil {
		return known, false, err
	}
	known, ran = poller.Remember(kept, "", c.Shape())
	return known, ran, nil
}

// row is one line of the table.
type row struct {
	collector, organization string
	job                     budget.Job
	count                   int    // of organizations it stands for
	flag                    string // that sets the interval; empty: none does
}

// jobs are the row's, as one that makes the calls of all.
func (r row) jobs() budget.Job {
	return budget.Job{Calls: r.job.Calls * float64(r.count), Interval: r.job.Interval}
}

// daily is the calls a day of the row when its interval is stretched.
func (r row) daily(stretch float64) float64 {
	return budget.Demand([]budget.Job{r.jobs()}, 24*time.Hour) / stretch
}

// stretched is the interval that results.
func (r row) stretched(stretch float64) time.Duration {
	return budget.Due(time.Time{}, r.job.Interval, stretch).Sub(time.Time{})
}

// Of more organizations than this, a row stands for all: their numbers are the same.
const rowsEach = 10

// planRows lists what is polled, the way the poller does.
func planRows(c *config.Config, flags config.Flags, names []string, organizations int) []row {
	var rows []row
	if c.Runzero.Kind() == runzero.Account {
		rows = append(rows, row{collector: poller.Discovery, job: budget.Job{Calls: 1, Interval: poller.DiscoveryInterval}, count: 1})
	}
	n := max(cmp.Or(organizations, len(names)), 1)
	for _, enabled := range c.Collectors {
		r := row{collector: enabled.Name, job: budget.Job{Calls: 1, Interval: enabled.Interval}, count: 1, flag: "--cache.interval"}
		if enabled.Spec.Interval != 0 || flags.Collectors[enabled.Name].Interval != 0 {
			r.flag = "--collector." + enabled.Name + ".interval"
		}
		switch {
		case enabled.Scope == collector.Unasked:
		case enabled.Scope == collector.PerConsole:
			rows = append(rows, r)
		case organizations > 0 || len(names) == 0 || n > rowsEach:
			r.organization, r.count = "one organization", n
			if n > 1 {
				r.organization = fmt.Sprintf("each of %d", n)
			}
			rows = append(rows, r)
		default:
			for _, name := range names {
				r.organization = collector.Label(name)
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// forecast is what a configuration asks of an account, and what comes of it.
type forecast struct {
	rows    []row
	share   budget.Share
	limit   int64
	calls   int64   // a day, that this exporter may spend
	demand  float64 // calls a day as configured
	stretch float64 // what intervals are multiplied by; without bound when calls is 0
}

// makeForecast works out a whole day from its beginning, of which nobody else has
// spent anything.
func makeForecast(rows []row, share budget.Share, limit int64) forecast {
	f := forecast{rows: rows, share: share, limit: limit, calls: share.Calls(limit)}
	var jobs []budget.Job
	for _, r := range rows {
		jobs = append(jobs, r.jobs())
	}
	f.demand = budget.Demand(jobs, 24*time.Hour)
	f.stretch = budget.Stretch(jobs, budget.Allowance{Known: true, Calls: f.calls}, 24*time.Hour)
	return f
}

func (f forecast) fits() bool { return f.stretch <= 1 }
