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

// Account is what decides which polls an account needs.
type Account struct {
	// Kinds are the kinds of its credentials.
	Kinds []runzero.Kind
	// Organizations are those to poll.
	Organizations []Organization
	Collectors    []Collector
	// Refused reports that the account-wide form of a collector proved unsupported, so that
	// its organizations are polled one by one; nil: none did.
	Refused func(collector string) bool
}

// Organization is an organization to poll.
type Organization struct {
	collector.Organization
	// AccountWide reports that an account credential reaches it.
	AccountWide bool
}

// Poll is something to request again and again.
type Poll struct {
	// Name is the collector's name, or Discovery.
	Name string
	// Collector is what is polled; nil for Discovery.
	Collector *Collector
	// Organization is empty for what belongs to no single organization.
	Organization collector.Organization
	// AccountWide reports that one poll covers all organizations of the account.
	AccountWide bool
	// FromDiscovery reports that the result is derived from what discovery finds: it makes no request of its own.
	FromDiscovery bool
	// Interval is the time between polls as configured; 0: polled until it succeeds once.
	Interval time.Duration
	// IntervalSource is the setting that decides Interval, as users write it; empty when no setting does.
	IntervalSource string
	// Place orders the polls of an organization, the cheapest first.
	Place int
	// Missing is the kind of credential that the poll needs and the account lacks; empty when it has one.
	Missing runzero.Kind
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
	discovery := Poll{Name: Discovery}
	if accountWide {
		discovery.Interval = DiscoveryInterval(a.Collectors)
		if c := derived(a.Collectors); c != nil {
			discovery.IntervalSource = c.IntervalSource
		}
	}
	polls := []Poll{discovery}
	for i := range a.Collectors {
		c := &a.Collectors[i]
		if c.Scope == collector.HeadersOnly {
			continue
		}
		poll := Poll{Name: c.Name, Collector: c, Interval: c.Interval, IntervalSource: c.IntervalSource, Place: i + 1, Missing: a.missing(c.Needs)}
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
		for _, o := range a.Organizations {
			if covered && o.AccountWide {
				continue
			}
			poll.Organization = o.Organization
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

// DiscoveryInterval is how often an account credential's organizations are listed. A
// collector that is derived from that list sets it.
func DiscoveryInterval(collectors []Collector) time.Duration {
	if c := derived(collectors); c != nil {
		return c.Interval
	}
	return discoveryInterval
}

// derived is the collector whose result is derived from discovery; nil when it is off.
func derived(collectors []Collector) *Collector {
	for i := range collectors {
		if collectors[i].FromDiscovery != nil {
			return &collectors[i]
		}
	}
	return nil
}

// ShortestInterval is how often the most frequent poll is made.
func ShortestInterval(collectors []Collector) time.Duration {
	shortest := discoveryInterval
	for _, c := range collectors {
		if c.Scope != collector.HeadersOnly {
			shortest = min(shortest, c.Interval)
		}
	}
	return shortest
}

// Costs reports whether the poll makes requests again and again.
func (p Poll) Costs() bool { return !p.FromDiscovery && p.Missing == "" && p.Interval > 0 }

// Loads are what polls cost, as far as that is known before any was made.
func Loads(polls []Poll) []Load {
	var loads []Load
	for _, p := range polls {
		if p.Costs() {
			loads = append(loads, Load{Calls: float64(p.Calls()), Interval: p.Interval})
		}
	}
	return loads
}
