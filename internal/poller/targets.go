package poller

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
)

// targets are those that a discovery has found in one organization.
type targets struct {
	organization exposition.Organization
	json         json.RawMessage // an array; nil: not known, or too old
	unsupported  bool
}

// ErrIncomplete means that the targets of some organization are not known.
var ErrIncomplete = errors.New("not all targets are known")

// Targets returns what a discovery has found: for each organization an array in the format of Prometheus's HTTP service
// discovery. texts name organizations, as those of Of; without any, it returns the targets of all. The error is
// ErrIncomplete as long as an organization has not responded, or when its last response is too old: the list must not lack
// its targets. It is another one if there is no such discovery or organization. Where the export is unsupported, there are
// no targets.
func (p *Poller) Targets(discovery string, texts []string) ([]json.RawMessage, error) {
	published := p.published.Load()
	if err := published.hasDiscovery(discovery); err != nil {
		return nil, err
	}
	organizations, err := published.named(texts)
	if (err != nil || len(texts) == 0) && slices.ContainsFunc(published.targets, func(a accountTargets) bool { return !a.discovered }) {
		return nil, fmt.Errorf("%w: which organizations there are is not known yet", ErrIncomplete)
	}
	if err != nil {
		return nil, err
	}
	var documents []json.RawMessage
	for _, a := range published.targets {
		for _, t := range a.found[discovery] {
			switch {
			case len(texts) > 0 && !slices.Contains(organizations, t.organization):
			case t.json != nil:
				documents = append(documents, t.json)
			case !t.unsupported:
				return nil, fmt.Errorf("%w: those of organization %q have not been received yet, or are older than --cache.max-age", ErrIncomplete, t.organization.Name)
			}
		}
	}
	if documents == nil {
		return nil, fmt.Errorf("%w: no organization has this export", ErrIncomplete)
	}
	return documents, nil
}

// hasDiscovery returns an error if there is no discovery of this name.
func (p *publication) hasDiscovery(name string) error {
	all := map[string]bool{}
	for _, a := range p.targets {
		for discovery := range a.found {
			all[discovery] = true
		}
	}
	switch {
	case all[name]:
		return nil
	case len(all) == 0:
		return errors.New("the configuration file has no discovery entries")
	}
	return fmt.Errorf("the configuration file has no discovery entry %q: there are %s", collector.Label(name), strings.Join(slices.Sorted(maps.Keys(all)), ", "))
}

// accountTargets are those of all discoveries, by name, in an account's organizations.
type accountTargets struct {
	discovered bool // which organizations there are
	found      map[string][]targets
}

// foundTargets returns what the account's discoveries have found.
func (a *account) foundTargets() accountTargets {
	if a.targets == nil {
		a.targets = map[string][]targets{}
		for _, c := range a.Collectors {
			if name := c.Discovery.Name; name != "" {
				a.targets[name] = nil
			}
		}
		for at, j := range a.jobs {
			if name := j.discovers(); name != "" {
				t := targets{organization: exposition.Organization{Account: a.Name, Name: j.Organization.Name}, unsupported: j.unsupported}
				if a.exposed.parts[at] != nil {
					t.json = j.snapshot.Targets
				}
				a.targets[name] = append(a.targets[name], t)
			}
		}
	}
	return accountTargets{a.discovered(), a.targets}
}

// logDropped logs once for each change that a discovery finds more targets than are wanted.
func (p *Poller) logDropped(j *job) {
	if j.discovers() == "" || j.err != nil || j.drops == (j.snapshot.Dropped > 0) {
		return
	}
	j.drops = !j.drops
	logger := j.logger(p.config.Logger)
	if !j.drops {
		level.Info(logger).Log("msg", "no targets are left out any more")
		return
	}
	level.Warn(logger).Log("msg", "more targets than max_targets: the rest is left out", "max_targets", j.Collector.Discovery.MaxTargets,
		"left_out", j.snapshot.Dropped, "do", "raise max_targets, or narrow the search")
}

// discovers is the name of the discovery that the job polls; empty: none.
func (j *job) discovers() string {
	if j.Collector == nil {
		return ""
	}
	return j.Collector.Discovery.Name
}
