package shipped

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// reference finds a variable where Grafana puts its value: $name, ${name} with a format
// or a member behind it, [[name]].
func reference() *regexp.Regexp {
	return regexp.MustCompile(`\$([A-Za-z_]\w*)|\$\{(\w+)[^}]*\}|\[\[(\w+)[^\]]*\]\]`)
}

func referred(text string) []string {
	var names []string
	for _, match := range reference().FindAllStringSubmatch(text, -1) {
		names = append(names, match[1]+match[2]+match[3])
	}
	return names
}

// Durations stand for Grafana's variables while a query is read, and are found by their
// odd length.
func durations() map[string]string {
	return map[string]string{"__rate_interval": "1001s", "__interval": "1003s", "__range": "1007s"}
}

// grafanas lists Grafana's own variables that there is use for outside of queries.
func grafanas() []string {
	return []string{"__all", "__data", "__field", "__value", "__url_time_range", "__from", "__to", "__all_variables"}
}

// substituted is a query with something in the place of each variable.
func substituted(expr string) string {
	return reference().ReplaceAllStringFunc(expr, func(found string) string {
		if d, ok := durations()[referred(found)[0]]; ok {
			return d
		}
		return ".*"
	})
}

// variables checks that what is declared is used, what is used is declared, and that
// each can be filled.
func (d *Dashboard) variables(f *findings, r Reading) {
	used := set{}
	eachString("", d.used(), func(_, text string) { used = used.with(referred(text)...) })
	for i, v := range d.Templating.List {
		if slices.ContainsFunc(d.Templating.List[:i], func(other variable) bool { return other.Name == v.Name }) {
			f.add("declares the variable %s twice", v.Name)
		}
		if !used[v.Name] && !d.usedByOthers(i) {
			f.add("declares the variable %s and does not use it", v.Name)
		}
		f.at("variable "+v.Name, v.findings(r))
	}
	eachString("", d.all, func(_, text string) {
		for _, name := range referred(text) {
			_, duration := durations()[name]
			if !d.declares(name) && !duration && !slices.Contains(grafanas(), name) {
				f.add("uses the variable %s, which it does not declare", name)
			}
		}
	})
	sources := slices.DeleteFunc(slices.Clone(d.Templating.List), func(v variable) bool { return v.Type != "datasource" })
	if len(sources) != 1 || sources[0].Name != "datasource" || string(sources[0].Query) != `"prometheus"` {
		f.add("has not exactly one variable of the type datasource, with this name, for prometheus")
	}
}

// used is the file without the declarations of variables.
func (d *Dashboard) used() any {
	rest := map[string]any{}
	for key, value := range d.all {
		if key != "templating" {
			rest[key] = value
		}
	}
	return rest
}

// usedByOthers is whether another variable's query has the variable in it.
func (d *Dashboard) usedByOthers(i int) bool {
	for j, v := range d.Templating.List {
		if i != j && slices.Contains(referred(string(v.Query)), d.Templating.List[i].Name) {
			return true
		}
	}
	return false
}

func (v variable) findings(r Reading) []string {
	var f findings
	if v.Label == "" {
		f.add("has no label")
	}
	if v.Type != "query" {
		return f
	}
	if !v.Datasource.prometheus() {
		f.add("does not ask ${datasource}")
	}
	if v.Refresh != 2 {
		f.add("refresh is %d, not 2: it would miss what comes into the time range", v.Refresh)
	}
	expr, label, ok := v.labelValues()
	if !ok {
		f.add("query is not label_values(series, label): %s", v.Query)
		return f
	}
	q := r.Read(substituted(expr))
	f.at("query", q.Findings)
	if !q.Labels[label] {
		f.add("%s has no label %s", expr, label)
	}
	return f
}

// labelValues takes the query of a variable apart. One that names no series would ask
// for all there are.
func (v variable) labelValues() (expr, label string, ok bool) {
	match := regexp.MustCompile(`^label_values\((.+),\s*(\w+)\)$`).FindStringSubmatch(v.asked())
	if match == nil {
		return "", "", false
	}
	return strings.TrimSpace(match[1]), match[2], true
}

// asked is the query, which is text or has it in a member.
func (v variable) asked() string {
	var plain string
	if json.Unmarshal(v.Query, &plain) == nil {
		return plain
	}
	var wrapped struct {
		Query string `json:"query"`
	}
	_ = json.Unmarshal(v.Query, &wrapped)
	return wrapped.Query
}
