package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// whose tells series of different accounts apart in a legend.
const whose = "{{account_name}} {{job}} {{cluster}}"

const wholeOrganizations = " For whole organizations, independent of the selected site."

// Expressions that several panels use. Replicas that report the same are merged by max, ages by min:
// the replica that has polled last knows best.
const (
	assets           = `max by (org_name, site_name, risk) (runzero_assets_by_risk)`
	highRisk         = `max by (org_name, site_name, risk) (runzero_assets_by_risk{risk=~"critical|high"})`
	osSupport        = `max by (org_name, site_name, support) (runzero_assets_by_os_support)`
	osEnded          = `max by (org_name, site_name, support) (runzero_assets_by_os_support{support="ended"})`
	vulnerable       = `max by (org_name, site_name) (runzero_vulnerabilities)`
	scanAge          = `min by (org_name, site_name) (runzero_scan_age_seconds)`
	scanLimit        = `max by (org_name, site_name) (runzero_scan_max_age_seconds)`
	lastScan         = `max by (org_name, site_name) (runzero_scan_last_success_timestamp_seconds)`
	nextRun          = `max by (org_name, site_name, schedule) (runzero_scan_schedule_next_run_timestamp_seconds)`
	grace            = `max by (org_name, site_name, schedule) (runzero_scan_schedule_grace_seconds)`
	integrationAge   = `(time() - max by (org_name, integration) (runzero_integration_last_success_timestamp_seconds))`
	integrationLimit = `max by (org_name, integration) (runzero_integration_max_age_seconds)`
	unseen30d        = `max by (org_name) (runzero_asset_last_seen_age_seconds_bucket{le="2.592e+06"})`
	seenAtAll        = `max by (org_name) (runzero_asset_last_seen_age_seconds_count)`
	findings         = `max by (org_name, category, risk) (runzero_findings)`
	explorers        = `topk by (org_name, explorer) (1, max by (org_name, explorer, site_name) (runzero_explorer_info))`
	instances        = `present_over_time(runzero_up[1d])`
	noAssets         = "No assets are exported"
	noScans          = "No scans are exported"
	noExporters      = "No exporter can be scraped"
)

// The flags of the last finished scan, of Explorers and of integrations, as the best informed replica has them.
func scanGood() string {
	return newest("runzero_scan_last_success", "runzero_scan_last_attempt_timestamp_seconds", "org_name, site_name", 0)
}

func explorerConnected() string {
	return newest("runzero_explorer_connected", "runzero_explorer_last_checkin_timestamp_seconds", "org_name, explorer", 0)
}

func integrationGood() string {
	return newest("runzero_integration_last_success", "runzero_integration_last_success_timestamp_seconds", "org_name, integration", 0)
}

// integrationsWrong is 1 for integrations that fail or are older than they should be, 0 for others.
func integrationsWrong() string {
	return `(` + integrationAge + ` > bool ` + integrationLimit + `) == 1 or 1 - (` + integrationGood() + `)`
}

// ofSites keeps the Explorers of the selected sites; only the info has the site.
func ofSites(text string) string {
	return "(" + text + ") and on (org_name, explorer) max by (org_name, explorer, site_name) (runzero_explorer_info)"
}

// connected is explorerConnected with the Explorer's site.
func connected() string {
	return explorerConnected() + ` * on (org_name, explorer) group_left (site_name) ` + explorers
}

func overdue() string { return fmt.Sprintf("%s > bool %s", scanAge, scanLimit) }

// lateSchedules is 1 for recurring scans that are late or failing, 0 for others.
func lateSchedules() string {
	return `(max by (org_name, site_name, schedule) (runzero_scan_schedule_failing) == 1)
		or (time() - ` + nextRun + ` > bool ` + grace + `)
		or 0 * max by (org_name, site_name, schedule) (runzero_scan_schedule_paused)`
}

func neverScanned() string { return scanLimit + " unless " + lastScan }

// ratio divides numbers of accounts, or of what they are grouped by beside.
func ratio(part, whole string, by string) string {
	return fmt.Sprintf("sum by (%[3]s) (%[1]s) / (sum by (%[3]s) (%[2]s) > 0)", part, whole, by)
}

// since is the change of a sum.
func since(text, offset, by string) string {
	before := text[:len(text)-1] + " offset " + offset + ")"
	return fmt.Sprintf("sum by (%[3]s) (%[1]s) - sum by (%[3]s) (%[2]s)", text, before, by)
}

