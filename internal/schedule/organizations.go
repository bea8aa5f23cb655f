package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Selection says which of the organizations that an account's credentials reach are
// polled. The zero Selection polls all but demo and inactive ones.
type Selection struct {
	// Include and Exclude hold names or ids. With an Include, only those are polled, demo and inactive ones too.
	Include, Exclude []string
}

// Skipped returns why an organization is not polled, in a word or two; empty when it is polled.
func (s Selection) Skipped(o runzero.Organization) string {
	matches := func(text string) bool { return Matches(o, text) }
	switch {
	case slices.ContainsFunc(s.Exclude, matches):
		return "excluded"
	case len(s.Include) > 0 && !slices.ContainsFunc(s.Include, matches):
		return "not included"
	case len(s.Include) == 0 && o.Demo:
		return "demo"
	case len(s.Include) == 0 && o.Inactive:
		return "inactive"
	}
	return ""
}

// Select returns the organizations to poll. An included organization that no credential reaches is an error, so that
// a misspelt name does not go unnoticed; so is an empty result.
func (s Selection) Select(reached []runzero.Organization) ([]runzero.Organization, error) {
	for _, text := range s.Include {
		if !slices.ContainsFunc(reached, func(o runzero.Organization) bool { return Matches(o, text) }) {
			return nil, fmt.Errorf("the credential reaches no organization %q: it reaches %s", collector.Label(text), listed(reached))
		}
	}
	var selected []runzero.Organization
	for _, o := range reached {
		if s.Skipped(o) == "" {
			selected = append(selected, o)
		}
	}
	if len(selected) == 0 {
		return nil, errors.New("the credential reaches only demo, inactive or excluded organizations: name those to poll with --runzero.organization, or under organizations of the account in the file")
	}
	return selected, nil
}

// Matches reports whether a text that a user wrote names the organization: its name as it is, or its id in any case.
func Matches(o runzero.Organization, text string) bool {
	return strings.EqualFold(o.ID, text) || o.Name == text
}

// OrganizationName is what an organization is called: its name, or its id as long as the name is unknown. Both are
// empty for an export token whose organization has neither assets nor sites yet.
func OrganizationName(o runzero.Organization) string { return cmp.Or(o.Name, o.ID) }

func listed(all []runzero.Organization) string {
	const most = 10
	var names []string
	for _, o := range all[:min(most, len(all))] {
		names = append(names, fmt.Sprintf("%q", collector.Label(OrganizationName(o))))
	}
	if len(all) > most {
		names = append(names, fmt.Sprintf("and %d more", len(all)-most))
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}
