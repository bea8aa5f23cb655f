package main

import "fmt"

func inventory(g *generator) *board {
	b := &board{g: g, uid: "runzero-inventory", title: "runZero / Inventory", from: "now-14d", variables: append(standardVariables(), consoleVariable())}
	b.about = "What is on the network, how risky it is, and how old the data is."
	b.scanMarks()
	b.alertMarks()
	b.quotaMarks(false)
	b.restartMarks()

	b.row("At a glance", false,
		b.assetsTile(), b.changeTile(), b.highRiskTile(), b.endedTile(), b.vulnerabilitiesTile(), b.unseenTile(),
		stat{
			frame:  frame{"Missing", "Organizations and sites that were seen before and are not in the console's last response. Without an account credential, organizations cannot be missed.", "no data of sites", 4, 4},
			q:      g.total(`sum by () (max by (org_name) (runzero_sites_missing)) + (max by () (runzero_organizations_missing) or 0 * count by () (runzero_sites_missing))`),
			levels: alarm(bad), link: b.see("Organizations"),
		},
		b.criticalFindingsTile(),
		stat{
			frame:  frame{"Licence used", "Live assets of the account and its projects as a share of the licensed assets, for the account nearest to its limit. Needs an account credential.", "no licence data", 4, 4},
			q:      g.worst(`sum by () (max by (kind) (runzero_license_assets)) / (max by () (runzero_license_assets_limit) > 0)`),
			levels: []level{{0, good}, {0.9, warn}, {1, bad}}, decimals: ptr(0.0), link: b.see("Licensed assets"),
		},
		stat{
			frame:  frame{"Licence expires in", "For the account whose licence expires first. Red below a week, orange below 30 days. Scans stop then.", "no licence data", 4, 4},
			q:      g.least(`max by () (runzero_license_expiration_timestamp_seconds) - time()`),
			levels: expiry(), decimals: ptr(0.0), link: b.see("Licensed assets"),
		},
		b.alertTile(),
		b.freshTile("assets|sites|organizations|license|findings|queries/.*"),
	)
	b.row("Risk and lifecycle", false,
		b.riskGraph(8, 8), b.supportGraph(8, 8), b.criticalityGraph(8, 8), b.seenGraph(8, 8), b.newGraph(8, 8), b.sumsGraph(8, 8))
	b.row("What is on the network", false, b.typesTable(7, 11), b.systemsTable(10, 11), b.sourcesTable(7, 11))
	b.row("Organizations and sites", false, b.organizationsTable(), b.sitesTable(),
		graph{
			frame: frame{"Assets of the largest organizations", "The 12 organizations with most assets now.", noAssets, 8, 9},
			q:     []query{g.top(`sum by (org_name) (` + assets + `)`).as("{{account_name}} {{org_name}}")},
		},
		b.consoleGraph(8, 9),
		graph{
			frame: frame{"Organizations and sites over time", "How many are exported, and how many of them the console no longer lists.", "No sites are exported", 8, 9},
			q: []query{
				g.total(`count by () (max by (org_name) (runzero_sites))`).as("organizations"),
				g.total(`count by () (max by (org_name, site_name) (runzero_site_info))`).as("sites"),
				g.total(`max by (org_name) (runzero_sites_missing)`).as("missing sites"),
				g.total(`max by () (runzero_organizations_missing)`).as("missing organizations"),
			},
			steps: true, colors: []paint{{"organizations", sky}, {"sites", blue}, {"missing sites", orange}, {"missing organizations", red}},
		},
	)
	b.row("Alerts", false, b.alertTable(7))
	b.row("Findings", true, b.findingsGraph(12, 9), b.findingsTable(12, 9))
	b.row("Custom queries", false, graph{
		frame:     frame{"Results of custom queries", "Results of each query of the configuration file, by organization: the 12 with most results now.", "No queries are configured", 24, 8},
		q:         []query{g.top(`max by (org_name, query) (runzero_query_results)`).as("{{query}}: {{account_name}} {{org_name}}")},
		wholeTime: true,
	})
	b.monitoredRow()
	b.row("Licence", false,
		graph{
			frame: frame{"Licensed assets", "Live assets of each account and its projects; the dashed line is the number of licensed assets. Needs an account credential.", "No licence data: needs an account credential", 16, 8},
			q: []query{
				g.each(`max by () (runzero_license_assets_limit)`).as("licensed " + whose),
				g.each(`max by (kind) (runzero_license_assets)`).as("{{kind}} " + whose),
			},
			dashed: []string{"^licensed"},
		},
		table{
			frame: frame{"Licences", "The licence of each account. Needs an account credential.", "No licence data: needs an account credential", 8, 8},
			columns: []column{
				{name: "Licence", label: "license_type", width: 100},
				{name: "type", q: g.each(`max by (license_type) (runzero_license_info)`), info: true},
				{name: "Expires in", q: g.each(`max by () (runzero_license_expiration_timestamp_seconds) - time()`), width: 110, levels: expiry(), none: "not reported"},
			},
			sort: []order{{"Expires in", false}},
		},
	)
	b.row("What is on the network, over time", true,
		graph{
			frame: frame{"Asset types over time", "The 12 types that are most frequent now.", "runzero_assets has no label asset_type: see --collector.assets.labels", 8, 12},
			q:     []query{g.topTotal(assetsBy("asset_type"), "asset_type").as("{{asset_type}}")},
		},
		graph{
			frame: frame{"Operating systems over time", "The 12 operating systems that are most frequent now.", "runzero_assets has no label os: see --collector.assets.labels", 8, 12},
			q:     []query{g.topTotal(assetsBy("os"), "os").as("{{os}}")},
		},
		graph{
			frame: frame{"Sources over time", "The 12 sources with most assets now. The numbers do not add up to the number of assets.", noAssets, 8, 12},
			q:     []query{g.topTotal(`sum by (source) (max by (org_name, source) (runzero_assets_by_source))`, "source").as("{{source}}")},
		},
	)
	b.row("Settings of organizations", true, b.retentionTable())
	b.row("Collectors that are off by default", true,
		stacked(frame{"Vulnerabilities by severity", "Sum over assets: what two assets have counts twice. The collector vulnerabilities is off by default.", "No vulnerabilities: the collector vulnerabilities is off, or there are none", 8, 8},
			g.total, some("critical high medium low info"), `max by (org_name, site_name, severity) (runzero_vulnerabilities_by_severity{severity=~"VALUE"})`),
		b.certificatesGraph(),
		graph{
			frame:  frame{"Directory users and groups", "A user in two directories counts twice. The collector directory is off by default." + wholeOrganizations, "No directories: the collector directory is off, or there are none", 8, 8},
			q:      []query{g.total(`max by (org_name, source_id) (runzero_directory_users)`).as("users"), g.total(`max by (org_name, source_id) (runzero_directory_groups)`).as("groups")},
			colors: []paint{{"users", blue}, {"groups", orange}},
		},
		b.ranking(frame{"Software", "Most installed first. `other` is the sum of the rest: see --collector.assets.top. The collector software is off by default." + wholeOrganizations, "No software: the collector software is off, or there are none", 12, 9},
			[]column{{name: "Vendor", label: "software_vendor"}, {name: "Product", label: "software_product"}}, "Installed", `max by (org_name, software_vendor, software_product) (runzero_software_by_product)`),
		b.ranking(frame{"Wireless networks", "Authentication and encryption of the networks that Explorers detected, including those of neighbours. The collector wireless is off by default.", "No networks: the collector wireless is off, or there are none", 12, 9},
			[]column{{name: "Authentication", label: "authentication"}, {name: "Encryption", label: "encryption"}}, "Networks", `max by (org_name, site_name, authentication, encryption) (runzero_wireless_networks)`),
		b.ranking(frame{"Protocols", "Protocols of services; a service with several protocols counts for each. The collector services is off by default." + wholeOrganizations, "No services: the collector services is off, or there are none", 12, 9},
			[]column{{name: "Protocol", label: "protocol"}}, "Services", `max by (org_name, protocol) (runzero_services_by_protocol)`),
		b.ranking(frame{"Ports", "Ports of services; 0 means no port, as for ARP. The collector services is off by default." + wholeOrganizations, "No services: the collector services is off, or there are none", 12, 9},
			[]column{{name: "Transport", label: "transport"}, {name: "Port", label: "port"}}, "Services", `max by (org_name, transport, port) (runzero_services_by_port)`),
	)
	b.row("Tags and owners", true,
		b.ranking(frame{"Assets by tag", "Values of the tags that --collector.assets.tags names. Assets without the tag are not counted. `other` is the sum of the rare values, and of e-mail and IP addresses." + wholeOrganizations, "Set --collector.assets.tags", 12, 11},
			[]column{{name: "Tag", label: "tag"}, {name: "Tag's value", label: "value"}}, "Assets", `max by (org_name, tag, value) (runzero_assets_by_tag)`),
		b.ranking(frame{"Assets by owner", "Exported with --collector.assets.tags. An asset can have several owners or none, so the numbers do not add up to the number of assets. `other` is the sum of the rare owners, and of e-mail and IP addresses." + wholeOrganizations, "Set --collector.assets.tags", 12, 11},
			[]column{{name: "Ownership", label: "owner_type"}, {name: "Owner", label: "owner_name"}}, "Assets", `max by (org_name, owner_type, owner_name) (runzero_assets_by_owner)`),
	)
	return b
}

