package shipped

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// RuleTests is a file of promtool's tests of rules, as far as it is looked at here.
type RuleTests struct {
	Tests []struct {
		Name   string `yaml:"name"`
		Series []struct {
			Series string `yaml:"series"`
		} `yaml:"input_series"`
		Alerts []struct {
			Name     string `yaml:"alertname"`
			Expected []struct {
				Labels map[string]string `yaml:"exp_labels"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		Queries []struct {
			Expr     string `yaml:"expr"`
			Expected []struct {
				Labels string `yaml:"labels"`
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	} `yaml:"tests"`
}

// ReadRuleTests reads a file of tests.
func ReadRuleTests(data []byte) (*RuleTests, error) {
	tests := &RuleTests{}
	if err := yaml.Unmarshal(data, tests); err != nil {
		return nil, fmt.Errorf("is no file of tests: %w", err)
	}
	return tests, nil
}

// proof is what tests show of one alert.
type proof struct {
	silent bool
	fires  set // the severities it fires with, "" where a test does not look at it
}

// Tested finds alerts that no test shows firing, with each severity they have, or that
// none shows silent, and tests that show nothing: of alerts and series that are not
// there.
func (r *Rules) Tested(f Families, tests ...*RuleTests) []string {
	var found findings
	severities := map[string]set{}
	proofs := map[string]*proof{}
	for _, rule := range r.Alerts() {
		severities[rule.Alert] = severities[rule.Alert].with(rule.Labels["severity"])
		proofs[rule.Alert] = &proof{fires: set{}}
	}
	f = f.With(r)
	for _, file := range tests {
		file.read(&found, f, proofs)
	}
	for _, rule := range r.Alerts() {
		p, severity := proofs[rule.Alert], rule.Labels["severity"]
		if !p.fires[severity] && (len(severities[rule.Alert]) > 1 || len(p.fires) == 0) {
			found.add("%s: no test shows it firing as %s", rule.Alert, severity)
		}
		if !p.silent {
			found.add("%s: no test shows it silent", rule.Alert)
		}
	}
	return found
}

func (t *RuleTests) read(found *findings, f Families, proofs map[string]*proof) {
	for _, test := range t.Tests {
		for _, s := range test.Series {
			found.at("test "+test.Name, f.given(s.Series))
		}
		for _, a := range test.Alerts {
			p := proofs[a.Name]
			if p == nil {
				found.add("test %s: there is no alert %s", test.Name, a.Name)
				continue
			}
			p.silent = p.silent || len(a.Expected) == 0
			for _, e := range a.Expected {
				p.fires = p.fires.with(e.Labels["severity"])
			}
		}
		for _, q := range test.Queries {
			for _, name := range alertsIn(q.Expr) {
				p := proofs[name]
				if p == nil {
					found.add("test %s: there is no alert %s", test.Name, name)
					continue
				}
				p.silent = p.silent || len(q.Expected) == 0
				for _, e := range q.Expected {
					p.fires = p.fires.with(severityIn(e.Labels))
				}
			}
		}
	}
}

// given checks that a test is given what an exporter would give.
func (f Families) given(text string) []string {
	var found findings
	metric, err := parser.NewParser(parser.Options{}).ParseMetric(text)
	if err != nil {
		found.add("%s is no series: %v", text, err)
		return found
	}
	name := metric.Get(model.MetricNameLabel)
	s, known := f[name]
	if !known {
		found.add("there is no series %q", name)
		return found
	}
	metric.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && !s.labels[l.Name] {
			found.add("%s has no label %s", name, l.Name)
		}
	})
	return found
}

// alertsIn are the alerts whose state an expression asks for.
func alertsIn(expr string) []string {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil // promtool says so
	}
	var names []string
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		s, ok := node.(*parser.VectorSelector)
		if !ok || s.Name != "ALERTS" {
			return nil
		}
		for _, m := range s.LabelMatchers {
			if m.Name == "alertname" && m.Type == labels.MatchEqual {
				names = append(names, m.Value)
			}
		}
		return nil
	})
	return names
}

// severityIn is the severity among labels as they are written: {name="value"}.
func severityIn(text string) string {
	if i := strings.Index(text, "{"); i >= 0 {
		metric, err := parser.NewParser(parser.Options{}).ParseMetric(text[i:])
		if err == nil {
			return metric.Get("severity")
		}
	}
	return ""
}
