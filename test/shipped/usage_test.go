package shipped_test

import (
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

func TestWithUsage(t *testing.T) {
	files := small(t)
	all, found := shipped.ReadShipped(files, shipped.Exported())
	if len(found) > 0 {
		t.Fatal(found)
	}
	page, err := all.WithUsage(string(files[shipped.DashboardsPage].Data))
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
	again, err := all.WithUsage(page)
	if err != nil || again != page {
		t.Errorf("made twice, it is another: %v", err)
	}
	if _, err := all.WithUsage("# Dashboards\n"); err == nil {
		t.Error("there is no place for what is made, and no error")
	}
}
