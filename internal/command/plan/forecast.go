package plan

import (
	"fmt"
	"math"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// forecast compares what a configuration needs with what an account's quota permits. It
// covers one day on which no other tool spends any calls.
type forecast struct {
	rows    []row
	share   quota.Share
	limit   int64
	calls   int64         // a day that this exporter may spend
	demand  float64       // calls a day with the intervals as configured
	floor   time.Duration // see schedule.Floor
	stretch float64       // the largest ratio of a resulting interval to the configured one
	// unreached are the collectors for which the account has no credential, by the kind that they need.
	unreached            map[runzero.Kind][]string
	inFile               bool // the account is in the file and may have quota settings of its own
	severalOrganizations bool // some collector is polled for each of several organizations
}

// row is one line of the table: count polls that differ in their organization alone.
type row struct {
	collector, organization string
	reason                  string // why it is polled, as in runzero_collector_poll_reason_total
	calls                   int    // of a poll
	load                    schedule.Load
	count                   int
	setting                 string        // the setting of the interval; empty when there is none
	between                 time.Duration // changes of what is polled, too, while nothing has changed; 0: it is not
}

// With more organizations than this, a collector has one row for all of them.
const maxRows = 10

// rounding is the relative error that sums of fractions may have. Without it, intervals that
// fit exactly would sometimes not fit.
const rounding = 1e-9

func newForecast(polls []schedule.Poll, share quota.Share, limit int64, scans float64) forecast {
	f := forecast{share: share, limit: limit, calls: share.Calls(limit), unreached: map[runzero.Kind][]string{}}
	organizations := map[string]int{}
	for _, p := range polls {
		if !p.Changes {
			organizations[p.Name]++
		}
		f.severalOrganizations = f.severalOrganizations || p.Costs() && organizations[p.Name] > 1
	}
	var last schedule.Poll
	var added int // rows of the last poll
	for _, p := range polls {
		same := p.Name == last.Name && p.Changes == last.Changes
		switch {
		case p.Missing != "" && !same:
			f.unreached[p.Missing] = append(f.unreached[p.Missing], p.Name)
		case !p.Costs():
		case same && (organizations[p.Name] > maxRows || p.Organization.Name == ""):
			for i := len(f.rows) - added; i < len(f.rows); i++ {
				f.rows[i].count++
				f.rows[i].organization = fmt.Sprintf("each of %d", f.rows[i].count)
			}
		default:
			rows := newRows(p, organizations[p.Name], scans)
			f.rows, added = append(f.rows, rows...), len(rows)
		}
		last = p
	}
	var loads []schedule.Load
	for _, r := range f.rows {
		load := r.load
		load.Calls *= float64(r.count)
		loads = append(loads, load)
	}
	loads = schedule.Merge(loads)
	f.demand = schedule.Demand(loads, 24*time.Hour)
	// A demand that fits exactly may exceed the calls by the rounding of sums.
	if f.demand > float64(f.calls)*(1+rounding) {
		f.floor, _ = schedule.Floor(loads, schedule.Allowance{Limited: true, Calls: f.calls, Left: 24 * time.Hour})
	}
	f.stretch = schedule.Ratio(loads, f.floor)
	return f
}

// newRows returns a row, or two for what is polled on change, when an organization has so many scans a day.
func newRows(p schedule.Poll, organizations int, scans float64) []row {
	r := row{
		collector: p.Name, organization: organizationOf(p, organizations), reason: collector.ReasonInterval,
		calls: p.Calls(), load: p.Load(), count: 1, setting: p.IntervalSource,
	}
	switch {
	case p.Daily:
		r.setting = "" // a day is a day
	case p.MaxInterval > 0:
		r.setting = p.Collector.MaxIntervalSource
		if scans == 0 {
			return []row{r}
		}
		scans = max(scans, 1e-4) // fewer would be more than a time.Duration apart
		change := r
		change.reason, change.setting = collector.ReasonChange, ""
		between := time.Duration(float64(24*time.Hour) / scans)
		change.load.Interval, change.load.Weight = max(p.Interval, between), p.Weight
		// From one scan to the next it is polled as often as MaxInterval has passed.
		r.between = between
		unchanged := scans * max(0, math.Ceil(between.Seconds()/p.MaxInterval.Seconds())-1)
		r.load.Calls *= unchanged * p.MaxInterval.Seconds() / (24 * time.Hour).Seconds()
		return []row{change, r}
	}
	return []row{r}
}

func organizationOf(p schedule.Poll, organizations int) string {
	switch {
	case p.Name == schedule.Discovery:
	case p.AccountWide:
		return "all at once"
	case p.Organization.ID == "":
	case p.Organization.Name == "" && organizations == 1:
		return "one organization"
	default:
		return collector.Label(p.Organization.Name)
	}
	return ""
}

func (f forecast) fits() bool { return f.stretch <= 1 }

// quotaSetting returns a setting of the quota as users write it.
func (f forecast) quotaSetting(name string) string {
	if f.inFile {
		return "quota." + name
	}
	return "--quota." + name
}

// daily returns the calls a day of all polls of the row.
func (r row) daily(floor time.Duration) float64 {
	return r.load.Calls * float64(r.count) * (24 * time.Hour).Seconds() / r.load.InForce(floor).Seconds()
}

// total returns the calls a day with the resulting intervals.
func (f forecast) total() float64 {
	sum := 0.0
	for _, r := range f.rows {
		sum += r.daily(f.floor)
	}
	return sum
}
