package main

// Panels about scans that the dashboard of scans has of everything, and the dashboard of an organization of one.

func (b *board) overdueTile() stat {
	return stat{
		frame: frame{"Sites overdue", "Sites whose last good scan is older than their limit, runzero_scan_max_age_seconds. Click for the sites, most overdue first.", "no scans exported", 4, 4},
		q:     b.g.total(overdue()), levels: alarm(bad), link: b.see("Sites, most overdue first"),
	}
}

func (b *board) failedTile() stat {
	return stat{
		frame: frame{"Last scan failed", "Sites whose last finished scan failed, was stopped or was canceled.", "no scans exported", 4, 4},
		q:     b.g.total("1 - (" + scanGood() + ")"), levels: alarm(bad), link: b.see("Sites, most overdue first"),
	}
}

func (b *board) lateTile() stat {
	return stat{
		frame: frame{"Schedules late", "Recurring scans that report an error, such as an unavailable Explorer, or that are later than their grace period allows.", "no recurring scans", 4, 4},
		q:     b.g.total(lateSchedules()), unit: number, levels: alarm(bad), link: b.see("Recurring scans, worst first"),
	}
}

func (b *board) offlineTile() stat {
	return stat{
		frame: frame{"Explorers offline", "Explorers that are not connected, without inactive ones. Needs an organization token or an account credential.", "no Explorer data", 4, 4},
		q:     b.g.total(ofSites("1 - (" + explorerConnected() + ")")), levels: alarm(bad), link: b.see("Explorers, offline ones first"),
	}
}

func (b *board) neverTile() stat {
	return stat{
		frame: frame{"Sites never scanned", "Sites without a known good scan. That is fine for sites that are not meant to be scanned.", "no scans exported", 4, 4},
		q:     b.g.total(orZero("count by () ("+neverScanned()+")", scanLimit)), unit: number, levels: alarm(warn), link: b.see("Sites, most overdue first"),
	}
}

func (b *board) integrationsTile() stat {
	return stat{
		frame: frame{"Integrations failing", "Integrations and imports whose last finished run was not successful, or whose last good run is older than their schedule allows." + wholeOrganizations, "no integrations", 4, 4},
		q:     b.g.total(integrationsWrong()), unit: number, levels: alarm(warn), link: b.see("Integrations and imports, worst first"),
	}
}

func (b *board) onTimeTile() stat {
	return stat{
		frame: frame{"Sites on time", "Share of the sites with a good scan whose last one is no older than their limit, for the account with the smallest share.", "no scans exported", 4, 4},
		q:     b.g.least("1 - avg by () (" + overdue() + ")"), unit: share, decimals: ptr(1.0),
		levels: []level{{0, bad}, {0.95, warn}, {1, good}}, link: b.see("Sites, most overdue first"),
	}
}

func (b *board) wrongGraph(w, h uint32) graph {
	return graph{
		frame: frame{"What is wrong, over time", "The numbers of the first row; of several replicas, the worse ones. There is a gap while no exporter could be scraped.", noScans, w, h},
		q: []query{
			b.g.total(overdue()).as("sites overdue"),
			b.g.total("1 - min by (org_name, site_name) (runzero_scan_last_success)").as("last scan failed"),
			b.g.total(lateSchedules()).as("schedules late"),
			b.g.total(ofSites("1 - min by (org_name, explorer) (runzero_explorer_connected)")).as("Explorers offline"),
			b.g.total("1 - min by (org_name, integration) (runzero_integration_last_success)").as("integrations failing"),
		},
		unit: number, steps: true, softMax: ptr(1.0),
		colors: []paint{{"sites overdue", red}, {"last scan failed", orange}, {"schedules late", purple}, {"Explorers offline", sky}, {"integrations failing", grey}},
	}
}

func (b *board) ageGraph(w, h uint32) graph {
	return graph{
		frame:   frame{"Age of the last good scan, as a share of its limit", "The 12 sites that are most overdue now. Above 100 %, a site is overdue.", noScans, w, h},
		q:       []query{b.g.top(scanAge + " / " + scanLimit).as("{{account_name}} {{org_name}} / {{site_name}}")},
		softMax: ptr(1.1), limit: []level{{1, red}},
	}
}

