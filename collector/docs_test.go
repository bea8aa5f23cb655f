package collector

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// docs/metrics.md is generated from the catalogue and testdata/metrics.md.tmpl.
func TestMetricsDoc(t *testing.T) {
	page := metricsPage(t)
	compare(t, filepath.Join("..", "docs", "metrics.md"), page)
	for _, m := range Catalogue() {
		if n := strings.Count(page, fmt.Sprintf("<a id=%q>", m.Name)); n != 1 {
			t.Errorf("%s is in %d sections", m.Name, n)
		}
	}
	for _, spec := range Specs() {
		if !strings.Contains(page, fmt.Sprintf("Collector `%s`. ", spec.Name)) {
			t.Errorf("the collector %s has no section", spec.Name)
		}
	}
}

// Families of collectors that are off by default are experimental. So is what relies on
// undocumented behaviour: when the quota resets, for example.
func TestStability(t *testing.T) {
	off := map[string]bool{"queries": true, "discovery": true}
	for _, spec := range Specs() {
		off[spec.Name] = spec.OffByDefault
	}
	undocumented := []string{"runzero_api_usage_reset_timestamp_seconds", "runzero_api_usage_exhaustion_timestamp_seconds"}
	for _, m := range Catalogue() {
		want := Stable
		if slices.Contains(undocumented, m.Name) || !slices.ContainsFunc(m.Collectors, func(c string) bool { return !off[c] }) {
			want = Experimental
		}
		if m.Stability != want {
			t.Errorf("%s is %q, want %q", m.Name, m.Stability, want)
		}
	}
}

func metricsPage(t *testing.T) string {
	t.Helper()
	var labels, open []string
	for _, label := range assetLabels() {
		labels = append(labels, label.name)
		if label.open {
			open = append(open, label.name)
		}
	}
	open = append(open, words("source value owner_type owner_name category authentication encryption source_id protocol transport port software_vendor software_product")...)
	functions := template.FuncMap{"table": metricTable}
	page, err := template.New("metrics.md.tmpl").Funcs(functions).ParseFiles(filepath.Join("testdata", "metrics.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := page.Execute(&text, map[string]any{
		"labelRunes": maxLabelRunes, "integrations": maxIntegrations, "sites": maxSites, "explorers": maxExplorers, "schedules": maxSchedules,
		"accountRows": maxAccountRows, "hostedZones": maxHostedZones, "organizations": runzero.OrganizationsMost, "series": maxSeries,
		"tags": MaxTags, "assetLabels": enumerate(labels), "openLabels": enumerate(open),
	}); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// metricTable is the table of a collector's families. A family of several collectors
// describes polls, with the collector as a label.
func metricTable(collector string) string {
	table := "| name | type | stability | labels | meaning |\n|---|---|---|---|---|\n"
	for _, m := range Catalogue() {
		if len(m.Collectors) == 1 && m.Collectors[0] == collector || len(m.Collectors) > 1 && collector == Health {
			table += metricRow(m)
		}
	}
	return strings.TrimSuffix(table, "\n")
}

func metricRow(m Metric) string {
	kind := strings.ToLower(m.Type.String())
	if m.Live {
		kind += ", live"
	}
	var labels []string
	for _, label := range m.Labels {
		labels = append(labels, "`"+label+"`")
	}
	if m.Configured != "" {
		labels = append(labels, "those of `"+m.Configured+"`")
	}
	return fmt.Sprintf("| <a id=%q></a>`%s` | %s | %s | %s | %s |\n", m.Name, m.Name, kind, m.Stability, strings.Join(labels, ", "), m.Help)
}

func enumerate(words []string) string {
	last := len(words) - 1
	return "`" + strings.Join(words[:last], "`, `") + "` and `" + words[last] + "`"
}
