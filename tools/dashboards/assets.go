package main

// Panels about assets that the inventory has of everything, and the dashboard of an organization of one.

func (b *board) assetsTile() stat {
	return stat{
		frame: frame{"Assets", "Assets of the selected organizations and sites, counted one by one from their exports.", "no assets exported", 4, 4},
		q:     b.g.total(assets), spark: true,
	}
}

func (b *board) changeTile() stat {
	return stat{
		frame: frame{"Change in 7 days", "Assets now, minus the assets of 7 days ago.", "no data from then", 4, 4},
		q:     b.g.total(since(assets, "7d", "")),
	}
}

func (b *board) highRiskTile() stat {
	return stat{
		frame: frame{"Critical or high risk", "Assets that runZero rates as critical or high risk.", "no assets exported", 4, 4},
		q:     b.g.total(highRisk), spark: true, levels: alarm(warn), link: b.see("Assets by risk"),
	}
}

func (b *board) endedTile() stat {
	return stat{
		frame: frame{"OS past support", "Share of assets whose operating system is no longer supported by its vendor, not even with paid extended support, for the account with the largest share. An unknown status counts as supported.", "no assets exported", 4, 4},
		q:     b.g.worst(ratio(osEnded, osSupport, "")), spark: true, decimals: ptr(1.0), levels: []level{{0, good}, {0.0001, warn}}, link: b.see("Assets by OS support"),
	}
}

func (b *board) vulnerabilitiesTile() stat {
	return stat{
		frame: frame{"Vulnerabilities", "Sum over assets: a vulnerability of two assets counts twice.", "no assets exported", 4, 4},
		q:     b.g.total(vulnerable), spark: true,
	}
}

func (b *board) unseenTile() stat {
	return stat{
		frame: frame{"Not seen for 30 days", "Share of assets that were last seen more than 30 days ago, for the account with the largest share." + wholeOrganizations, "no assets exported", 4, 4},
		q:     b.g.worst("1 - " + ratio(unseen30d, seenAtAll, "")), decimals: ptr(1.0), link: b.see("When assets were last seen"),
	}
}

func (b *board) criticalFindingsTile() stat {
	return stat{
		frame: frame{"Critical findings", "Kinds of problems that runZero has found and rates as critical. The collector findings is off by default." + wholeOrganizations, "collector findings is off", 4, 4},
		q:     b.g.total(`sum by () (max by (org_name, category, risk) (runzero_findings{risk="critical"})) or 0 * sum by () (` + findings + `)`), levels: alarm(warn), link: b.see("Findings by category"),
	}
}

func (b *board) findingsGraph(w, h uint32) graph {
	return stacked(frame{"Findings by risk", b.g.help("runzero_findings") + " The collector findings is off by default." + wholeOrganizations, "No findings: the collector findings is off, or there are none", w, h},
		b.g.total, some("critical high medium low info"), `max by (org_name, category, risk) (runzero_findings{risk=~"VALUE"})`)
}

func (b *board) findingsTable(w, h uint32) table {
	return table{
		frame: frame{"Findings by category", "Findings: their kinds. Instances: where they were found; a dash if the console does not report it. The collector findings is off by default." + wholeOrganizations, "No findings: the collector findings is off, or there are none", w, h},
		columns: []column{
			{name: "Category", label: "category"},
			{name: "Risk", label: "risk", width: 100, words: ratingWords()},
			{name: "Findings", q: b.g.total(findings, "category", "risk"), width: 110},
			{name: "Instances", q: b.g.total(`max by (org_name, category, risk) (runzero_finding_instances)`, "category", "risk"), width: 130, bar: true},
		},
		sort: []order{{"Instances", true}}, merged: true,
	}
}

func ratingWords() []word {
	var words []word
	for _, r := range some("critical high") {
		words = append(words, word{is: r.name, text: r.name, color: r.color})
	}
	return words
}

func (b *board) sumsGraph(w, h uint32) graph {
	return graph{
		frame: frame{"Services, software and vulnerabilities", "Sum over assets: what two assets have counts twice.", noAssets, w, h},
		q: []query{
			b.g.total(`max by (org_name, site_name) (runzero_services)`).as("services"),
			b.g.total(`max by (org_name, site_name) (runzero_software)`).as("software"),
			b.g.total(vulnerable).as("vulnerabilities"),
		},
		colors: []paint{{"services", blue}, {"software", orange}, {"vulnerabilities", purple}},
	}
}

func (b *board) consoleGraph(w, h uint32) graph {
	return graph{
		frame:  frame{"Assets as the console counts them", "All assets of the selected sites, those seen recently, and those that responded to the last scan. Absent if the console does not report it.", "Not reported by the console", w, h},
		q:      []query{b.g.total(`max by (org_name, site_name, state) (runzero_site_assets)`, "state").as("{{state}}")},
		colors: []paint{{"all", blue}, {"recent", sky}, {"live", orange}},
	}
}
