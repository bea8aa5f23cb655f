package plan

import (
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// forecast is what a configuration needs of an account's quota, and what comes of it. It
// covers one whole day, in which nobody else spends anything.
type forecast struct {
	rows    []row
	share   quota.Share
	limit   int64
	calls   int64   // a day, that this exporter may make
	demand  float64 // calls a day as configured
	stretch float64 // what intervals are multiplied by; infinite when calls is 0
	// unreached are the collectors that no credential reaches, by what they need.
	unreached map[runzero.Kind][]string
	inFile    bool // the account is in the file, and may have its own quota settings
}

// row is one line of the table. It stands for count equal polls.
type row struct {
	collector, organization string
	load                    schedule.Load
	count                   int
	setting                 string // decides the interval; empty when no setting does
}

// Above this many organizations, one row stands for all of them: their numbers are equal.
const maxRows = 10

func newForecast(polls []schedule.Poll, share quota.Share, limit int64) forecast {
	f := forecast{share: share, limit: limit, calls: share.Calls(limit), unreached: map[runzero.Kind][]string{}}
	organizations := map[string]int{}
	for _, p := range polls {
		organizations[p.Name]++
	}
	last := ""
	for _, p := range polls {
		switch {
		case p.Missing != "" && p.Name != last:
			f.unreached[p.Missing] = append(f.unreached[p.Missing], p.Name)
		case !p.Costs():
		case p.Name == last && (organizations[p.Name] > maxRows || p.Organization.Name == ""):
			f.rows[len(f.rows)-1].count++
		default:
			f.rows = append(f.rows, newRow(p, organizations[p.Name]))
		}
		last = p.Name
	}
	for i := range f.rows {
		if r := &f.rows[i]; r.count > 1 {
			r.organization = fmt.Sprintf("each of %d", r.count)
		}
	}
	loads := schedule.Loads(polls)
	f.demand = schedule.Demand(loads, 24*time.Hour)
	f.stretch = schedule.Stretch(loads, schedule.Allowance{Limited: true, Calls: f.calls, Left: 24 * time.Hour})
	return f
}

func newRow(p schedule.Poll, organizations int) row {
	r := row{collector: p.Name, load: schedule.Load{Calls: float64(p.Calls()), Interval: p.Interval}, count: 1, setting: p.IntervalSource}
	switch {
	case p.Name == schedule.Discovery:
	case p.AccountWide:
		r.organization = "all at once"
	case p.Organization.ID == "":
	case p.Organization.Name == "" && organizations == 1:
		r.organization = "one organization"
	default:
		r.organization = collector.Label(p.Organization.Name)
	}
	return r
}

func (f forecast) fits() bool { return f.stretch <= 1 }

// quotaSetting is what users call a setting of the quota.
func (f forecast) quotaSetting(name string) string {
	if f.inFile {
		return "quota." + name
	}
	return "--quota." + name
}

// daily is the calls a day that the row makes when its interval is stretched.
func (r row) daily(stretch float64) float64 {
	load := r.load
	load.Calls *= float64(r.count)
	return schedule.Demand([]schedule.Load{load}, 24*time.Hour) / stretch
}

// stretched is the interval that results.
func (r row) stretched(stretch float64) time.Duration {
	return schedule.Due(time.Time{}, r.load.Interval, stretch).Sub(time.Time{})
}
