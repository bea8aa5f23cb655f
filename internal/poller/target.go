package poller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Target is one console asked with one credential.
type Target struct {
	Client *runzero.Client
	// Account is the quota that the credential spends; nil holds to none. Targets of one
	// account share one.
	Account *Account
	// Usage is what the answers' headers said, kept with the rest; nil keeps none.
	Usage *collector.Usage
	// Name is the account's name; empty when there is only one.
	Name string
	// Shape is all that shapes what is kept: other answers are not this target's.
	Shape string
	// Organizations are the names or ids of those to poll. Empty is all that the
	// credential reaches but demo and inactive ones.
	Organizations []string
	Collectors    []Collector
}

// Collector is a collector as it is to be polled.
type Collector struct {
	Name     string
	Scope    collector.Scope
	Interval time.Duration
	collector.Collector
}

// Discovery is the name under which the polls that learn the organizations are told
// of.
const Discovery = "discovery"

const (
	// DiscoveryInterval is how often an account's organizations are asked for, as they
	// come and go.
	DiscoveryInterval = time.Hour
	// An organization's name can be had from its first asset only. Without one, the
	// token is asked again from time to time; with one, never again.
	namelessInterval = 24 * time.Hour
)

// target is a Target in operation.
type target struct {
	Target
	found   []runzero.OrganizationInfo // what the last discovery found, chosen from
	reached []runzero.OrganizationInfo // what the discovery under way finds: others read found meanwhile
	shown   shown
	told    told
	unkept  bool // its state could not be written
}

// discover learns the organizations. It is collected like any other topic, but what
// it finds is jobs.
func (t *target) discover(ctx context.Context, poll collector.Poll) (collector.Snapshot, error) {
	all, err := poll.API.Organizations(ctx)
	if err != nil {
		return collector.Snapshot{}, err
	}
	t.reached, err = choose(all, t.Organizations)
	return collector.Snapshot{}, err
}

// choose picks the organizations to poll. One that is asked for and not there is an
// error, lest a misspelt name go unnoticed.
func choose(all []runzero.OrganizationInfo, wanted []string) ([]runzero.OrganizationInfo, error) {
	var chosen []runzero.OrganizationInfo
	if len(wanted) == 0 {
		for _, o := range all {
			if !o.Demo && !o.Inactive {
				chosen = append(chosen, o)
			}
		}
		if len(chosen) == 0 {
			return nil, errors.New("the credential reaches no organization but demo or inactive ones: name those to poll with --runzero.organization")
		}
		return chosen, nil
	}
	for _, want := range wanted {
		i := slices.IndexFunc(all, func(o runzero.OrganizationInfo) bool {
			return strings.EqualFold(o.ID, want) || o.Name == want
		})
		if i < 0 {
			return nil, fmt.Errorf("the credential reaches no organization %q: it reaches %s", collector.Label(want), reachedNames(all))
		}
		if !slices.Contains(chosen, all[i]) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// reachedNames lists names for a message, not too many.
func reachedNames(all []runzero.OrganizationInfo) string {
	const most = 10
	var names []string
	for _, o := range all[:min(most, len(all))] {
		names = append(names, fmt.Sprintf("%q", collector.Label(organizationName(o))))
	}
	if len(all) > most {
		names = append(names, fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(names, ", ")
}

// organizationName is the best there is for a name.
func organizationName(o runzero.OrganizationInfo) string {
	if o.Name == "" {
		return o.ID
	}
	return o.Name
}

// shortest is the interval in which discovery is tried until it succeeds, because
// nothing else is asked before that.
func (t *target) shortest() time.Duration {
	shortest := DiscoveryInterval
	for _, c := range t.Collectors {
		shortest = min(shortest, c.Interval)
	}
	return shortest
}

// rediscover is how long what was discovered holds: 0 is for good.
func (t *target) rediscover() time.Duration {
	switch {
	case t.Client.WholeAccount():
		return DiscoveryInterval
	case len(t.found) == 1 && t.found[0].Name == "":
		return namelessInterval
	}
	return 0
}
