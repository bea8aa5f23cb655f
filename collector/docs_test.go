package collector

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// docs/metrics.md is generated from the catalogue and from the sections below.
func TestMetricsDoc(t *testing.T) {
	compare(t, filepath.Join("..", "docs", "metrics.md"), metricsPage())
}

func TestMetricsDocHasEveryFamilyAndCollector(t *testing.T) {
	page := metricsPage()
	for _, m := range Catalogue() {
		if n := strings.Count(page, fmt.Sprintf("<a id=%q>", m.Name)); n != 1 {
			t.Errorf("%s is in %d sections", m.Name, n)
		}
	}
	for _, spec := range Specs() {
		if !strings.Contains(page, fmt.Sprintf("Collector `%s`. ", spec.Name)) {
			t.Errorf("the collector %s has no section", spec.Name)
		}
	}
}

// Families of collectors that are off by default are experimental. So is what relies on
// undocumented behaviour: when the quota resets, for example.
func TestStability(t *testing.T) {
	off := map[string]bool{"queries": true}
	for _, spec := range Specs() {
		off[spec.Name] = spec.OffByDefault
	}
	undocumented := []string{"runzero_api_usage_reset_timestamp_seconds", "runzero_api_usage_exhaustion_timestamp_seconds"}
	for _, m := range Catalogue() {
		want := Stable
		if slices.Contains(undocumented, m.Name) || !slices.ContainsFunc(m.Collectors, func(c string) bool { return !off[c] }) {
			want = Experimental
		}
		if m.Stability != want {
			t.Errorf("%s is %q, want %q", m.Name, m.Stability, want)
		}
	}
}

func metricsPage() string {
	var labels, open []string
	for _, label := range assetLabels() {
		labels = append(labels, "`"+label.name+"`")
		if label.open {
			open = append(open, "`"+label.name+"`")
		}
	}
	for _, label := range words("source category authentication encryption source_id protocol transport port software_vendor software_product") {
		open = append(open, "`"+label+"`")
	}
	var page strings.Builder
	fmt.Fprintf(&page, pageHead, maxLabelRunes, maxIntegrations, maxSites, maxExplorers, maxSchedules, maxAccountRows, maxHostedZones,
		runzero.OrganizationsMost, maxSeries, enumerate(labels), enumerate(open))
	for _, s := range sections() {
		fmt.Fprintf(&page, "\n## %s\n\n", s.title)
		if !slices.Contains([]string{Health, Quota, Store, Config}, s.collector) {
			fmt.Fprintf(&page, "Collector `%s`. ", s.collector)
		}
		fmt.Fprintf(&page, "%s\n", s.text)
		for _, query := range s.queries {
			fmt.Fprintf(&page, "\n%s:\n\n```promql\n%s\n```\n", query[0], query[1])
		}
		page.WriteString("\n| name | type | stability | labels | meaning |\n|---|---|---|---|---|\n")
		for _, m := range Catalogue() {
			// A family of several collectors describes polls, with the collector as a label.
			if len(m.Collectors) == 1 && m.Collectors[0] == s.collector || len(m.Collectors) > 1 && s.collector == Health {
				page.WriteString(metricRow(m))
			}
		}
	}
	return page.String()
}

func metricRow(m Metric) string {
	kind := strings.ToLower(m.Type.String())
	if m.Live {
		kind += ", live"
	}
	var labels []string
	for _, label := range m.Labels {
		labels = append(labels, "`"+label+"`")
	}
	if m.Configured != "" {
		labels = append(labels, "those of `"+m.Configured+"`")
	}
	return fmt.Sprintf("| <a id=%q></a>`%s` | %s | %s | %s | %s |\n", m.Name, m.Name, kind, m.Stability, strings.Join(labels, ", "), m.Help)
}

