package main

import (
	"cmp"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	sdk "github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// graph shows series over time.
type graph struct {
	frame

	q         []query
	unit      string // instead of the one derived from the first query
	max       *float64
	softMax   *float64 // the axis reaches at least to it
	stack     bool
	steps     bool     // the value is true until it changes
	colors    []paint  // of the series by name; others take the palette's
	limit     []level  // drawn as dashed lines
	dashed    []string // series that are limits: regular expressions of names
	wholeTime bool     // legend with the range of each series
}

func (s graph) build(*board) dashboard.Panel {
	p := s.panel("timeseries", s.q, prometheus.PromQueryFormatTimeSeries, false)
	options := sdk.Options{
		Legend:  common.VizLegendOptions{ShowLegend: true, DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, Calcs: []string{}},
		Tooltip: common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending},
	}
	if s.wholeTime {
		options.Legend.DisplayMode, options.Legend.Placement = common.LegendDisplayModeTable, common.LegendPlacementRight
		options.Legend.Calcs = []string{"lastNotNull", "min", "max"}
	}
	custom := common.GraphFieldConfig{
		LineWidth: ptr(1.0), FillOpacity: ptr(0.0), ShowPoints: ptr(common.VisibilityModeAuto), PointSize: ptr(4.0), AxisSoftMax: s.softMax,
	}
	if s.stack {
		options.Tooltip.Sort = common.SortOrderNone
		custom.FillOpacity = ptr(60.0)
		custom.Stacking = &common.StackingConfig{Mode: ptr(common.StackingModeNormal), Group: ptr("A")}
	}
	if s.steps {
		custom.LineInterpolation = ptr(common.LineInterpolationStepAfter)
	}
	d := &p.FieldConfig.Defaults
	if s.limit != nil {
		custom.ThresholdsStyle = &common.GraphThresholdsStyleConfig{Mode: common.GraphThresholdsStyleModeDashed}
		d.Thresholds = thresholds("transparent", s.limit)
	}
	d.Unit = ptr(cmp.Or(s.unit, s.q[0].unit, number))
	if *d.Unit == number {
		d.Decimals = ptr(0.0)
	}
	d.Min, d.Max = ptr(0.0), s.max
	d.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdPaletteClassic}
	d.Custom = custom
	p.Options = options
	for _, c := range s.colors {
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, override(c.name, property("color", fixed(c.color))))
	}
	for _, name := range s.dashed {
		o := override("/"+name+"/", property("custom.fillOpacity", 0), property("color", fixed(calm)),
			property("custom.lineStyle", common.LineStyle{Fill: ptr(common.LineStyleFillDash), Dash: []float64{10, 10}}),
			property("custom.stacking", common.StackingConfig{Mode: ptr(common.StackingModeNone), Group: ptr("A")}))
		o.Matcher.Id = "byRegexp"
		p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, o)
	}
	return p
}

// bars compares a few values of now.
type bars struct {
	frame

	q query
}

func (s bars) build(*board) dashboard.Panel {
	p := s.panel("bargauge", []query{s.q}, prometheus.PromQueryFormatTimeSeries, true)
	options := bargauge.NewOptions()
	options.DisplayMode, options.ValueMode = common.BarGaugeDisplayModeBasic, common.BarGaugeValueModeText
	options.Orientation, options.NamePlacement = common.VizOrientationHorizontal, common.BarGaugeNamePlacementLeft
	options.ShowUnfilled = false
	options.Sizing, options.MaxVizHeight = common.BarGaugeSizingManual, 22
	options.ReduceOptions.Calcs = []string{"lastNotNull"}
	p.Options = options
	d := &p.FieldConfig.Defaults
	d.Unit, d.Min, d.Color = ptr(number), ptr(0.0), fixed(blue)
	return p
}
