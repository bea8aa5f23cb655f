package schedule

import (
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Discovery is the name of the polls that find out which organizations the credentials of an account reach.
const Discovery = "discovery"

// discoveryInterval is how often the organizations of an account credential are listed,
// because they come and go, where no collector that exports them sets another interval.
const discoveryInterval = time.Hour

// RenamedInterval is how often a token is asked again for its organization, whose name may have changed.
const RenamedInterval = 24 * time.Hour

// Account is what decides which polls an account needs.
type Account struct {
	Kinds         []runzero.Kind // of its credentials
	Organizations []Organization // those to poll
	Collectors    []Collector
	// Refused reports that the account-wide form of a collector proved unsupported, so that
	// its organizations are polled one by one; nil: none did.
	Refused func(collector string) bool
}

// Organization is an organization to poll.
type Organization struct {
	collector.Organization
	AccountWide bool // an account credential reaches it
}

// Poll is something to request again and again.
type Poll struct {
	Name           string                 // the collector's, or Discovery
	Collector      *Collector             // nil for Discovery
	Organization   collector.Organization // empty for what belongs to no single organization
	AccountWide    bool                   // one poll covers all organizations of the account
	FromDiscovery  bool                   // derived from what discovery finds: makes no request of its own
	Changes        bool                   // account-wide: finds out what has changed in organizations that are polled one by one
	Daily          bool                   // polled once a day only, as long as changes are polled
	Interval       time.Duration          // as configured
	IntervalSource string                 // the setting that decides Interval, as users write it; empty: none does
	MaxInterval    time.Duration          // see Collector
	Weight         float64                // see Load
	Place          int                    // orders the polls of an organization, the cheapest first
	Missing        runzero.Kind           // the kind of credential that it needs and the account lacks; empty: none
}

// Calls is how many API calls the poll takes, as far as that is known beforehand.
func (p Poll) Calls() int {
	if p.Collector == nil {
		return 1
	}
	return max(p.Collector.Calls, 1)
}

// Polls lists the polls that an account needs, discovery first. What one account-wide poll
// covers is not polled organization by organization, unless the account-wide form is
// refused: that one stays, to be tried again, and the organizations join it.
func Polls(a Account) []Poll {
	accountWide := slices.ContainsFunc(a.Organizations, func(o Organization) bool { return o.AccountWide })
	discovery := discoveryOf(a.Collectors)
	if !accountWide {
		discovery.Interval, discovery.IntervalSource = RenamedInterval, ""
	}
	polls := []Poll{discovery}
	for i := range a.Collectors {
		c := &a.Collectors[i]
		if c.Scope == collector.HeadersOnly {
			continue
		}
		poll := Poll{
			Name: c.Name, Collector: c, Interval: c.Interval, IntervalSource: c.IntervalSource, Weight: c.Weight,
			MaxInterval: c.MaxInterval, Place: i + 1, Missing: a.missing(c.Needs),
		}
		if c.Scope != collector.PerOrganization {
			polls = append(polls, poll)
			continue
		}
		covered := accountWide && (c.AccountWide != nil || c.FromDiscovery != nil)
		if covered {
			wide := poll
			wide.AccountWide, wide.FromDiscovery = true, c.FromDiscovery != nil
			polls = append(polls, wide)
			covered = a.Refused == nil || !a.Refused(c.Name)
		}
		followed := accountWide && c.Changes != nil
		if followed {
			wide := poll
			wide.AccountWide, wide.Changes = true, true
			polls = append(polls, wide)
			followed = a.Refused == nil || !a.Refused(c.Name)
		}
		for _, o := range a.Organizations {
			if covered && o.AccountWide {
				continue
			}
			poll.Organization, poll.Daily = o.Organization, followed && o.AccountWide
			polls = append(polls, poll)
		}
	}
	return polls
}

func (a Account) missing(needs runzero.Kind) runzero.Kind {
	if needs == "" || slices.ContainsFunc(a.Kinds, func(k runzero.Kind) bool { return k.Reaches(needs) }) {
		return ""
	}
	return needs
}

// DiscoveryInterval is how often an account credential's organizations are listed.
func DiscoveryInterval(collectors []Collector) time.Duration { return discoveryOf(collectors).Interval }

// discoveryOf returns the discovery of account credentials: the collector whose result is derived from it sets its
// interval and weight.
func discoveryOf(collectors []Collector) Poll {
	for _, c := range collectors {
		if c.FromDiscovery != nil {
			return Poll{Name: Discovery, Interval: c.Interval, IntervalSource: c.IntervalSource, Weight: c.Weight}
		}
	}
	return Poll{Name: Discovery, Interval: discoveryInterval, Weight: discoveryWeight}
}

// Costs reports whether the poll makes requests again and again.
func (p Poll) Costs() bool { return !p.FromDiscovery && p.Missing == "" && p.Interval > 0 }

// WholeInterval is how often everything is polled of what otherwise only changes are polled of: it corrects what changes
// cannot show, such as deletions.
const WholeInterval = 24 * time.Hour

// Load is what the poll costs, as far as that is known beforehand, while nothing changes.
func (p Poll) Load() Load {
	l := Load{Calls: float64(p.Calls()), Interval: max(p.Interval, p.MaxInterval), Weight: p.Weight}
	if p.MaxInterval > 0 {
		l.Weight *= UnchangedWeight
	}
	if p.Daily {
		l.Interval = max(l.Interval, WholeInterval)
	}
	return l
}

// Loads are what polls cost, as far as that is known before any was made.
func Loads(polls []Poll) []Load {
	var loads []Load
	for _, p := range polls {
		if p.Costs() {
			loads = append(loads, p.Load())
		}
	}
	return Merge(loads)
}
