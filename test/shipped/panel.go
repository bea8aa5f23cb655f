package shipped

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// panel checks a panel. fixed is whether it may take rates over a fixed time.
func (d *Dashboard) panel(p panel, r Reading, fixed bool) []string {
	var f findings
	keys, known := options()[p.Type]
	if !known {
		f.add("is of the type %q, which is not used", p.Type)
		return f
	}
	if p.Title == "" || p.Description == "" {
		f.add("has no title or no description")
	}
	if !p.Datasource.prometheus() {
		f.add("does not ask ${datasource}")
	}
	f.unknown("options", p.Options, keys)
	p.fields(&f)
	if len(p.Targets) == 0 {
		f.add("asks nothing")
	}
	refs := set{}
	for _, target := range p.Targets {
		if refs[target.RefID] || target.RefID == "" {
			f.add("has no or several queries %q", target.RefID)
		}
		refs[target.RefID] = true
	}
	windows := fixed
	var answers []Query
	for _, target := range p.Targets {
		q := r.Read(substituted(target.Expr))
		f.at("query "+target.RefID, q.Findings)
		f.at("query "+target.RefID, p.target(target, q, fixed))
		windows = windows && !slices.ContainsFunc(q.Windows, ownWindow)
		answers = append(answers, q)
	}
	if windows {
		f.add("needs no fixed time for its rates any more: take it off the list")
	}
	if p.Type == "table" {
		p.columns(&f, answers)
	}
	return f
}

func (f *findings) unknown(where string, have object, known set) {
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if !known[key] {
			f.add("Grafana knows no %s.%s of it", where, key)
		}
	}
}

// ownWindow is whether a rate is taken over a time that is not Grafana's to choose.
func ownWindow(window time.Duration) bool {
	chosen := durations()
	for _, name := range []string{"__rate_interval", "__range"} {
		if d, err := time.ParseDuration(chosen[name]); err == nil && d == window {
			return false
		}
	}
	return true
}

func (p panel) target(t query, q Query, fixed bool) []string {
	var f findings
	if !t.Datasource.prometheus() {
		f.add("does not ask ${datasource}")
	}
	if t.Instant == t.Range {
		f.add("must be either instant or range")
	}
	want := "time_series"
	if p.Type == "table" {
		want = "table"
	}
	if t.Format != want {
		f.add("format is %q, not %q", t.Format, want)
	}
	if !fixed && slices.ContainsFunc(q.Windows, ownWindow) {
		f.add("takes a rate over a fixed time, not over $__rate_interval")
	}
	f = append(f, legend(p, t, q)...)
	return f
}

// legend checks that series are told apart by their names. Where nothing is said,
// Grafana makes a name of all labels.
func legend(p panel, t query, q Query) []string {
	var f findings
	if p.Type == "table" || t.LegendFormat == "" || t.LegendFormat == "__auto" {
		return nil
	}
	named := set{}
	for _, match := range regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`).FindAllStringSubmatch(t.LegendFormat, -1) {
		named[match[1]] = true
	}
	if missing := named.minus(q.Labels); len(missing) > 0 {
		f.add("has the legend %q, but no label %s", t.LegendFormat, missing)
	}
	if more := q.Key.minus(named); len(more) > 0 {
		f.add("gives several series the legend %q: they differ in %s", t.LegendFormat, more)
	}
	return f
}

// fields checks how values are shown.
func (p panel) fields(f *findings) {
	defaults := p.FieldConfig.Defaults
	if !units()[defaults.Unit] {
		f.add("has the unit %q, which is not in the list of units", defaults.Unit)
	}
	f.unknown("custom", defaults.Custom, customs()[p.Type])
	if defaults.Thresholds != nil {
		defaults.Thresholds.check(f)
	}
	for _, o := range p.FieldConfig.Overrides {
		if !matchers()[o.Matcher.ID] {
			f.add("has an override by %q, which is not used", o.Matcher.ID)
		}
		for _, property := range o.Properties {
			p.property(f, property.ID, property.Value)
		}
	}
}

func (p panel) property(f *findings, id string, value []byte) {
	custom, isCustom := strings.CutPrefix(id, "custom.")
	first, _, _ := strings.Cut(custom, ".")
	if isCustom && !customs()[p.Type][first] || !isCustom && !properties()[id] {
		f.add("has an override of %s, which Grafana does not know of it", id)
	}
	switch id {
	case "unit":
		var unit string
		if err := json.Unmarshal(value, &unit); err != nil || !units()[unit] {
			f.add("has an override with the unit %q, which is not in the list of units", unit)
		}
	case "thresholds":
		var t thresholds
		if err := json.Unmarshal(value, &t, json.RejectUnknownMembers(true)); err != nil {
			f.add("has an override with thresholds that cannot be read: %v", err)
			return
		}
		t.check(f)
	}
}

// check holds thresholds to Grafana's order: the first has no beginning.
func (t *thresholds) check(f *findings) {
	for i, step := range t.Steps {
		if (step.Value == nil) != (i == 0) {
			f.add("thresholds: the first has the value null, and only that")
			return
		}
		if i > 1 && *step.Value <= *t.Steps[i-1].Value {
			f.add("thresholds do not ascend")
		}
	}
}
