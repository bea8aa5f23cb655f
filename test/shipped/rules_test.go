package shipped_test

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

func inRules(old, now, finding string) change {
	return change{file: shipped.RulesFile, old: old, now: now, finding: finding}
}

func TestRules(t *testing.T) {
	finds(t, []change{
		inRules("groups:", "group:", "is no file of rules"),
		inRules("        for: 1h\n", "        For: 1h\n", "is no file of rules"),
		inRules("record: site:runzero_scan_age_seconds:max", "record: site:age", "site:age: is not called level:metric:operations"),
		inRules("record: site:", "record: place:", "place:runzero_scan_age_seconds:max: no rule reads it"),
		inRules("record: site:", "record: place:", `RunZeroScanStale: there is no series "site:runzero_scan_age_seconds:max"`),
		inRules("(job, org_name, site_name) (runzero_scan_age_seconds)", "(job, org_name) (runzero_scan_age_seconds)",
			"RunZeroScanStale: > on (job, org_name, site_name) matches on labels that its left side does not have: site_name"),
		inRules("runzero_scan_max_age_seconds)", "runzero_scan_max_age)", `there is no series "runzero_scan_max_age"`),
		inRules("          max by (job, org_name, site_name)", "          max by (job, site_name)", "that its right side does not have: org_name"),
		inRules("alert: RunZeroScanStale", "alert: ScanStale", "ScanStale: does not begin with RunZero"),
		inRules("alert: RunZeroScanStale", "alert: RunZero_scanStale", "RunZero_scanStale: does not begin with RunZero"),
		inRules("        for: 1h\n", "", "RunZeroScanStale: has no for"),
		inRules("severity: warning", "severity: page", `RunZeroScanStale: has the severity "page"`),
		inRules("labels: {severity: critical}\n", "labels: {team: network}\n", `RunZeroScanStale: has the severity ""`),
		inRules("          summary: Site {{ $labels.site_name }} is stale.\n", "", "RunZeroScanStale: has no summary"),
		inRules("description: Nobody scans it.", `description: " "`, "RunZeroScanStale: has no description"),
		inRules("          dashboard_url: /d/runzero-small\n", "", "RunZeroScanStale: has no dashboard_url"),
		inRules("          runbook_url: https://example.com/docs/runbooks.md#runzeroscanstale\n", "", "RunZeroScanStale: has no runbook_url"),
		inRules("runbooks.md#runzeroscanstale", "runbooks.md#runzeroscansstale", "there is no section #runzeroscansstale in docs/runbooks.md"),
		inRules("docs/runbooks.md#", "runbook.md#", "there is no section #runzeroscanstale"),
		inRules("/d/runzero-small?", "/d/runzero-large?", "there is no dashboard runzero-large"),
		inRules("?var-job=", "?var-jobs=", "runzero-small has no variable jobs"),
		inRules("--collector.tasks.scan-max-age", "--collector.tasks.max-age", "there is no flag --collector.tasks.max-age"),
		{shipped.RunbooksPage, "## RunZeroScanStale", "## Stale scans", "there is no section #runzeroscanstale in docs/runbooks.md"},
	})
}

func TestRulesAnnotations(t *testing.T) {
	finds(t, []change{
		inRules("$labels.site_name }} is stale", "$labels.site }} is stale", "summary: names the label site, which the alert never has"),
		inRules("with $labels.org_name", "with .Labels.account_name", "description: names the label account_name, which the alert never has"),
		inRules("{{ end }}", "", "description: is no template"),
		inRules("$value | humanizeDuration", "$value | humaniseDuration", "description: is no template"),
		inRules("$value | humanizeDuration", "eq $value 1", "description: is a template that fails"),
		inRules("{{ . }}: ", "{{ . | humanize 1 }}: ", "description: is a template that fails"),
	})
}

const smallTests = "alerts/small_test.yml"

func TestRulesAreTested(t *testing.T) {
	finds(t, []change{
		{smallTests, "tests:", "tests: 3 #", "is no file of tests"},
		{smallTests, `severity="warning"`, `severity="info"`, "RunZeroScanStale: no test shows it firing as warning"},
		{smallTests, "exp_labels: {severity: critical}", "exp_labels: {}", "RunZeroScanStale: no test shows it firing as critical"},
		{smallTests, "exp_samples: []", "exp_samples: [{value: 1}]", "RunZeroScanStale: no test shows it silent"},
		{smallTests, "alertname: RunZeroScanStale", "alertname: RunZeroScanStuck", "test stale and forgotten: there is no alert RunZeroScanStuck"},
		{smallTests, `ALERTS{alertname="RunZeroScanStale"}`, `ALERTS{alertname="RunZeroScanStuck"}`, "test stale and forgotten: there is no alert RunZeroScanStuck"},
		{smallTests, `org_name="A"`, `organization="A"`, "test stale and forgotten: runzero_scan_age_seconds has no label organization"},
		{smallTests, "runzero_scan_age_seconds{", "runzero_scan_age{", `test stale and forgotten: there is no series "runzero_scan_age"`},
		{smallTests, `site_name="HQ"}`, `site_name="HQ"`, "is no series"},
		inRules("groups:", "groups:\n  - name: new\n    rules:\n      - alert: RunZeroNew\n        expr: up == 0\n        for: 1h\n        labels: {severity: info}",
			"RunZeroNew: no test shows it firing as info"),
	})
}
