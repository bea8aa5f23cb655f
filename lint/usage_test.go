package lint_test

import (
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/lint"
)

func TestWithUsage(t *testing.T) {
	files := small(t)
	shipped, found := lint.ReadShipped(files, lint.Exported())
	if len(found) > 0 {
		t.Fatal(found)
	}
	page, err := shipped.WithUsage(string(files[lint.DashboardsPage].Data))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"[`runzero_console_healthy`](../docs/metrics.md#runzero_console_healthy)": true, // used nowhere
		"[`runzero_up`]":                   false, // by a variable
		"[`runzero_api_requests_total`]":   false, // by panels
		"[`runzero_scan_max_age_seconds`]": false, // by a rule
	} {
		if strings.Contains(page, text) != want {
			t.Errorf("%s is on the page: %v", text, !want)
		}
	}
	again, err := shipped.WithUsage(page)
	if err != nil || again != page {
		t.Errorf("made twice, it is another: %v", err)
	}
	if _, err := shipped.WithUsage("# Dashboards\n"); err == nil {
		t.Error("there is no place for what is made, and no error")
	}
}
