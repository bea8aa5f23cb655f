package main

func scans(g *generator) *board {
	b := &board{g: g, uid: "runzero-scans", title: "runZero / Scans and Explorers", from: "now-14d", variables: append(standardVariables(), consoleVariable())}
	b.about = "Whether every site is scanned on time, and if not, why: schedules, Explorers, integrations."
	b.scanMarks()
	b.alertMarks()
	b.quotaMarks(false)
	b.restartMarks()

	b.row("Is anything wrong?", false,
		b.overdueTile(), b.failedTile(), b.lateTile(), b.offlineTile(), b.neverTile(), b.integrationsTile(),
		stat{
			frame: frame{"Running scans", "Sites with a running scan.", "no scans exported", 4, 4},
			q:     g.total(orZero(`count by () (max by (org_name, site_name) (runzero_scan_running_start_timestamp_seconds))`, scanLimit)), unit: number,
		},
		stat{
			frame: frame{"Missing sites", g.help("runzero_sites_missing"), "no data of sites", 4, 4},
			q:     g.total(`max by (org_name) (runzero_sites_missing)`), levels: alarm(bad), link: b.seeIn("runzero-inventory", "Organizations"),
		},
		b.onTimeTile(),
		stat{
			frame:  frame{"Budget left", objective + " How much of what the objective allows is left, for the account that has least. Needs the recording rules of alerts/runzero.rules.yml.", "needs the recording rules", 4, 4},
			q:      g.least(`1 - max by () (account:runzero_sites_overdue:ratio_avg28d) / 0.05`),
			levels: []level{{-1e10, bad}, {0, warn}, {0.25, good}}, decimals: ptr(0.0), link: b.see("Spending of the budget"),
		},
		b.alertTile(),
		b.freshTile("tasks|sites|explorers"),
	)
	b.row("Sites", false, b.scannedTable(11))
	b.row("Alerts", false, b.alertTable(7))
	b.row("Over time", false, b.wrongGraph(12, 9), b.ageGraph(12, 9),
		graph{
			frame: frame{"Waiting and running tasks", "Scans, imports and other unfinished tasks, by status.", "No tasks are exported", 12, 7},
			q: []query{g.total(`sum by (status) (max by (org_name, task_type, status) (runzero_tasks{status!~"processed|completed|stopped|canceled|error|failed|removed"}))
				or on () label_replace(0 * sum by () (max by (org_name, task_type, status) (runzero_tasks)), "status", "none", "", "")`, "status").as("{{status}}")},
			steps: true, softMax: ptr(1.0), colors: []paint{{"none", grey}},
		},
		graph{
			frame: frame{"Unsuccessful tasks", "Tasks in the console's list that failed, were stopped or were canceled. Old tasks leave the list, so the numbers also fall.", "No tasks are exported", 12, 7},
			q: []query{g.total(`sum by (task_type, status) (max by (org_name, task_type, status) (runzero_tasks{status=~"stopped|canceled|error|failed|removed"}))
				or on () label_replace(0 * sum by () (max by (org_name, task_type, status) (runzero_tasks)), "status", "none", "", "")`, "task_type", "status").as("{{task_type}} {{status}}")},
			steps: true, softMax: ptr(1.0), colors: []paint{{" none", grey}},
		},
	)
	b.row("Objective", false,
		graph{
			frame: frame{"Sites within their limit", objective + " The dashed line is the objective. Needs the recording rules of alerts/runzero.rules.yml.", "Needs the recording rules of alerts/runzero.rules.yml", 12, 8},
			q: []query{
				g.each(`1 - max by () (account:runzero_sites_overdue:ratio)`).as("now " + whose),
				g.each(`1 - max by () (account:runzero_sites_overdue:ratio_avg28d)`).as("over 28 days " + whose),
			},
			max: ptr(1.0), limit: []level{{0.95, orange}},
		},
		graph{
			frame: frame{"Spending of the budget", objective + " 1 spends in 28 days what the objective allows; above it, the objective will be missed if nothing changes. Needs the recording rules of alerts/runzero.rules.yml.", "Needs the recording rules of alerts/runzero.rules.yml", 12, 8},
			q: []query{
				g.worst(`max by () (account:runzero_sites_overdue:ratio_avg6h) / 0.05`).as("6 hours"),
				g.worst(`max by () (account:runzero_sites_overdue:ratio_avg3d) / 0.05`).as("3 days"),
				g.worst(`max by () (account:runzero_sites_overdue:ratio_avg28d) / 0.05`).as("28 days"),
			},
			unit: factor, limit: []level{{1, orange}}, softMax: ptr(2.0), colors: []paint{{"6 hours", sky}, {"3 days", orange}, {"28 days", blue}},
		},
	)
	b.row("Recurring scans", false, b.schedulesTable(11))
	b.row("Explorers", false, b.explorersTable(11),
		graph{
			frame: frame{"Explorers by status", "Inactive: removed, but still listed." + wholeOrganizations, "No Explorers", 12, 8},
			q:     []query{g.total(`max by (org_name, status) (runzero_explorers)`, "status").as("{{status}}")},
			steps: true, stack: true, colors: explorerStates(),
		},
		bars{
			frame: frame{"Explorers by version", "The 10 most frequent versions.", "No Explorers", 12, 8},
			q:     g.ranked(`count by (version) (max by (org_name, explorer, version) (runzero_explorer_info))`, "version").as("{{version}}"),
		},
	)
	b.row("Integrations", false, b.integrationsTable(9))
	b.row("Results of the last good scans", false, b.resultsTable(11),
		graph{
			frame: frame{"Duration of the last good scan", "The 12 sites with the longest last good scan.", "No known good scans", 12, 8},
			q:     []query{g.top(`max by (org_name, site_name) (runzero_scan_last_duration_seconds)`).as("{{account_name}} {{org_name}} / {{site_name}}")},
			steps: true,
		},
		graph{
			frame:  frame{"Changes found by the last good scans", "New, changed and offline assets found by the last good scan of each site, summed over sites.", "No known good scans", 12, 8},
			q:      []query{g.total(`max by (org_name, site_name, change) (runzero_scan_last_assets{change=~"new|changed|offline"})`, "change").as("{{change}}")},
			steps:  true,
			colors: []paint{{"new", blue}, {"changed", orange}, {"offline", purple}},
		},
	)
	b.row("Hosted zones", true, table{
		frame: frame{"Hosted zones", "Zones with Explorers run by runZero. The collector hosted_zones is off by default.", "No hosted zones: the collector hosted_zones is off, or there are none", 24, 8},
		columns: []column{
			{name: "Zone", label: "zone"},
			{name: "Enabled", q: g.each(`max by (zone) (runzero_hosted_zone_enabled)`), width: 100, words: []word{{value: 0, text: "no", color: warn}, {value: 1, text: "yes", color: good}}},
			{name: "Explorers", q: g.each(`max by (zone) (runzero_hosted_zone_explorers)`), width: 100},
			{name: "Tasks running", q: g.each(`max by (zone) (runzero_hosted_zone_tasks{state="active"})`), width: 130},
			{name: "Tasks waiting", q: g.each(`max by (zone) (runzero_hosted_zone_tasks{state="waiting"})`), width: 130},
		},
		sort: []order{{"Zone", false}},
	})
	return b
}

const objective = "The objective: 95 % of the sites are scanned within their limit, over 28 days."
