package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// organization is a customer's view. All it needs is a scrape of /metrics?organization=: nothing of the account.
func organization(g *generator) *board {
	const account = `job=~"$job",account_name=~"$account_name"`
	one := values("org_name", "Organization", `runzero_collector_success{`+account+`,org_name!=""}`)
	one.Multi, one.IncludeAll, one.AllValue, one.Current = ptr(false), ptr(false), nil, nil
	b := &board{g: g, uid: "runzero-organization", alerts: `,org_name!=""`, title: "runZero / One organization", from: "now-30d", variables: []dashboard.VariableModel{
		datasourceVariable(),
		values("job", "Job", "runzero_collector_success"),
		values("account_name", "Account", `runzero_collector_success{job=~"$job"}`),
		one,
		values("site_name", "Site", `runzero_site_info{`+account+`,org_name=~"$org_name"}`),
		filtersVariable(),
		consoleVariable(),
	}}
	b.about = "One organization: what it has, how risky it is, whether it is scanned on time, and how all this develops."
	b.scanMarks()
	b.alertMarks()

	b.row("At a glance", false,
		b.assetsTile(), b.changeTile(), b.highRiskTile(), b.endedTile(), b.vulnerabilitiesTile(), b.unseenTile(),
		b.overdueTile(), b.failedTile(), b.offlineTile(), b.integrationsTile(), b.alertTile(), b.freshTile("assets|sites|tasks|explorers|findings|organizations|queries/.*"),
	)
	b.row("Trend", false, b.riskGraph(8, 8), b.supportGraph(8, 8),
		graph{
			frame: frame{"Assets of the largest sites", "The 12 sites with most assets now.", noAssets, 8, 8},
			q:     []query{g.top(`sum by (org_name, site_name) (` + assets + `)`).as("{{site_name}}")},
		},
		b.seenGraph(8, 8), b.newGraph(8, 8), b.sumsGraph(8, 8))
	b.row("Scans", false, b.scannedTable(9), b.wrongGraph(12, 8), b.ageGraph(12, 8), b.schedulesTable(8))
	b.row("Explorers and integrations", false, b.explorersTable(7), b.integrationsTable(7))
	b.row("Alerts", false, b.alertTable(6))
	b.row("Sites", false, b.sitesTable())
	b.row("What is on the network", false, b.typesTable(7, 10), b.systemsTable(10, 10), b.sourcesTable(7, 10))
	b.row("Findings", true, b.findingsGraph(12, 9), b.findingsTable(12, 9))
	b.row("Retention", true, b.retentionTable())
	return b
}
