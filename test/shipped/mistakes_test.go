package shipped

// mistake is a change of the small repository that makes one check fail.
type mistake struct{ file, before, after, want string }

func mistakes() []mistake {
	const (
		board   = "dashboards/runzero-small.json"
		tests   = "alerts/small_test.yml"
		compose = "examples/docker-compose.yml"
		kube    = "examples/runzero_exporter.yaml"
	)
	return []mistake{
		// Dashboards.
		{board, `"uid": "runzero-small",`, `"uid": "runzero-small"`, board + ": "},
		{board, `"uid": "runzero-small"`, `"uid": "runzero-tiny"`, `uid "runzero-tiny" is not the file's name`},
		{board, `"description": "What`, `"descr": "What`, "the dashboard needs a title and a description"},
		{board, `"description": "How`, `"descr": "How`, "panel Sites: a panel needs a title, a description and a query"},
		{board, `"id": 2`, `"id": 1`, `panel "Sites": id 1 is not unique`},
		{board, `"uid": "${datasource}"`, `"uid": "prom"`, `datasource "prom" is not ${datasource}`},
		{board, `"name": "datasource"`, `"name": "source"`, "there is no variable datasource"},
		{board, `"type": "adhoc"`, `"type": "textbox"`, "not one for ad hoc filters"},
		{board, `"__inputs": []`, `"__inputs": [1]`, "__inputs must be there and empty"},
		{board, `"id": "stat"`, `"id": "gauge"`, "__requires must be datasource prometheus, grafana grafana, panel stat"},
		{board, `{{endpoint}}`, `{{endpoints}}`, "the legend uses the label endpoints, which query A does not have"},
		{board, `"org_name": 0`, `"organization": 0`, "panel Organizations: no such columns: organization"},
		{board, `by (org_name) (runzero_sites{org_name`, `by (org_name) (runzero_site{org_name`, `panel Sites: no such series: "runzero_site"`},
		{board, `runzero_up, job)`, `runzero_up, jobs)`, "group uses labels that its operand does not have: jobs"},
		{board, `=~\"$org_name\"`, `=~\".*\"`, "variable org_name is not used"},
		{board, `/d/runzero-small`, `/d/runzero-large`, `link to a missing dashboard: "/d/runzero-large`},
		{board, `${job:queryparam}`, `${jobs:queryparam}`, "link with a missing variable: runzero-small has no jobs"},
		{board, `--cache.interval`, `--cache.intervall`, "no such flag: --cache.intervall"},

		// Rules and their tests.
		{rulesFile, "groups:", "groups: {", rulesFile + ": yaml"},
		{rulesFile, "record: site:", "record: place:", `RunZeroScanStale: no such series: "site:runzero_scan_age_seconds:max"`},
		{rulesFile, "(job, org_name, site_name) (runzero_scan_age_seconds)", "(job, org_name) (runzero_scan_age_seconds)", "> uses labels that its operand does not have: site_name"},
		{rulesFile, "$labels.site_name", "$labels.site", "RunZeroScanStale: the alert has no label site"},
		{rulesFile, "#runzeroscanstale", "#runzeroscansstale", "RunZeroScanStale: runbook_url is"},
		{rulesFile, "alert: RunZeroScanStale", "alert: RunZeroScanOld", "docs/runbooks.md: the sections are\nRunZeroScanStale\nbut the alerts are\nRunZeroScanOld"},
		{tests, `runzero_scan_age_seconds{`, `runzero_scan_age{`, "no such series: runzero_scan_age{"},
		{tests, `org_name="A"`, `organization="A"`, "has no label organization"},
		{"alerts/alertmanager.example.yml", `"RunZeroScanStale"`, `"RunZeroScanStole"`, "no such alert: RunZeroScanStole"},

		// Pages.
		{"README.md", "docs/runbooks.md)", "docs/runbook.md)", "README.md: link to a missing file: docs/runbook.md"},
		{"README.md", "#runzeroscanstale", "#runzeroscan", "README.md: link to a missing heading: docs/runbooks.md#runzeroscan"},
		{"README.md", "main/docs/runbooks.md#top", "main/docs/runbooks.md#bottom", "link to a missing heading: https://github.com/"},
		{runbooksPage, "`--cache.interval`", "`--cache.intervall`", "no such flag: --cache.intervall"},
		{runbooksPage, "runzero_exporter plan --limit", "runzero_exporter --limit", "has no flag --limit"},
		{runbooksPage, "runzero_exporter plan", "runzero_exporter plans", "no such command: plans"},
		{runbooksPage, "`RUNZERO_CACHE_INTERVAL`", "`RUNZERO_CACHE_INTERVALL`", "no such environment variable: RUNZERO_CACHE_INTERVALL"},
		{runbooksPage, "runzero_scan_age_seconds > 86400", "max by (site) (runzero_scan_age_seconds)", "max uses labels"},
		{runbooksPage, "Nobody scans.", "See `runzero_scan_*` and runzero_site_ages.", "no such metric: runzero_site_ages"},

		// Examples.
		{"examples/runzero_exporter.service", "--no-collector.tasks", "--no-collector.task", "has no flag --no-collector.task"},
		{compose, "--demo", "--demon", "serve has no flag --demon"},
		{compose, "- ../dashboards:", "- ../dashboard:", "no such file: ../dashboard"},
		{"examples/kustomization.yaml", "runzero_exporter.yaml", "exporter.yaml", "no such file: exporter.yaml"},
		{kube, "--cache.interval=1h", "--cache.intervall=1h", "has no flag --cache.intervall"},
		{kube, "claimName: cache", "claimName: caches", "no such object caches"},
		{kube, "path: /-/healthy, port: metrics", "path: /-/healthy, port: web", "no such port web"},
		{"examples/small.rules.yml", "(runzero_sites)", "(runzero_site)", `team:runzero_sites:sum: no such series: "runzero_site"`},
		{"examples/small.rules_test.yml", `org_name="A"`, `organization="A"`, "examples/small.rules_test.yml: runzero_sites{"},
		{kube, "selector: {app: runzero-exporter}", "selector: {app: exporter}", "no such label app=exporter"},
	}
}
