package main

import (
	"cmp"
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// frame is what every panel has. none is shown instead of a value that is missing: it says what is needed.
type frame struct {
	title, about, none string
	w, h               uint32
}

func ptr[T any](value T) *T { return &value }

func datasource() *common.DataSourceRef {
	return &common.DataSourceRef{Type: ptr("prometheus"), Uid: ptr("${datasource}")}
}

// panel returns the part of a panel that does not depend on its type.
func (f frame) panel(kind string, queries []query, format prometheus.PromQueryFormat, instant bool) dashboard.Panel {
	p := dashboard.Panel{
		Type: kind, Id: ptr(panelID(f.title)), Title: &f.title, Description: &f.about, Datasource: datasource(),
		GridPos:     &dashboard.GridPos{W: f.w, H: f.h},
		FieldConfig: &dashboard.FieldConfigSource{Overrides: []dashboard.DashboardFieldConfigSourceOverrides{}},
	}
	p.FieldConfig.Defaults.NoValue = &f.none
	for i, q := range queries {
		p.Targets = append(p.Targets, variants.Dataquery(prometheus.Dataquery{
			RefId: ptr(refID(i)), Datasource: datasource(), Expr: q.expr, LegendFormat: ptr(q.legend),
			Format: ptr(format), Instant: ptr(instant), Range: ptr(!instant), EditorMode: ptr(prometheus.QueryEditorModeCode),
		}))
	}
	return p
}

func refID(i int) string { return string(rune('A' + i)) }

// panelID depends on the title alone, so that links to a panel survive changes of others.
func panelID(title string) uint32 {
	id := uint32(2166136261)
	for _, c := range []byte(title) {
		id = (id ^ uint32(c)) * 16777619
	}
	return id%1_000_000 + 1
}

// level colours values from a number on.
type level struct {
	from  float64
	color string
}

// alarm is for numbers of things that should not exist.
func alarm(color string) []level { return []level{{0, good}, {1, color}} }

func thresholds(base string, levels []level) *dashboard.ThresholdsConfig {
	steps := []dashboard.Threshold{{Color: base}}
	for _, l := range levels {
		steps = append(steps, dashboard.Threshold{Value: ptr(l.from), Color: l.color})
	}
	return &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: steps}
}

// word replaces a number, a text, or all numbers from one to another; either may be absent.
type word struct {
	value       float64
	is          string
	from, to    *float64
	text, color string
}

// mappings returns the words for values as one mapping, and one for each range.
func mappings(words []word) []dashboard.ValueMapping {
	values := map[string]dashboard.ValueMappingResult{}
	var all []dashboard.ValueMapping
	for i, w := range words {
		result := dashboard.ValueMappingResult{Text: ptr(w.text), Color: ptr(w.color)}
		if w.from != nil || w.to != nil {
			all = append(all, dashboard.ValueMapping{RangeMap: &dashboard.RangeMap{
				Type: dashboard.MappingTypeRangeToText, Options: dashboard.DashboardRangeMapOptions{From: w.from, To: w.to, Result: result},
			}})
			continue
		}
		result.Index = ptr(int32(i))
		values[cmp.Or(w.is, strconv.FormatFloat(w.value, 'f', -1, 64))] = result
	}
	if len(values) > 0 {
		all = append(all, dashboard.ValueMapping{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: values}})
	}
	return all
}

func fixed(color string) *dashboard.FieldColor {
	return &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdFixed, FixedColor: &color}
}

func byThresholds() *dashboard.FieldColor {
	return &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdThresholds}
}

// override sets properties of the column or series of a name.
func override(name string, properties ...dashboard.DynamicConfigValue) dashboard.DashboardFieldConfigSourceOverrides {
	return dashboard.DashboardFieldConfigSourceOverrides{Matcher: dashboard.MatcherConfig{Id: "byName", Options: name}, Properties: properties}
}

func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}
