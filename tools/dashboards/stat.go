package main

import (
	"cmp"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	sdk "github.com/grafana/grafana-foundation-sdk/go/stat"
)

// stat is a tile with one number.
type stat struct {
	frame

	q        query
	unit     string // instead of the one derived from the query
	decimals *float64
	levels   []level // none: the number is not judged
	words    []word
	spark    bool // with its course over time
	names    bool // shows the series' names instead of their values
	link     link
}

func (s stat) build(*board) dashboard.Panel {
	p := s.panel("stat", []query{s.q}, prometheus.PromQueryFormatTimeSeries, !s.spark)
	options := sdk.NewOptions()
	options.GraphMode = common.BigValueGraphModeNone
	if s.spark {
		options.GraphMode = common.BigValueGraphModeArea
	}
	options.TextMode = common.BigValueTextModeValue
	if s.names {
		options.TextMode = common.BigValueTextModeName
	}
	options.ReduceOptions.Calcs = []string{"lastNotNull"}
	options.Orientation = common.VizOrientationAuto
	p.Options = options

	d := &p.FieldConfig.Defaults
	d.Unit = ptr(cmp.Or(s.unit, s.q.unit, number))
	d.Decimals = s.decimals
	d.Mappings = mappings(s.words)
	d.Color = fixed(calm)
	if s.levels != nil || s.words != nil {
		d.Color = byThresholds()
		d.Thresholds = thresholds(calm, s.levels)
	}
	if s.link.url != "" {
		d.Links = []dashboard.DashboardLink{s.link.data()}
	}
	return p
}
