package main

import (
	"cmp"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	sdk "github.com/grafana/grafana-foundation-sdk/go/table"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// table has a row for each account, or each of its organizations, sites and so on, as of now.
type table struct {
	frame

	columns []column // without those of the scope
	sort    []order
	merged  bool // adds up accounts: there are no columns of the scope
}

// column shows a label that the queries have in common, or the value of a query.
type column struct {
	name  string
	label string
	q     query

	width    float64 // 0: takes what is left
	unit     string
	decimals *float64
	none     string // a dash if empty
	levels   []level
	words    []word
	fill     bool // colours the cell instead of the text
	bar      bool // of the largest value, or of 100 %
	hidden   bool // for links: the label is there but not seen
	info     bool // the query is there for its labels alone
	links    []link
}

type order struct {
	column string
	desc   bool
}

// id is a hidden column with a label for links.
func id(label string) column { return column{name: label, label: label, hidden: true} }

// withScope puts the account in front, and what few have behind.
func withScope(columns []column) []column {
	var all []column
	if slices.ContainsFunc(columns, func(c column) bool { return c.q.account }) {
		all = []column{{name: "Account", label: collector.AccountLabel, width: 100}}
	}
	return append(append(all, columns...),
		column{name: "Job", label: "job", width: 110}, column{name: "Namespace", label: "namespace", width: 110}, column{name: "Cluster", label: "cluster", width: 110})
}

func (s table) build(*board) dashboard.Panel {
	columns := s.columns
	if !s.merged {
		columns = withScope(columns)
	}
	var queries []query
	exclude, index, rename := map[string]bool{"Time": true}, map[string]int{}, map[string]string{}
	values := 0
	for _, c := range columns {
		if c.label == "" {
			values++
		}
	}
	p := s.panel("table", nil, prometheus.PromQueryFormatTable, true)
	for i, c := range columns {
		field := c.label
		if field == "" {
			field = "Value"
			if values > 1 {
				field += " #" + refID(len(queries))
			}
			queries = append(queries, c.q)
		}
		if c.info {
			exclude[field] = true
			continue
		}
		index[field], rename[field] = i, c.name
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, c.override())
	}
	p.Targets = s.panel("table", queries, prometheus.PromQueryFormatTable, true).Targets
	if values > 1 {
		p.Transformations = append(p.Transformations, dashboard.DataTransformerConfig{Id: "merge", Options: struct{}{}})
	}
	p.Transformations = append(p.Transformations, dashboard.DataTransformerConfig{
		Id: "organize", Options: map[string]any{"excludeByName": exclude, "indexByName": index, "renameByName": rename},
	})

	sort := []common.TableSortByFieldState{}
	for _, o := range s.sort {
		sort = append(sort, common.TableSortByFieldState{DisplayName: o.column, Desc: ptr(o.desc)})
	}
	p.Options = struct {
		sdk.Options

		EnablePagination bool `json:"enablePagination"` // where Grafana 12 has it
	}{sdk.Options{
		ShowHeader: true, CellHeight: ptr(common.TableCellHeightSm), SortBy: sort,
		Footer: &common.TableFooterOptions{Reducer: []string{"sum"}, EnablePagination: ptr(true)},
	}, true}
	d := &p.FieldConfig.Defaults
	d.Unit = ptr(number)
	d.Color, d.Thresholds = byThresholds(), thresholds(calm, nil)
	d.Custom = common.TableFieldOptions{Align: common.FieldTextAlignmentAuto, MinWidth: ptr(90.0), Filterable: ptr(true)}
	return p
}

func (c column) override() dashboard.DashboardFieldConfigSourceOverrides {
	var all []dashboard.DynamicConfigValue
	set := func(id string, value any) { all = append(all, property(id, value)) }
	if c.hidden {
		set("custom.hidden", true)
		set("custom.hideFrom", common.HideSeriesConfig{Viz: true}) // where Grafana 12 has it
		return override(c.name, all...)
	}
	set("noValue", cmp.Or(c.none, "–"))
	if c.width > 0 {
		const icons, letter = 52, 8 // a header with the marks of filters and of the order
		set("custom.width", max(c.width, float64(icons+letter*len(c.name))))
	} else {
		set("custom.minWidth", 130)
	}
	if unit := cmp.Or(c.unit, c.q.unit, number); c.label == "" && unit != number {
		set("unit", unit)
	}
	if decimals := cmp.Or(c.decimals, c.usualDecimals()); decimals != nil {
		set("decimals", *decimals)
	}
	if c.words != nil {
		set("mappings", mappings(c.words))
	}
	base := calm
	if c.levels != nil || c.words != nil {
		cell := map[string]any{"type": "color-text"}
		if c.fill {
			cell, base = map[string]any{"type": "color-background", "mode": "basic"}, "transparent"
		}
		set("custom.cellOptions", cell)
		set("color", byThresholds())
	}
	if c.levels != nil {
		set("thresholds", thresholds(base, c.levels))
	}
	if c.bar {
		set("custom.cellOptions", map[string]any{"type": "gauge", "mode": "basic", "valueDisplayMode": "text"})
		set("color", fixed(blue))
		set("min", 0)
		if cmp.Or(c.unit, c.q.unit) == share {
			set("max", 1)
		}
	}
	if c.links != nil {
		var links []dashboard.DashboardLink
		for _, l := range c.links {
			links = append(links, l.data())
		}
		set("links", links)
	}
	return override(c.name, all...)
}

func (c column) usualDecimals() *float64 {
	switch cmp.Or(c.unit, c.q.unit) {
	case seconds, factor:
		return ptr(1.0)
	case share, octets:
		return ptr(0.0)
	}
	return nil
}
