package shipped

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Rules is a file of recording and alerting rules. promtool checks how it is written;
// here is what promtool cannot know.
type Rules struct {
	Groups []struct {
		Name     string `yaml:"name"`
		Interval string `yaml:"interval"`
		Rules    []Rule `yaml:"rules"`
	} `yaml:"groups"`
}

// Rule either records or alerts.
type Rule struct {
	Record        string            `yaml:"record"`
	Alert         string            `yaml:"alert"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for"`
	KeepFiringFor string            `yaml:"keep_firing_for"`
	Labels        map[string]string `yaml:"labels"`
	Annotations   map[string]string `yaml:"annotations"`
}

// ReadRules reads a file of rules.
func ReadRules(data []byte) (*Rules, error) {
	rules := &Rules{}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(rules); err != nil {
		return nil, fmt.Errorf("is no file of rules: %w", err)
	}
	return rules, nil
}

func (r *Rules) all() []Rule {
	var all []Rule
	for _, g := range r.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// Alerts are the rules that alert.
func (r *Rules) Alerts() []Rule {
	return slices.DeleteFunc(r.all(), func(rule Rule) bool { return rule.Alert == "" })
}

// With adds what the rules record to the families. A rule reads what rules before it
// record; what it records otherwise is found when it is checked.
func (f Families) With(rules *Rules) Families {
	all := maps.Clone(f)
	for _, rule := range rules.all() {
		if rule.Record == "" {
			continue
		}
		q := Reading{Families: all, Replicas: true}.Read(rule.Expr)
		labels := q.Labels.with(slices.Collect(maps.Keys(rule.Labels))...)
		all[rule.Record] = series{labels: labels, follow: labels.minus(q.Key)}
	}
	return all
}

// Findings are what is wrong with the rules. Prometheus runs rules of a group in their
// order, and groups at once: all that is recorded may be read.
func (r *Rules) Findings(reading Reading, b Boards, runbooks Page) []string {
	reading.Families = reading.Families.With(r)
	var f findings
	read := set{}
	for _, rule := range r.all() {
		q := reading.Read(rule.Expr)
		read = read.union(q.Names)
		if rule.Record != "" {
			f.at(rule.Record, q.Findings)
			f.at(rule.Record, rule.recording())
			continue
		}
		f.at(rule.Alert, q.Findings)
		f.at(rule.Alert, rule.alerting(q))
		f.at(rule.Alert, rule.links(b, runbooks))
	}
	for _, rule := range r.all() {
		if rule.Record != "" && !read[rule.Record] {
			f.add("%s: no rule reads it", rule.Record)
		}
	}
	return f
}

func (r Rule) recording() []string {
	var f findings
	if !regexp.MustCompile(`^[a-z_]+:[a-z0-9_]+:[a-z0-9_]+$`).MatchString(r.Record) {
		f.add("is not called level:metric:operations")
	}
	return f
}

func (r Rule) alerting(q Query) []string {
	var f findings
	if !regexp.MustCompile(`^RunZero([A-Z][A-Za-z0-9]*)+$`).MatchString(r.Alert) {
		f.add("does not begin with RunZero, each word in capitals")
	}
	if r.For == "" {
		f.add("has no for: one bad scrape would page")
	}
	if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
		f.add("has the severity %q, not critical, warning or info", r.Labels["severity"])
	}
	for _, name := range []string{"summary", "description", "runbook_url", "dashboard_url"} {
		if strings.TrimSpace(r.Annotations[name]) == "" {
			f.add("has no %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Annotations)) {
		f.at(name, annotated(r.Annotations[name], q.Labels))
	}
	return f
}

// links checks where the alert sends who is paged.
func (r Rule) links(b Boards, runbooks Page) []string {
	var f findings
	if url := r.Annotations["runbook_url"]; url != "" {
		page, anchor, _ := strings.Cut(url, "#")
		if !strings.HasSuffix(page, "/"+runbooks.Name) || !runbooks.Anchors()[anchor] {
			f.add("runbook_url: there is no section #%s in %s", anchor, runbooks.Name)
		}
	}
	if url := r.Annotations["dashboard_url"]; url != "" {
		b.url(&f, url)
	}
	return f
}