func goodOrFailed() []word {
	return []word{{value: 0, text: "failed", color: bad}, {value: 1, text: "good", color: good}}
}

// ago is how long ago something was.
func (b *board) ago(by, metric string) query {
	return b.g.each("time() - max by (" + by + ") (" + metric + ")")
}

// due judges the time until a run: a run in the past did not happen.
func due() []level { return []level{{-1e10, bad}, {-3600, warn}, {0, calm}} }

func (b *board) scannedTable(height uint32) table {
	const site = "org_name, site_name"
	// The next run that is still to come, or else the last one that was missed.
	next := `(min by (` + site + `) (` + nextRun + ` >= time()) or max by (` + site + `) (` + nextRun + `)) - time()`
	return table{
		frame: frame{"Sites, most overdue first", "Age: age of the last good scan. Limit: its maximum, runzero_scan_max_age_seconds. Of limit: age as a share of the limit; above 100 % the site is overdue. In a row: scans that failed since the last good one. Possible causes: the last scan failed, the next run is in the past or not planned, or no Explorer of the site is connected. A dash means unknown. Click a name to select the site, or to open it in the runZero console.", "No scans are exported: is the collector tasks disabled, or failing?", 24, height},
		columns: []column{
			{name: "Organization", label: "org_name"},
			{name: "Site", label: "site_name", links: []link{
				boardLink("Select ${__value.text}", b.uid, "&var-org_name=${__data.fields.Organization:percentencode}&var-site_name=${__value.raw:percentencode}"), consoleSite("site_id"),
			}},
			{name: "Of limit", q: b.g.each(scanAge + " / " + scanLimit), width: 95, levels: []level{{0, good}, {0.75, warn}, {1, bad}}, fill: true},
			{name: "Age", q: b.g.each(scanAge), width: 95, none: "never"},
			{name: "Limit", q: b.g.each(scanLimit), width: 90},
			{name: "Tried", q: b.ago(site, "runzero_scan_last_attempt_timestamp_seconds"), width: 95, none: "never"},
			{name: "Ended", q: b.g.each(scanGood()), width: 80, words: goodOrFailed()},
			{name: "In a row", q: b.g.each("min by (" + site + ") (runzero_scan_consecutive_failures)"), width: 80, levels: []level{{0, calm}, {2, bad}}},
			{name: "Running", q: b.g.each("time() - min by (" + site + ") (runzero_scan_running_start_timestamp_seconds)"), width: 95, none: " "},
			{name: "Next run", q: b.g.each(next), width: 105, levels: due(), none: "not planned"},
			{name: "Explorers", q: b.g.each("sum by (" + site + ") (" + connected() + ")"), width: 100, levels: []level{{0, bad}, {1, calm}}},
			{name: "id", q: b.g.each("max by (" + site + ", site_id) (runzero_site_info)"), info: true}, id("site_id"),
		},
		sort: []order{{"Of limit", true}},
	}
}

func (b *board) schedulesTable(height uint32) table {
	const schedule = "org_name, site_name, schedule"
	late := "(time() - " + nextRun + " > bool "
	state := `4 * (max by (` + schedule + `) (runzero_scan_schedule_failing) == 1)
		or 3 * ` + late + grace + `) == 3
		or 2 * ` + late + `0) == 2
		or max by (` + schedule + `) (runzero_scan_schedule_paused)`
	return table{
		frame: frame{"Recurring scans, worst first", "Late: the next run is in the past by more than the grace period. Due: by less. Failing: the scan reports an error, such as an unavailable Explorer. Paused scans have no next run, and for continuous scans runZero does not report one. Click a name to open the scan in the runZero console.", "There are no recurring scans", 24, height},
		columns: []column{
			{name: "Organization", label: "org_name"},
			{name: "Site", label: "site_name"},
			{name: "Recurring scan", label: "schedule", links: []link{consoleTask("schedule_id")}},
			{name: "State", q: b.g.each(state), unit: number, width: 95, words: []word{
				{value: 0, text: "planned", color: good}, {value: 1, text: "paused", color: warn}, {value: 2, text: "due", color: calm}, {value: 3, text: "late", color: bad}, {value: 4, text: "failing", color: bad},
			}},
			{name: "Next run", q: b.g.each(nextRun + " - time()"), width: 105, levels: due()},
			{name: "Grace", q: b.g.each(grace), width: 95},
			{name: "Last run", q: b.ago(schedule, "runzero_scan_schedule_last_run_timestamp_seconds"), width: 95, none: "never"},
			{name: "info", q: b.g.each("max by (" + schedule + ", schedule_id, frequency) (runzero_scan_schedule_info)"), info: true},
			{name: "Every", label: "frequency", width: 105}, id("schedule_id"),
		},
		sort: []order{{"State", true}, {"Next run", false}},
	}
}