// orZero gives a count a value where nothing is counted although there is data.
func orZero(count, data string) string { return fmt.Sprintf("%s or 0 * count by () (%s)", count, data) }

func assetsBy(label string) string {
	return fmt.Sprintf(`sum by (%s) (max by (%s) (runzero_assets{%[1]s!=""}))`, label, strings.Join(append([]string{"org_name"}, collector.AssetLabels()...), ", "))
}

// age7d and the like are buckets; Prometheus 3 writes their boundaries otherwise than Prometheus 2.
func bucket(metric, le string) string {
	return fmt.Sprintf(`max by (org_name) (%s_bucket{le=~"%s"})`, metric, le)
}

const (
	day   = `86400(\\.0)?`
	week  = `604800(\\.0)?`
	month = `2.592e\\+06`
	three = `7.776e\\+06`
)

// fresh is the share of polls whose data is no older than two intervals, of the replica with the newest data.
func fresh(collectors string) string {
	selected := ""
	if collectors != "" {
		selected = `{collector=~"` + collectors + `"}`
	}
	merged := func(op, metric string) string {
		return fmt.Sprintf("%s by (org_name, collector) (runzero_collector_%s%s)", op, metric, selected)
	}
	return fmt.Sprintf("avg by () ((((time() - %s) / %s or 1000 * (%s > 0)) and %s == 1) < bool 2)",
		merged("max", "last_success_timestamp_seconds"), merged("max", "interval_seconds"), merged("min", "consecutive_failures"), merged("max", "supported"))
}

func (b *board) freshTile(collectors string) stat {
	s := stat{
		frame: frame{"Fresh data", "Share of the data on this dashboard that is no older than two intervals of its collector, for the account with the smallest share. Missing data counts as old. Click to see how old it is, and why.", "no exporter can be scraped", 4, 4},
		q:     b.g.least(fresh(collectors)), unit: share, decimals: ptr(1.0),
		levels: []level{{0, bad}, {0.9, warn}, {1, good}}, words: []word{{value: 1, text: "all fresh", color: good}},
		link: b.seeIn("runzero-exporter", "Collectors by organization, oldest data first"),
	}
	if collectors == "" {
		s.about = strings.Replace(s.about, "data on this dashboard", "data of all collectors", 1)
	}
	return s
}

// firing selects alerts; the dashboard of an organization leaves out those of the account.
func (b *board) firing(more string) string {
	return `ALERTS{alertname=~"RunZero.+",alertstate="firing"` + b.alerts + more + `}`
}

func (b *board) alertTile() stat {
	return stat{
		frame: frame{"Firing alerts", "Critical alerts and warnings of the alert rules for runzero_exporter. Needs these rules.", "none", 4, 4},
		q:     b.g.total(`count by (alertname) (` + b.firing(`,severity!="info"`) + `)`), levels: alarm(bad), link: b.see("Alerts that fire"),
	}
}

func (b *board) alertTable(height uint32) table {
	// What the alert is about, without spaces for labels that it does not have.
	about := `label_replace(label_join((time() - ALERTS_FOR_STATE{alertname=~"RunZero.+"}) and ignoring (alertstate) ` + b.firing("") + `, "about", " ", "explorer", "schedule", "integration", "discovery", "collector", "credential", "instance"), "about", "$1", "about", " *(.*?) *")`
	// Numbers, which are shown as words, because the words are not in the order of urgency.
	for rank, severity := range []string{"critical", "warning", "info"} {
		about = fmt.Sprintf(`label_replace(%s, "severity", "%d", "severity", %q)`, about, rank+1, severity)
	}
	return table{
		frame: frame{"Alerts that fire", "Alerts of the rules for runzero_exporter, in the data source of this dashboard. Click a name for its runbook.", "No alert fires, or the alert rules are not loaded", 24, height},
		columns: []column{
			{name: "Severity", label: "severity", width: 100, words: []word{{is: "1", text: "critical", color: bad}, {is: "2", text: "warning", color: warn}, {is: "3", text: "info", color: calm}}},
			{name: "Alert", label: "alertname", links: []link{{"Runbook", runbooks + "#${__value.raw}", true}}},
			{name: "Organization", label: "org_name"},
			{name: "Site", label: "site_name"},
			{name: "About", label: "about"},
			{name: "Since", q: b.g.each(`max by (severity, alertname, org_name, site_name, about) (` + about + `)`), unit: seconds, width: 110},
		},
		sort: []order{{"Severity", false}, {"Since", false}},
	}
}

