package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// marks draws a line in all graphs. An expression of times in milliseconds marks these times; any other marks as long
// as it has a value.
func (b *board) marks(name, color string, shown, times bool, q query, title, text string) {
	b.annotations = append(b.annotations, dashboard.AnnotationQuery{
		Name: name, Datasource: datasource(), Enable: shown, IconColor: color, Expr: &q.expr,
		TitleFormat: &title, TextFormat: &text, Step: ptr("60s"), UseValueForTime: &times,
	})
}

func (b *board) scanMarks() {
	b.marks("Finished scans", blue, false, true,
		b.g.each(`1000 * max by (org_name, site_name) (runzero_scan_last_attempt_timestamp_seconds)`), "Scan finished", "{{account_name}} {{org_name}} / {{site_name}}")
}

func (b *board) alertMarks() {
	b.marks("Firing alerts", bad, true, false,
		b.g.each(`count by (alertname, severity) (`+b.firing("")+`)`), "{{alertname}}", "{{severity}} {{account_name}} {{job}}")
}

func (b *board) quotaMarks(shown bool) {
	b.marks("Quota resets", purple, shown, true,
		b.g.each(`1000 * round(max by () (runzero_api_usage_reset_timestamp_seconds), 600)`), "Quota reset", "{{account_name}} {{job}}")
}

func (b *board) restartMarks() {
	b.marks("Exporter restarts", orange, true, true,
		b.g.each(`1000 * max by (instance) (process_start_time_seconds and on (instance) present_over_time(runzero_up[1d]))`), "Exporter started", "{{job}} {{instance}}")
}
