package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// mostOrganizationLabels is how many different labels all accounts together may add to runzero_organization_info.
const mostOrganizationLabels = 10

// rules returns the labels of an account's organizations. names are those of the accounts so far, and get new ones.
func (o fileOrganizations) rules(names map[string]bool) ([]collector.OrganizationRule, error) {
	var rules []collector.OrganizationRule
	lines := map[string]int{} // of the entries by organization
	for _, each := range o.Labels {
		organization := each.Value.Organization
		key := organization.Value
		if runzero.IsID(key) {
			key = strings.ToLower(key)
		}
		switch {
		case isBlank(key):
			return nil, each.errorf("the entry has no organization: set it to a name or an id")
		case lines[key] > 0:
			return nil, organization.errorf("the organization already has labels, in line %d: put all of them into one entry", lines[key])
		case len(each.Value.Labels) == 0:
			return nil, each.errorf("the entry has no labels: add one, or remove the entry")
		}
		lines[key] = organization.line
		rule := collector.OrganizationRule{Organization: organization.Value, Labels: map[string]string{}}
		for _, name := range slices.Sorted(maps.Keys(each.Value.Labels)) {
			value := each.Value.Labels[name]
			if !value.set() { // a key without a value
				value.position = each.position
			}
			if problem := wrongOrganizationLabel(name); problem != "" {
				return nil, value.errorf("the label%s %s", quoted(name), problem)
			}
			if isBlank(value.Value) {
				return nil, value.errorf("the label%s is empty: give it a value, or remove it", quoted(name))
			}
			if names[name] = true; len(names) > mostOrganizationLabels {
				return nil, value.errorf("the label%s is one too many: the organizations of all accounts may have %d different labels", quoted(name), mostOrganizationLabels)
			}
			rule.Labels[name] = collector.Label(value.Value)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// wrongOrganizationLabel returns why a label cannot be added to runzero_organization_info; empty when it can.
func wrongOrganizationLabel(name string) string {
	taken := []string{collector.AccountLabel, "instance", "job", "type", "site", "region", "owner"}
	for _, m := range collector.Catalogue() {
		if m.Name == collector.OrganizationInfo {
			taken = append(taken, m.Labels...)
		}
	}
	switch {
	case !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`).MatchString(name):
		return "must be 1 to 64 letters, digits or underscores, and not begin with a digit"
	case strings.HasPrefix(name, "__"):
		return "begins with __, which Prometheus keeps for itself: choose another name"
	case slices.Contains(taken, name):
		return "has another meaning: choose another name"
	}
	return ""
}

// labelsWithoutEffect returns a warning for each account whose labels of organizations are not exported.
func (f Flags) labelsWithoutEffect(c *Config, in file) []string {
	var warnings []string
	for i, a := range c.Accounts {
		if len(a.Labels.Rules) == 0 {
			continue
		}
		place := f.locate(in.Accounts.Value[i].Value.Organizations.Labels[0].position)
		at := slices.IndexFunc(c.Collectors, func(c schedule.Collector) bool { return c.Name == "organizations" })
		switch {
		case at < 0:
			warnings = append(warnings, place+": labels of organizations are not exported, because the collector organizations is off: enable it with --collector.organizations, or remove the labels")
		case !f.Offline && !slices.ContainsFunc(a.Credentials, func(credential Credential) bool {
			return credential.Runzero.Kind().Reaches(c.Collectors[at].Needs)
		}):
			warnings = append(warnings, fmt.Sprintf("%s: labels of organizations are not exported, because account %s has export tokens only: add an organization token or an account credential, or remove the labels", place, a.Name))
		}
	}
	return warnings
}
