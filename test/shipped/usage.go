package shipped

import (
	"fmt"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// DashboardsPage is the page on the dashboards. What stands between the marks is made.
const (
	DashboardsPage = "dashboards/README.md"
	usageBegins    = "<!-- Made from the files by: cd test/shipped && go test . -update -->\n"
	usageEnds      = "<!-- End of what is made. -->\n"
)

// WithUsage is the page with the metrics that no dashboard and no rule has use for: there
// may be such, but nobody should have to search for them.
func (s *Shipped) WithUsage(page string) (string, error) {
	before, rest, begins := strings.Cut(page, usageBegins)
	_, after, ends := strings.Cut(rest, usageEnds)
	if !begins || !ends {
		return "", fmt.Errorf("%s has no place for what is made: it goes between %q and %q", DashboardsPage, usageBegins, usageEnds)
	}
	return before + usageBegins + "\n" + s.unused() + "\n" + usageEnds + after, nil
}

// unused lists the families of the catalogue that no dashboard and no rule reads.
func (s *Shipped) unused() string {
	used := set{}
	for _, d := range s.boards {
		for _, expr := range d.expressions() {
			used = used.union(s.families.of(expr))
		}
	}
	for _, rule := range s.rules.all() {
		used = used.union(s.families.of(rule.Expr))
	}
	var list strings.Builder
	for _, m := range collector.Catalogue() {
		if !used[m.Name] {
			fmt.Fprintf(&list, "- [`%s`](../docs/metrics.md#%s)\n", m.Name, m.Name)
		}
	}
	if list.Len() == 0 {
		return "None.\n"
	}
	return list.String()
}

// expressions are what the dashboard asks, for panels, annotations and variables.
func (d *Dashboard) expressions() []string {
	var all []string
	for _, p := range d.everyPanel() {
		for _, target := range p.Targets {
			all = append(all, substituted(target.Expr))
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, substituted(a.Expr))
	}
	for _, v := range d.Templating.List {
		if series, _, ok := v.labelValues(); ok {
			all = append(all, substituted(series))
		}
	}
	return all
}

// of are the families of the catalogue that an expression reads.
func (f Families) of(expr string) set {
	families := set{}
	for name := range (Reading{Families: f}.Read(expr).Names) {
		if family := f[name].family; family != "" {
			families[family] = true
		}
	}
	return families
}
