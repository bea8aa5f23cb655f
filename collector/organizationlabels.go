package collector

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// OrganizationInfo is the family that has the configured labels of organizations.
const OrganizationInfo = "runzero_organization_info"

// OrganizationLabels are labels, such as customer or team, that the configuration adds to OrganizationInfo. They are
// added to the results of polls and not cached with them, so that a change needs no poll.
type OrganizationLabels struct {
	Names []string           // sorted; every series has all of them, empty where no rule sets one
	Rules []OrganizationRule // the first that matches an organization applies
}

// OrganizationRule sets the labels of one organization.
type OrganizationRule struct {
	Organization string            // name or id
	Labels       map[string]string // valid values by name
}

// Add returns the families with the labels added. The families themselves are shared, and stay as they are.
func (l OrganizationLabels) Add(families []*dto.MetricFamily) []*dto.MetricFamily {
	at := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == OrganizationInfo })
	if len(l.Names) == 0 || at < 0 {
		return families
	}
	info := families[at]
	labelled := &dto.MetricFamily{Name: info.Name, Help: info.Help, Type: info.Type, Unit: info.Unit}
	for _, m := range info.GetMetric() {
		labelled.Metric = append(labelled.Metric, &dto.Metric{Label: l.added(m.GetLabel()), Gauge: m.Gauge})
	}
	families = slices.Clone(families)
	families[at] = labelled
	return families
}

// added returns the labels of a series with those of its organization.
func (l OrganizationLabels) added(to []*dto.LabelPair) []*dto.LabelPair {
	var id, name string
	var all []*dto.LabelPair
	for _, pair := range to {
		switch pair.GetName() {
		case "organization_id":
			id = pair.GetValue()
		case "org_name":
			name = pair.GetValue()
		}
		if !slices.Contains(l.Names, pair.GetName()) { // a cached file may have been edited
			all = append(all, pair)
		}
	}
	values := map[string]string{}
	if i := slices.IndexFunc(l.Rules, func(r OrganizationRule) bool { return matches(r.Organization, id, name) }); i >= 0 {
		values = l.Rules[i].Labels
	}
	for _, name := range l.Names {
		all = append(all, labelPair(name, values[name]))
	}
	slices.SortFunc(all, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

// Unmatched returns the organizations of rules that match none of these organizations, given as org_name by id.
func (l OrganizationLabels) Unmatched(names map[string]string) []string {
	var unmatched []string
	for _, r := range l.Rules {
		found := false
		for id, name := range names {
			found = found || matches(r.Organization, id, name)
		}
		if !found {
			unmatched = append(unmatched, r.Organization)
		}
	}
	return unmatched
}