func enumerate(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

const pageHead = `# Metrics

<!-- Generated from collector/families.go by: go test ./collector -run TestMetricsDoc -update -->

These are the metric families that runzero_exporter defines, by collector. It also exposes
` + "`runzero_exporter_build_info`" + `, and the usual ` + "`go_*`, `process_*` and `promhttp_*`" + ` families of the process unless
` + "`--web.disable-exporter-metrics`" + ` is set.

## How to read them

**Scrapes never call the API.** Each collector polls the API in the background at its own interval, and scrapes are
served from memory. A value is therefore as old as its collector's last successful poll:
see [` + "`runzero_collector_last_success_timestamp_seconds`" + `](#runzero_collector_last_success_timestamp_seconds).
When a poll fails, the complete result of the last successful poll is still served. When it becomes older than
` + "`--cache.max-age`" + `, its families are dropped. Families marked *live* are computed at each scrape or describe the exporter
itself. All others are cached, as their HELP text says.

**What the API does not report, or what has never happened, is absent,** not 0: a site that has never been scanned has
no time of its last scan. Booleans (` + "`_success`, `_failing`, `_paused`, `_supported`, `_healthy`" + `) are always 1 or 0, so that
alerts on them resolve. Samples have no timestamps of their own.

**Stability** is ` + "`stable`" + ` or ` + "`experimental`" + `. Stable families change only in a major version. Experimental ones may change in
any version: their collectors are off by default, or they rely on undocumented behaviour of the API.

**Label values** are runZero's, cleaned: valid UTF-8 on one line, no control characters, at most %d characters. An
empty value is ` + "`unknown`" + `; assets without a site have the site ` + "`unassigned`" + `; values that are grouped together or unknown to
this exporter are ` + "`other`" + `. If several organizations, sites, schedules, Explorers or hosted zones have the same name, the
first 8 characters of the id are appended to each, as in ` + "`Branch (a7b2287e)`" + `. A site has the same name in all families.
Error messages, scan targets, addresses and people are never label values. If the configuration file names accounts,
every series of an account also has the label ` + "`account_name`" + `.

**The number of series is limited,** whatever a response contains. Of open-ended labels only the most frequent values
are kept, and of integrations the %d that ran last. Organizations, sites, Explorers, recurring scans and hosted zones are
never grouped, because people look for them by name. A poll fails, with a message that says why, if it finds more than %d
sites, %d Explorers or %d recurring scans in an organization, more than %d sites or Explorers in an account that is
polled as a whole, more than %d hosted zones or %d organizations, or more than %d series. Only assets split by many
labels come close to the last of these. The last successful result is still served.

| flag | affects |
|---|---|
| ` + "`--cache.interval`, `--collector.NAME.interval`" + ` | the age of cached values |
| ` + "`--cache.max-age`" + ` | how long a result is served while polls fail |
| ` + "`--quota.share`, `--quota.reserve`" + ` | how far intervals are lengthened if the quota is too small: see [quota.md](quota.md) |
| ` + "`--collector.NAME`, `--no-collector.NAME`" + ` | which families are exported |
| ` + "`--runzero.organization`" + ` | the values of ` + "`org_name`" + ` |
| ` + "`--collector.assets.labels`" + ` | the labels of [` + "`runzero_assets`" + `](#runzero_assets) in addition to ` + "`org_name`" + `: %s |
| ` + "`--collector.assets.top`" + ` | how many of the most frequent values of %s are kept; the rest are ` + "`other`" + `, and [` + "`runzero_collector_folded_values`" + `](#runzero_collector_folded_values) counts them |
| ` + "`--collector.assets.search`" + ` | which assets are counted, in all families of the assets collector |
| ` + "`--collector.tasks.scan-max-age`" + ` | [` + "`runzero_scan_max_age_seconds`" + `](#runzero_scan_max_age_seconds) |
`

// section is the part of the page about one collector.
type section struct {
	collector, title, text string
	queries                [][2]string // description and query
}

func sections() []section {
	return []section{
		{"usage", "API usage", "A runZero account may make as many API calls per day as it has licensed assets, and all tools of the account share them. " +
			"This collector makes no calls: it reads the headers of every response. If the console sends none, the usage families are absent.",
			[][2]string{{"Less than a fifth of today's calls are left", "runzero_api_usage_remaining / runzero_api_usage_limit < 0.2"}}},
		{"console", "Console", "Health and version, as the console reports them. A console that responds with a server error is not healthy; " +
			"if there is no response, the poll fails.",
			[][2]string{{"The console is unhealthy", "runzero_console_healthy == 0"}}},
		{"license", "Licence", "The account's licence. It counts live assets and, separately, assets of projects, which are temporary organizations. Requires an account credential.",
			[][2]string{
				{"Nine tenths of the licensed assets are used", "sum without (kind) (runzero_license_assets) / runzero_license_assets_limit > 0.9"},
				{"The licence expires within 30 days", "runzero_license_expiration_timestamp_seconds - time() < 30 * 86400"},
			}},
		{"organizations", "Organizations", "The organizations, their assets as counted by the console, and their retention: totals shrink when stale or offline assets are deleted. " +
			"Requires an organization token or an account credential.",
			[][2]string{{"Organizations that keep scans for less than 90 days", `runzero_organization_expiration_seconds{of="scans"} < 90 * 86400`}}},
		{"hosted_zones", "Hosted zones", "Zones in which runZero itself runs Explorers, to scan public targets. Off by default: enable with `--collector.hosted_zones`. " +
			"Requires a Platform licence, and an organization token or an account credential.",
			[][2]string{{"Tasks are waiting for a hosted zone that runs none", `runzero_hosted_zone_tasks{state="waiting"} > 0 and ignoring (state) runzero_hosted_zone_tasks{state="active"} == 0`}}},
		{"sites", "Sites", "The organization's sites, and their assets as counted by the console: recent assets were seen lately, live ones responded to the last scan. " +
			"A site that is not scanned has no live assets; this is not a fault.",
			[][2]string{{"The ten largest sites", `topk(10, runzero_site_assets{state="recent"})`}}},
		{"explorers", "Explorers", "The programs that scan. A removed Explorer that the console still lists is inactive: it is counted in [`runzero_explorers`](#runzero_explorers) and has no other series. " +
			"Requires an organization token or an account credential.",
			[][2]string{
				{"Explorers that are not connected, and their sites", "(runzero_explorer_connected == 0) * on (account_name, org_name, explorer) group_left (site_name) runzero_explorer_info"},
				{"Fraction of Explorers that are outdated", "avg by (org_name) (runzero_explorer_outdated)"},
			}},
		{"tasks", "Scans, schedules and integrations", "Scans by site, the schedules that start them, and the last runs of connectors and imports. Consoles list a limited number of tasks: " +
			"the last successful scan of a site is remembered after it drops out of the list, as long as the site exists. A successful scan may still have found nothing, " +
			"for example because its targets are wrong: see the change `total`.",
			[][2]string{
				{"Sites whose last successful scan is too old", "runzero_scan_age_seconds > runzero_scan_max_age_seconds"},
				{"Sites that have never been scanned successfully", "runzero_scan_max_age_seconds unless runzero_scan_last_success_timestamp_seconds"},
				{"Scheduled scans that are overdue, whatever their status", "time() - runzero_scan_schedule_next_run_timestamp_seconds > runzero_scan_schedule_grace_seconds"},
			}},
		{"findings", "Findings", "Problems that runZero has found: one record for each kind of finding, with its number of instances. " + off("findings") + " Older consoles do not have this export.",
			[][2]string{
				{"Instances of findings at critical risk, by category", `sum by (org_name, category) (runzero_finding_instances{risk="critical"})`},
				{"More kinds of findings than yesterday", "sum by (org_name) (runzero_findings) > sum by (org_name) (runzero_findings offset 1d)"},
			}},
		{"wireless", "Wireless networks", "Wireless networks in range of Explorers, including those of neighbours, by how they are protected. Their names are not exported, because anybody nearby can choose them. " + off("wireless"),
			[][2]string{{"Open networks, by site", `sum by (org_name, site_name) (runzero_wireless_networks{authentication="open"}) > 0`}}},
		{"directory", "Directories", "Users and groups of directories such as Active Directory, as read by integrations; these are not users of the console. `source_id` is runZero's number for the type of integration, " +
			"for example 16 for Azure AD; the numbers are not documented. " + off("directory") + " A poll takes two calls.",
			[][2]string{{"A directory has lost a tenth of its users in a day", "runzero_directory_users < 0.9 * (runzero_directory_users offset 1d)"}}},
		{"assets", "Assets", "The organization's assets, counted one by one from an export. The values of [`runzero_assets`](#runzero_assets) add up to the number of assets, whatever labels it is split by and " +
			"however many values are grouped as `other`. `alive` is as reported by the API; if `scanned` is `false`, the asset is known only from an integration or passive traffic, and `alive` proves nothing.",
			[][2]string{
				{"Live assets by operating system", `sum by (org_name, os) (runzero_assets{alive="true"})`},
				{"Fraction of assets at critical risk", `sum by (org_name) (runzero_assets_by_risk{risk="critical"}) / sum by (org_name) (runzero_assets_by_risk)`},
				{"Fraction of assets not seen for 30 days", `1 - runzero_asset_last_seen_age_seconds_bucket{le="2.592e+06"} / ignoring (le) runzero_asset_last_seen_age_seconds_count`},
			}},
		{"certificates", "Certificates", "Certificates of services by state, and their remaining lifetime. There is no state for certificates that expire soon: choose a bucket of the histogram instead. " +
			"Certificates that never expire are in the last bucket. " + off("certificates") + " The export sends complete records of one or more kilobytes each. Older consoles do not have it.",
			[][2]string{
				{"Certificates that expire within 30 days", `runzero_certificate_remaining_seconds_bucket{le="2.592e+06"} > 0`},
				{"Certificates that have expired", `sum by (org_name) (runzero_certificates{state="expired"}) > 0`},
			}},
		{"services", "Services", "Services of assets, counted one by one, by protocol and by port. Rare protocols and ports are in `other`; to watch one of them, configure a query. " + off("services") + large,
			[][2]string{
				{"The ten most frequent protocols", `topk(10, sum by (protocol) (runzero_services_by_protocol{protocol!="other"}))`},
				{"The ten most frequent TCP ports", `topk(10, sum by (port) (runzero_services_by_port{transport="tcp",port!="other"}))`},
			}},
		{"software", "Software", "Software installed on assets, counted one by one. " + off("software") + large,
			[][2]string{{"The ten products installed most often", `topk(10, sum by (software_vendor, software_product) (runzero_software_by_product{software_product!="other"}))`}}},
		{"vulnerabilities", "Vulnerabilities", "Vulnerabilities of assets, counted one by one. For their number alone, [`runzero_vulnerabilities`](#runzero_vulnerabilities) is enough. " + off("vulnerabilities") + large,
			[][2]string{
				{"Sites with critical vulnerabilities", `runzero_vulnerabilities_by_severity{severity="critical"} > 0`},
				{"Fraction of vulnerabilities that are critical", `sum by (org_name) (runzero_vulnerabilities_by_severity{severity="critical"}) / sum by (org_name) (runzero_vulnerabilities_by_severity)`},
			}},
		{"queries", "Queries", "Numbers of results of the `queries` in the configuration file. Each query is one call per organization and poll, " +
			"and is the collector `queries/NAME` in the families about polls.",
			[][2]string{{"A query that should find nothing has results", `runzero_query_results{query="telnet"} > 0`}}},
		{Health, "Polls", "The state of polling, by organization and collector. `org_name` is empty if the data belongs to no organization; the collector `discovery` " +
			"finds the organizations. A collector whose data the console, the licence or the credential does not give access to is unsupported, and is tried again once a day.",
			[][2]string{{"Data that is older than it should be", "time() - runzero_collector_last_success_timestamp_seconds > 2 * runzero_collector_interval_seconds"}}},
		{Quota, "Quota", "How the exporter stays within its share of the account's daily API calls: see [quota.md](quota.md). If the configured intervals need more than the share, all of them are " +
			"lengthened by the same factor. If the share is used up or the reserve is reached, polling pauses until the quota resets, and the last results are still served.",
			[][2]string{
				{"Intervals are longer than configured", "runzero_exporter_interval_stretch_ratio > 1"},
				{"Polling is paused, by reason", "runzero_api_paused == 1"},
				{"The account will run out of calls before the quota resets, whichever tool uses them", "runzero_api_usage_exhaustion_timestamp_seconds < runzero_api_usage_reset_timestamp_seconds"},
				{"Fraction of its daily budget that the exporter has used", "runzero_exporter_spent_calls / runzero_exporter_budget_calls"},
			}},
		{Store, "Cache", "Whether results and the count of calls can be saved to `--cache.dir`, so that a restart costs no calls. If they cannot, polling continues.",
			[][2]string{{"A restart would cost calls", "runzero_exporter_store_success == 0"}}},
		{Config, "Configuration", "Whether the configuration was loaded successfully at the last attempt, at startup or by a reload. If not, the previous configuration stays in force.",
			[][2]string{{"The configuration could not be loaded", "runzero_exporter_config_last_reload_successful == 0"}}},
	}
}

func off(collector string) string {
	return fmt.Sprintf("Off by default: enable with `--collector.%s`. An export token is sufficient.", collector)
}

// large is about exports with many records for each asset.
const large = " The export can have a hundred times as many records as there are assets: see [quota.md](quota.md#what-exports-weigh) for the cost."
