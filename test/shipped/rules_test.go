package shipped

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/alerts"
)

const (
	rulesFile    = "alerts/" + alerts.RulesFile
	runbooksPage = "docs/runbooks.md"
	runbooksURL  = "https://github.com/runzero-exporter/runzero_exporter/blob/main/" + runbooksPage
)

// rule is one of a rules file. promtool checks all that needs no knowledge of the exporter.
type rule struct {
	file                string
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func (r *repository) decode(name string, into any) {
	if err := yaml.Unmarshal(r.read(name), into); err != nil {
		r.report(name, "%v", err)
	}
}

// readRules adds the recorded series to the catalogue.
func (r *repository) readRules() {
	r.rules = r.rulesOf(rulesFile)
	for _, name := range r.glob("alerts/*.rules.yml") {
		if name != rulesFile {
			r.rules = append(r.rules, r.rulesOf(name)...)
		}
	}
	for _, name := range r.walk("examples") {
		if strings.HasSuffix(name, ".rules.yml") {
			for _, rule := range r.rulesOf(name) {
				r.reportAll(name+": "+rule.Record, r.catalogue.analyse(rule.Expr).problems)
			}
		}
	}
}

func (r *repository) rulesOf(name string) []rule {
	var file struct{ Groups []struct{ Rules []rule } }
	r.decode(name, &file)
	var rules []rule
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			rule.file = name
			rules = append(rules, rule)
			if rule.Record != "" {
				have := r.catalogue.analyse(rule.Expr).labels
				for label := range rule.Labels {
					have[label] = true
				}
				r.catalogue[rule.Record] = series{labels: have}
			}
		}
	}
	return rules
}

func (r *repository) checkRules() {
	var names []string
	for _, rule := range r.rules {
		q := r.catalogue.analyse(rule.Expr)
		r.reportAll(rule.file+": "+rule.Record+rule.Alert, q.problems)
		if rule.Alert == "" {
			continue
		}
		names = append(names, rule.Alert)
		for _, text := range rule.Annotations {
			r.reportAll(rule.file+": "+rule.Alert, r.program.mentions(text))
			for _, match := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				if !q.labels[match[1]] {
					r.report(rule.file, "%s: the alert has no label %s", rule.Alert, match[1])
				}
			}
		}
		if got, want := rule.Annotations["runbook_url"], runbooksURL+"#"+anchor(rule.Alert); got != want {
			r.report(rule.file, "%s: runbook_url is %q, want %q", rule.Alert, got, want)
		}
		r.checkDashboardLink(rule.file, rule.Annotations["dashboard_url"])
	}
	// The runbooks have one section for each alert, in the order of the rules.
	if got, want := r.pages[runbooksPage].headings, slices.Compact(names); !slices.Equal(got, want) {
		r.report(runbooksPage, "the sections are\n%s\nbut the alerts are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkRuleTests checks that the tests of rules use series as the exporter exports them.
func (r *repository) checkRuleTests() {
	names := r.glob("alerts/*_test.yml")
	for _, name := range r.walk("examples") {
		if strings.HasSuffix(name, ".rules_test.yml") {
			names = append(names, name)
		}
	}
	for _, name := range names {
		var file struct {
			Tests []struct {
				Series []struct{ Series string } `yaml:"input_series"`
			}
		}
		r.decode(name, &file)
		for _, test := range file.Tests {
			for _, input := range test.Series {
				metric, err := parser.NewParser(parser.Options{}).ParseMetric(input.Series)
				if err != nil {
					r.report(name, "%s: %v", input.Series, err)
					continue
				}
				known, exists := r.catalogue[metric.Get(model.MetricNameLabel)]
				if !exists {
					r.report(name, "no such series: %s", input.Series)
				}
				metric.Range(func(l labels.Label) {
					if exists && l.Name != model.MetricNameLabel && !known.labels[l.Name] && !addedByPrometheus()[l.Name] {
						r.report(name, "%s has no label %s", input.Series, l.Name)
					}
				})
			}
		}
	}
}
