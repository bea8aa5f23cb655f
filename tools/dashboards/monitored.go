package main

// How many of the assets that discovery entries list respond to monitoring, as the rules for service discovery
// record it.
const (
	discovered = `max by (org_name, discovery, site_name, asset_type) (type:runzero_discovery_assets:min)`
	responding = `max by (org_name, discovery, site_name, asset_type) (type:runzero_discovery_responding:sum)`
)

const noDiscovery = "No discovery entries are configured, or the rules for service discovery are not loaded"

func (b *board) monitoredRow() {
	b.row("Monitoring coverage", true,
		graph{
			frame: frame{"Targets by discovery entry", "Targets at /sd/NAME of the 12 discovery entries with most targets now. Left out: targets beyond max_targets.", "No discovery entries are configured", 12, 8},
			q: []query{
				b.g.topTotal(`max by (org_name, discovery) (runzero_discovery_targets)`, "discovery").as("{{discovery}}"),
				b.g.total(`max by (org_name, discovery) (runzero_discovery_targets_dropped) > 0`, "discovery").as("{{discovery}}, left out"),
			},
		},
		graph{
			frame: frame{"Monitored share of discovered assets", "Of the assets that each discovery entry lists, the share of those that have a target which responded to Prometheus within the last 10 minutes. Needs the rules for service discovery.", noDiscovery, 12, 8},
			q:     []query{b.g.each(ratio(responding, discovered, "discovery")).as("{{discovery}} " + whose)},
			max:   ptr(1.0),
		},
		b.monitoredTable("Monitoring by site", 10, column{name: "Organization", label: "org_name"}, column{name: "Site", label: "site_name"}),
		b.monitoredTable("Monitoring by type", 8, column{name: "Type", label: "asset_type"}),
	)
}

// monitoredTable has the assets of each discovery entry by labels.
func (b *board) monitoredTable(title string, height uint32, labels ...column) table {
	by := "discovery"
	columns := []column{{name: "Entry", label: "discovery", width: 100}}
	for _, c := range labels {
		by += ", " + c.label
	}
	all, some := "sum by ("+by+") ("+discovered+")", "sum by ("+by+") ("+responding+")"
	return table{
		frame: frame{title, "Assets that each discovery entry lists. Not monitored: none of their targets has responded to Prometheus within the last 10 minutes, or Prometheus scrapes none. Monitored: share of the others. Needs the rules for service discovery.", noDiscovery, 24, height},
		columns: append(append(columns, labels...),
			column{name: "Assets", q: b.g.each(all), width: 90},
			column{name: "Not monitored", q: b.g.each("clamp_min(" + all + " - " + some + ", 0)"), width: 130, levels: []level{{1, bad}}},
			column{name: "Monitored", q: b.g.each("clamp_max(" + ratio(responding, discovered, by) + ", 1)"), width: 180, bar: true},
		),
		sort: []order{{"Not monitored", true}},
	}
}