// expiry judges the time until something expires.
func expiry() []level { return []level{{-1e10, bad}, {7 * 86400, warn}, {30 * 86400, good}} }

func (b *board) organizationsTable() table {
	columns := []column{
		{name: "Organization", label: "org_name", links: []link{
			boardLink("Select ${__value.text}", "runzero-inventory", "&var-org_name=${__value.raw:percentencode}"),
			boardLink("Dashboard of ${__value.text}", "runzero-organization", "&var-org_name=${__value.raw:percentencode}"),
			consoleOrganization("organization_id"),
		}},
	}
	columns = append(columns, b.inventoryColumns("org_name")...)
	columns = append(columns,
		column{name: "Sites", q: b.g.each(`count by (org_name) (max by (org_name, site_name) (runzero_site_info))`), width: 75},
		column{name: "Missing", q: b.g.each(`max by (org_name) (runzero_sites_missing)`), width: 90, levels: []level{{1, bad}}},
		column{name: "Unseen 30 d", q: b.g.each(`1 - ` + unseen30d + ` / (` + seenAtAll + ` > 0)`), width: 115, bar: true},
		column{name: "id", q: b.g.each(`max by (org_name, organization_id) (runzero_organization_info)`), info: true}, id("organization_id"),
	)
	return table{
		frame:   frame{"Organizations", inventoryAbout("click a name to select the organization, or to open it in the runZero console") + " Missing: sites that the console no longer lists. Unseen: share of assets not seen for 30 days.", "No organizations are exported", 24, 9},
		columns: columns, sort: []order{{"Assets", true}},
	}
}

