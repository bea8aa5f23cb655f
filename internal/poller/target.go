package poller

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Target is an account: the quota and the credentials that spend it.
type Target struct {
	// Name is the account's name; empty when there is only one.
	Name string
	// Account is the quota; nil holds to none.
	Account *Account
	// Credentials are asked in this order: the first that reaches a thing is asked for it.
	Credentials []Credential
	// Fingerprint is what shapes all that is kept: answers of another are not this target's.
	Fingerprint string
	// Include are the names or ids of the organizations to poll. Empty is all that the
	// credentials reach but demo and inactive ones. Exclude are those to leave out.
	Include, Exclude []string
	Collectors       []Collector
}

// Credential is one access right to an account.
type Credential struct {
	Name   string
	Client *runzero.Client
	// Usage is what the answers' headers said, kept with the rest; nil keeps none.
	Usage *collector.CredentialUsage
}

// Collector is a collector as it is to be polled.
type Collector struct {
	Name     string
	Scope    collector.Scope
	Needs    runzero.Kind
	Interval time.Duration
	// Shape is what shapes this collector's samples.
	Shape string
	collector.Collector
	// Wide asks for a whole account at once; nil asks each organization.
	Wide collector.Collector
	// Found makes the answer for a whole account of the organizations found, whose names
	// it is handed, without asking; nil does not.
	Found func([]runzero.Organization, map[string]string) (collector.Snapshot, error)
}

// accountWide tells whether one answer can be for a whole account.
func (c *Collector) accountWide() bool { return c.Wide != nil || c.Found != nil }

// target is a Target in operation.
type target struct {
	Target
	reaches  map[string]reach // by the credential's name
	chosen   []runzero.Organization
	names    map[string]string // org_name of each that is chosen, by id
	refusals map[refused]refusal
	shown    shown
	told     told
}

// reach is what a credential was found to reach.
type reach struct {
	Organizations []runzero.Organization
	Kind          runzero.Kind
	Whole         bool // an account, whose organizations come and go
	Asked         time.Time
}

// refused is a thing for which a credential proved too small. It is so for all
// organizations alike, and found out once.
type refused struct {
	collector, credential string
	wide                  bool
}

type refusal struct {
	at  time.Time
	err error
}

func newTarget(t Target) *target {
	if t.Account == nil {
		t.Account = NewAccount(unlimited, NewGate())
	}
	return &target{Target: t, reaches: map[string]reach{}, names: map[string]string{}, refusals: map[refused]refusal{}}
}

// heed forgets what was found of credentials that are no more.
func (t *target) heed() {
	t.Account.heed(t.Credentials)
	gone := func(name string) bool {
		return !slices.ContainsFunc(t.Credentials, func(c Credential) bool { return c.Name == name })
	}
	maps.DeleteFunc(t.reaches, func(name string, _ reach) bool { return gone(name) })
	maps.DeleteFunc(t.refusals, func(r refused, _ refusal) bool { return gone(r.credential) })
}

// known tells whether it is known which organizations there are to poll.
func (t *target) known() bool {
	return len(t.chosen) > 0 && !slices.ContainsFunc(t.Credentials, func(c Credential) bool {
		_, known := t.reaches[c.Name]
		return !known
	})
}

// whole tells whether a credential reaches the organization with a whole account.
func (t *target) whole(organizationID string) bool {
	for _, r := range t.reaches {
		if r.Whole && slices.ContainsFunc(r.Organizations, is(organizationID)) {
			return true
		}
	}
	return false
}

func is(id string) func(runzero.Organization) bool {
	return func(o runzero.Organization) bool { return o.ID == id }
}

// reached are the organizations that any credential reaches, each once.
func (t *target) reached() []runzero.Organization {
	var all []runzero.Organization
	for _, c := range t.Credentials {
		for _, o := range t.reaches[c.Name].Organizations {
			if !slices.ContainsFunc(all, is(o.ID)) {
				all = append(all, o)
			}
		}
	}
	return all
}

// able are the credentials that may be asked for an organization, or for an account
// when whole. That a credential is too small for a thing is told by its kind, and by
// the answer.
func (t *target) able(organizationID string, whole bool) []Credential {
	var able []Credential
	for _, c := range t.Credentials {
		r := t.reaches[c.Name]
		if whole && r.Whole || !whole && slices.ContainsFunc(r.Organizations, is(organizationID)) {
			able = append(able, c)
		}
	}
	return able
}

// largestFirst are the credentials, those of whole accounts before the others, which
// may be told of their own organization alone.
func (t *target) largestFirst() []Credential {
	whole := t.able("", true)
	for _, c := range t.Credentials {
		if !t.reaches[c.Name].Whole {
			whole = append(whole, c)
		}
	}
	return whole
}

// namesOf is the org_name, by id, of each organization polled that the credential
// reaches.
func (t *target) namesOf(c Credential) map[string]string {
	names := map[string]string{}
	for _, o := range t.reaches[c.Name].Organizations {
		if name, chosen := t.names[o.ID]; chosen {
			names[o.ID] = name
		}
	}
	return names
}

// choose sets which organizations are polled. On an error it leaves them as they are.
func (t *target) choose() error {
	chosen, err := choose(t.reached(), t.Include, t.Exclude)
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for _, o := range chosen {
		ids[o.ID] = organizationName(o)
	}
	t.chosen, t.names = chosen, collector.Distinguish(ids)
	return nil
}

// IsNamed tells whether a name or id that a user wrote is the organization's.
func IsNamed(o runzero.Organization, name string) bool {
	return strings.EqualFold(o.ID, name) || o.Name == name
}

// LeftOut is why an organization is not polled, in a word or two; empty when it is.
func LeftOut(o runzero.Organization, include, exclude []string) string {
	named := func(name string) bool { return IsNamed(o, name) }
	switch {
	case slices.ContainsFunc(exclude, named):
		return "excluded"
	case len(include) > 0 && !slices.ContainsFunc(include, named):
		return "not included"
	case len(include) == 0 && o.Demo:
		return "demo"
	case len(include) == 0 && o.Inactive:
		return "inactive"
	}
	return ""
}

// choose picks the organizations to poll. One that is asked for and not there is an
// error, lest a misspelt name go unnoticed.
func choose(all []runzero.Organization, include, exclude []string) ([]runzero.Organization, error) {
	for _, want := range include {
		if !slices.ContainsFunc(all, func(o runzero.Organization) bool { return IsNamed(o, want) }) {
			return nil, fmt.Errorf("the credential reaches no organization %q: it reaches %s", collector.Label(want), reachedNames(all))
		}
	}
	var chosen []runzero.Organization
	for _, o := range all {
		if LeftOut(o, include, exclude) == "" {
			chosen = append(chosen, o)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("the credential reaches no organization but demo, inactive or excluded ones: name those to poll with --runzero.organization, or organizations of the account in the file")
	}
	return chosen, nil
}

// named is an answer that says whose it is, where there are several accounts.
func (t *target) named(s collector.Snapshot) collector.Snapshot {
	s.Families = collector.WithAccount(s.Families, t.Name)
	return s
}

// reachedNames lists names for a message, not too many.
func reachedNames(all []runzero.Organization) string {
	const most = 10
	var names []string
	for _, o := range all[:min(most, len(all))] {
		names = append(names, fmt.Sprintf("%q", collector.Label(organizationName(o))))
	}
	if len(all) > most {
		names = append(names, fmt.Sprintf("and %d more", len(all)-most))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// organizationName is the best there is for a name.
func organizationName(o runzero.Organization) string {
	if o.Name == "" {
		return o.ID
	}
	return o.Name
}