func (b *board) explorersTable(height uint32) table {
	const explorer = "org_name, explorer"
	selected := func(text string) query { return b.g.each(ofSites(text)) }
	return table{
		frame: frame{"Explorers, offline ones first", "Without inactive Explorers. Needs an organization token or an account credential.", "No Explorers: needs an organization token or an account credential", 24, height},
		columns: []column{
			{name: "Organization", label: "org_name"},
			{name: "Site", label: "site_name"},
			{name: "Explorer", label: "explorer"},
			{name: "State", q: selected(explorerConnected()), width: 110, words: []word{{value: 0, text: "offline", color: bad}, {value: 1, text: "connected", color: good}}},
			{name: "Check-in", q: selected("time() - max by (" + explorer + ") (runzero_explorer_last_checkin_timestamp_seconds)"), width: 105, none: "never"},
			{name: "Version", label: "version", width: 120},
			{name: "Release", q: selected("min by (" + explorer + ") (runzero_explorer_outdated)"), width: 105, words: []word{{value: 0, text: "current", color: calm}, {value: 1, text: "outdated", color: warn}}},
			{name: "System", label: "os", width: 105},
			{name: "info", q: b.g.each("max by (" + explorer + ", site_name, version, os) (runzero_explorer_info)"), info: true},
		},
		sort: []order{{"State", false}, {"Check-in", true}},
	}
}

func (b *board) integrationsTable(height uint32) table {
	const integration = "org_name, integration"
	return table{
		frame: frame{"Integrations and imports, worst first", "The last run of the connectors and imports of each name. Of limit: age of the last good run as a share of what its schedule allows; empty without a schedule." + wholeOrganizations, "There are no integrations or imports", 24, height},
		columns: []column{
			{name: "Organization", label: "org_name"},
			{name: "Integration", label: "integration"},
			{name: "Last run", q: b.g.each(integrationGood()), width: 105, words: goodOrFailed()},
			{name: "Succeeded", q: b.ago(integration, "runzero_integration_last_success_timestamp_seconds"), width: 120, none: "never"},
			{name: "Limit", q: b.g.each("max by (" + integration + ") (runzero_integration_max_age_seconds)"), width: 100},
			{name: "Of limit", q: b.g.each(integrationAge + " / " + integrationLimit), width: 105, levels: []level{{0, good}, {1, bad}}, fill: true},
		},
		sort: []order{{"Last run", false}, {"Of limit", true}, {"Succeeded", true}},
	}
}

func (b *board) resultsTable(height uint32) table {
	columns := []column{
		{name: "Organization", label: "org_name"},
		{name: "Site", label: "site_name"},
		{name: "Took", q: b.g.each("max by (org_name, site_name) (runzero_scan_last_duration_seconds)"), width: 95},
	}
	for _, c := range [][2]string{{"Assets", "total"}, {"New", "new"}, {"Online", "online"}, {"Changed", "changed"}, {"Unchanged", "unchanged"}, {"Offline", "offline"}, {"Ignored", "ignored"}} {
		columns = append(columns, column{name: c[0], q: b.g.each(`max by (org_name, site_name) (runzero_scan_last_assets{change="` + c[1] + `"})`), width: 105})
	}
	columns[3].levels = []level{{0, bad}, {1, calm}}
	return table{
		frame:   frame{"Last good scans", "A scan that found nothing may have the wrong targets, although it succeeded.", "No known good scans", 24, height},
		columns: columns, sort: []order{{"Assets", false}},
	}
}
