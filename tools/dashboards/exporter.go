package main

func exporter(g *generator) *board {
	b := &board{g: g, uid: "runzero-exporter", title: "runZero / API quota and exporter", from: "now-2d", variables: standardVariables()}
	b.about = "Whether the account's API calls last, who spends them, and whether the data is fresh."
	b.scanMarks()
	b.alertMarks()
	b.quotaMarks(true)
	b.restartMarks()
	b.row("Will the quota last?", false, b.quotaTiles()...)
	b.row("Accounts", false, b.accountsTable())
	b.row("Alerts", false, b.alertTable(7))
	b.row("Quota over time", false, b.quotaGraphs()...)
	b.row("Replicas", false, b.replicas()...)
	b.row("Collectors", false, b.collectors()...)
	b.row("Calls", false, b.calls()...)
	b.row("Exporters", false, b.exportersTable(),
		graph{
			frame: frame{"Availability of the exporter and the API", "1 means that the exporter responds to scrapes, or that the API responded to its last call. By instance.", "No exporter was scraped", 18, 8},
			q: []query{
				g.each(`max by (instance) (up and on (instance) ` + instances + `)`).as("exporter {{instance}} {{cluster}}"),
				g.each(`min by (instance) (runzero_up` + follows + `)`).as("API {{account_name}} {{instance}} {{cluster}}"),
			},
			unit: factor, max: ptr(1.0), steps: true,
		},
		stat{
			frame: frame{"Console versions", "As reported by the consoles.", "unknown", 6, 8},
			q:     g.each(`group by (version) (runzero_console_info)`).as("{{version}} {{account_name}}"), names: true,
		},
	)
	return b
}