func (b *board) sitesTable() table {
	columns := []column{
		{name: "Organization", label: "org_name"},
		{name: "Site", label: "site_name", links: []link{
			boardLink("Scans of ${__value.text}", "runzero-scans", "&var-org_name=${__data.fields.Organization:percentencode}&var-site_name=${__value.raw:percentencode}"),
			consoleSite("site_id"),
		}},
	}
	columns = append(columns, b.inventoryColumns("org_name, site_name")...)
	columns = append(columns,
		column{name: "Scan age", q: b.g.each(scanAge + " / " + scanLimit), width: 95, levels: []level{{0, good}, {0.75, warn}, {1, bad}}, none: "never"},
		column{name: "id", q: b.g.each(`max by (org_name, site_name, site_id) (runzero_site_info)`), info: true}, id("site_id"),
	)
	return table{
		frame:   frame{"Sites", inventoryAbout("click a name to see the site's scans, or to open it in the runZero console") + " Scan age: age of the last good scan as a share of the limit for this site; above 100 % it is overdue.", "No sites are exported", 24, 11},
		columns: columns, sort: []order{{"Assets", true}},
	}
}

func inventoryAbout(click string) string {
	return "Largest first; " + click + ". 7 days: change since then. Live: assets that responded to the last scan, according to the console; 0 is normal if nothing is scanned. High risk: critical or high. OS ended: share whose operating system is past support."
}

func (b *board) inventoryColumns(by string) []column {
	live := fmt.Sprintf(`sum by (%s) (max by (org_name, site_name) (runzero_site_assets{state="live"}))`, by)
	if by == "org_name" {
		live += ` or max by (org_name) (runzero_organization_assets{state="live"})`
	}
	sum := func(text string) query { return b.g.each(fmt.Sprintf("sum by (%s) (%s)", by, text)) }
	return []column{
		{name: "Assets", q: sum(assets), width: 90},
		{name: "7 days", q: b.g.each(since(assets, "7d", by)), width: 85},
		{name: "Live", q: b.g.each(live), width: 85},
		{name: "High risk", q: sum(highRisk), width: 95, levels: []level{{1, warn}}},
		{name: "OS ended", q: b.g.each(ratio(osEnded, osSupport, by)), width: 105, bar: true},
		{name: "Vulnerabilities", q: sum(vulnerable), width: 125},
	}
}

func (b *board) retentionTable() table {
	columns := []column{{name: "Organization", label: "org_name"}}
	for _, c := range [][2]string{{"Stale assets", "stale_assets"}, {"Offline assets", "offline_assets"}, {"Scans", "scans"}, {"Vulnerabilities", "vulnerabilities"}, {"Integrations", "integration_attributes"}} {
		columns = append(columns, column{name: c[0], q: b.g.each(`max by (org_name) (runzero_organization_expiration_seconds{of="` + c[1] + `"})`), width: 125})
	}
	columns = append(columns, column{name: "info", q: b.g.each(`max by (org_name, project) (runzero_organization_info)`), info: true}, column{name: "Project", label: "project", width: 90})
	return table{
		frame:   frame{"Retention by organization", "When each organization deletes old data, which is why assets and scans may disappear. A dash means never, or not reported. Projects are temporary organizations. Needs an organization token or an account credential.", "No retention settings are known", 24, 9},
		columns: columns, sort: []order{{"Organization", false}},
	}
}

func (b *board) certificatesGraph() graph {
	const metric = "runzero_certificate_remaining_seconds"
	return graph{
		frame: frame{"Expiring certificates", "Certificates hidden in the console are not counted. The collector certificates is off by default." + wholeOrganizations, "No certificates: the collector certificates is off, or there are none", 8, 8},
		stack: true, colors: []paint{{"expired", purple}, {"within 7 days", red}, {"in 7 to 30 days", orange}, {"in 30 to 90 days", yellow}},
		q: []query{
			b.g.total(`max by (org_name, certificate_type) (runzero_certificates{state="expired"})`).as("expired"),
			b.g.total(bucket(metric, week)).as("within 7 days"),
			b.g.total(bucket(metric, month) + " - " + bucket(metric, week)).as("in 7 to 30 days"),
			b.g.total(bucket(metric, three) + " - " + bucket(metric, month)).as("in 30 to 90 days"),
		},
	}
}