// stacked shows assets by a label in the order and colours of a palette.
func stacked(f frame, total func(string, ...string) query, colors []paint, text string) graph {
	s := graph{frame: f, stack: true, colors: colors}
	for _, c := range colors {
		values := c.name
		if values == "unknown" {
			values = "unknown|other"
		}
		s.q = append(s.q, total(strings.ReplaceAll(text, "VALUE", values)).as(c.name))
	}
	return s
}

func (b *board) riskGraph(w, h uint32) graph {
	return stacked(frame{"Assets by risk", "All assets, by runZero's risk rating.", noAssets, w, h}, b.g.total, some("critical high medium low info none unknown"),
		`max by (org_name, site_name, risk) (runzero_assets_by_risk{risk=~"VALUE"})`)
}

func (b *board) supportGraph(w, h uint32) graph {
	return stacked(frame{"Assets by OS support", "All assets, by the support status of their operating system. Extended: paid support only. Ended: no support. Unknown: runZero does not know the end date.", noAssets, w, h},
		b.g.total, support(), `max by (org_name, site_name, support) (runzero_assets_by_os_support{support=~"VALUE"})`)
}

func (b *board) criticalityGraph(w, h uint32) graph {
	return stacked(frame{"Assets by criticality", "All assets, by the criticality that users assigned. Unset: none assigned.", noAssets, w, h}, b.g.total, some("critical high medium low none unset unknown"),
		`max by (org_name, site_name, criticality) (runzero_assets_by_criticality{criticality=~"VALUE"})`)
}

// some returns the ratings of these names, worst first.
func some(names string) []paint {
	return slices.DeleteFunc(ratings(), func(p paint) bool { return !slices.Contains(strings.Fields(names), p.name) })
}

func (b *board) seenGraph(w, h uint32) graph {
	const metric = "runzero_asset_last_seen_age_seconds"
	minus := func(more, less string) string { return more + " - " + less }
	return graph{
		frame: frame{"When assets were last seen", "Assets by the time since they were last seen, as of the last poll." + wholeOrganizations, noAssets, w, h},
		stack: true, colors: age(),
		q: []query{
			b.g.total(bucket(metric, day)).as("within a day"),
			b.g.total(minus(bucket(metric, week), bucket(metric, day))).as("1 to 7 days ago"),
			b.g.total(minus(bucket(metric, month), bucket(metric, week))).as("7 to 30 days ago"),
			b.g.total(minus(seenAtAll, bucket(metric, month))).as("longer ago"),
		},
	}
}

func (b *board) newGraph(w, h uint32) graph {
	const metric = "runzero_asset_first_seen_age_seconds"
	return graph{
		frame:   frame{"New assets", "Assets first seen within a day and within 7 days, as of the last poll." + wholeOrganizations, noAssets, w, h},
		q:       []query{b.g.total(bucket(metric, day)).as("within a day"), b.g.total(bucket(metric, week)).as("within 7 days")},
		softMax: ptr(1.0), colors: []paint{{"within a day", orange}, {"within 7 days", blue}},
	}
}

// ranking is a table of the most frequent values of labels, over all accounts.
func (b *board) ranking(f frame, labels []column, value, text string) table {
	var names []string
	for _, c := range labels {
		names = append(names, c.label)
	}
	count := column{name: value, q: b.g.total(text, names...), bar: true, width: 130}
	return table{frame: f, columns: append(labels, count), sort: []order{{value, true}}, merged: true}
}

func (b *board) typesTable(w, h uint32) table {
	return b.ranking(frame{"Asset types", "Most frequent first. `other` is the sum of the rest: see --collector.assets.top. Empty if --collector.assets.labels does not contain asset_type.", "runzero_assets has no label asset_type: see --collector.assets.labels", w, h},
		[]column{{name: "Type", label: "asset_type"}}, "Assets", assetsBy("asset_type"))
}

func (b *board) systemsTable(w, h uint32) table {
	return b.ranking(frame{"Operating systems", "Most frequent first. `other` is the sum of the rest: see --collector.assets.top. Empty if --collector.assets.labels does not contain os.", "runzero_assets has no label os: see --collector.assets.labels", w, h},
		[]column{{name: "Operating system", label: "os"}}, "Assets", assetsBy("os"))
}

func (b *board) sourcesTable(w, h uint32) table {
	return b.ranking(frame{"Sources", "Sources with most assets first. An asset can have several sources, so the numbers do not add up to the number of assets." + wholeOrganizations, noAssets, w, h},
		[]column{{name: "Source", label: "source"}}, "Assets", `sum by (source) (max by (org_name, source) (runzero_assets_by_source))`)
}
