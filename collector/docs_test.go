package collector

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

var metricsDoc = filepath.Join("..", "docs", "metrics.md")

// TestMetricsDoc holds docs/metrics.md to the catalogue.
func TestMetricsDoc(t *testing.T) {
	got := metricsPage()
	if *update {
		if err := os.MkdirAll(filepath.Dir(metricsDoc), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(metricsDoc, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(metricsDoc)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("docs/metrics.md is not what the catalogue says (- file, + now); go test ./collector -run TestMetricsDoc -update rewrites it:\n%s", lineDiff(string(want), got))
	}
}

// What the prose and the queries name, there is.
func TestMetricsDocNamesWhatThereIs(t *testing.T) {
	known := map[string]bool{"runzero_exporter": true, "runzero_exporter_build_info": true}
	for _, m := range Catalogue() {
		known[m.Name] = true
	}
	for _, name := range regexp.MustCompile(`runzero_[a-z_]*[a-z]`).FindAllString(metricsPage(), -1) {
		series := name
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			series = strings.TrimSuffix(series, suffix)
		}
		if !known[name] && !known[series] {
			t.Errorf("there is no %s", name)
		}
	}
	for _, m := range Catalogue() {
		if !strings.Contains(metricsPage(), fmt.Sprintf("<a id=%q>", m.Name)) {
			t.Errorf("%s is in no section", m.Name)
		}
	}
	for _, spec := range Specs() {
		if !slices.ContainsFunc(sections(), func(s section) bool { return s.collector == spec.Name }) {
			t.Errorf("the collector %s has no section", spec.Name)
		}
	}
}

// section is the part of the page on one collector.
type section struct {
	collector, title, text string
	queries                [][2]string // what is asked, and the query
}

const pageHead = `# Metrics

<!-- Made from collector/catalogue.go by: go test ./collector -run TestMetricsDoc -update -->

Every metric family of runzero_exporter's own, by the collector that gives it. Beside these there are
` + "`runzero_exporter_build_info`" + `, and the usual ` + "`go_*`, `process_*` and `promhttp_*`" + ` of the program itself, which
` + "`--web.disable-exporter-metrics`" + ` leaves out.

## How to read them

**A scrape never asks runZero.** Collectors poll the API in the background, each in its own interval, and
scrapes are answered from memory. So a value is as old as the last good poll of its collector, and
[` + "`runzero_collector_last_success_timestamp_seconds`" + `](#runzero_collector_last_success_timestamp_seconds) says how old that is.
When a poll fails, the last good answer stays, whole; when it gets older than ` + "`--cache.max-age`" + `, its families
disappear. Families marked *live* are worked out at each scrape, or tell of the exporter itself. All others
are cached, and their HELP says so.

**What runZero did not say, or what never happened, is absent,** and not 0: a site that was never scanned has no
time of its last scan. A yes or no (` + "`_success`, `_failing`, `_paused`, `_supported`, `_healthy`" + `) is 1 or 0, so that alerts on it
resolve. Series carry no timestamps of their own.

**Labels** are runZero's own words, made safe: valid UTF-8 on one line, without control characters, at
most %d characters. What is empty is ` + "`unknown`" + `, what is in no site is in the site ` + "`unassigned`" + `, and what is folded
together or new to this exporter is ` + "`other`" + `. Two organizations, sites, schedules, Explorers or hosted zones of one name are told apart by
the first 8 characters of their ids, as in ` + "`Branch (a7b2287e)`" + `, both of them; a site is called by one name in all families.
Error texts, scan targets, addresses and people are never labels. Where the configuration file names accounts, every series
of an account has the label ` + "`account_name`" + ` beside those listed here.

**There is a bound to everything,** whatever an answer holds. Of open-ended labels the most frequent values are kept, and of
integrations the %d that ran last. Organizations, sites, Explorers, recurring scans and hosted zones have names that people look
for, and are not folded. More than %d sites, %d Explorers or %d recurring scans in one organization, %d sites or
Explorers in one account that is asked for all at once, %d hosted zones or %d organizations are taken for a fault, and so
are more than %d series of one poll, to which only assets split by many labels can come. That poll fails and says so, and
the last good answer stays.

| flag | shapes |
|---|---|
| ` + "`--cache.interval`, `--collector.NAME.interval`" + ` | how old a cached value may get |
| ` + "`--cache.max-age`" + ` | how old an answer is served when polls fail |
| ` + "`--quota.share`, `--quota.reserve`" + ` | how much older it may get, where the API calls do not suffice: see [quota.md](quota.md) |
| ` + "`--collector.NAME`, `--no-collector.NAME`" + ` | which families there are |
| ` + "`--runzero.organization`" + ` | the values of ` + "`org_name`" + ` |
| ` + "`--collector.assets.labels`" + ` | the labels of [` + "`runzero_assets`" + `](#runzero_assets) beside ` + "`org_name`" + `: %s |
| ` + "`--collector.assets.top`" + ` | how many values of %s are kept, the most frequent ones; the rest is ` + "`other`" + `, and [` + "`runzero_collector_folded_values`" + `](#runzero_collector_folded_values) says how many that are |
| ` + "`--collector.assets.search`" + ` | which assets are counted, in all families of the collector assets |
| ` + "`--collector.tasks.scan-max-age`" + ` | [` + "`runzero_scan_max_age_seconds`" + `](#runzero_scan_max_age_seconds) |
`

func sections() []section {
	return []section{
		{"usage", "API usage", "A runZero account may make as many API calls a day as it has licensed assets, and every tool that uses the account " +
			"shares them. This collector asks nothing: it reads the headers of every answer. Where a console sends none, the usage families are absent.",
			[][2]string{{"Less than a fifth of the day's calls is left", "runzero_api_usage_remaining / runzero_api_usage_limit < 0.2"}}},
		{"console", "Console", "What the console says of its own health. A console that answers with a server error is not healthy; one that does not answer " +
			"has said nothing, which is a failed poll.",
			[][2]string{{"The console is not well", "runzero_console_healthy == 0"}}},
		{"license", "Licence", "The account's licence. It counts live assets, and apart from them those of projects, which are temporary organizations. Only an account credential reaches it.",
			[][2]string{
				{"Nine tenths of the licensed assets are used", "sum without (kind) (runzero_license_assets) / runzero_license_assets_limit > 0.9"},
				{"The licence expires within 30 days", "runzero_license_expiration_timestamp_seconds - time() < 30 * 86400"},
			}},
		{"organizations", "Organizations", "The organizations, their assets as the console itself counts them, and how long each keeps what it knows: assets that it deletes when they are stale or offline for so long " +
			"are why totals shrink by themselves. An organization token or an account credential reaches them.",
			[][2]string{{"Organizations that keep scans for less than 90 days", `runzero_organization_expiration_seconds{of="scans"} < 90 * 86400`}}},
		{"hosted_zones", "Hosted zones", "Places where runZero itself runs Explorers, which scan what is public. Off unless switched on with `--collector.hosted_zones`; Platform licences alone have them, " +
			"and an organization token or an account credential reaches them.",
			[][2]string{{"Tasks wait for a hosted zone that runs none", `runzero_hosted_zone_tasks{state="waiting"} > 0 and ignoring (state) runzero_hosted_zone_tasks{state="active"} == 0`}}},
		{"sites", "Sites", "The organization's sites, and their assets as the console itself counts them: recent is what it saw lately, live is what answered the last scan. " +
			"A site that nothing scans has no live assets, which is no fault.",
			[][2]string{{"The ten largest sites", `topk(10, runzero_site_assets{state="recent"})`}}},
		{"explorers", "Explorers", "The programs that scan. A removed Explorer that the console still lists is inactive: it is counted in [`runzero_explorers`](#runzero_explorers), and has no other series. " +
			"An organization token or an account credential reaches Explorers.",
			[][2]string{
				{"Explorers that are not connected, and where", "(runzero_explorer_connected == 0) * on (account_name, org_name, explorer) group_left (site_name) runzero_explorer_info"},
				{"Share of Explorers that are outdated", "avg by (org_name) (runzero_explorer_outdated)"},
			}},
		{"tasks", "Scans, schedules and integrations", "Runs of scans by site, the schedules that start them, and the last runs of connectors and imports. Consoles list a bounded number " +
			"of tasks: what a site's last good scan was is remembered when it drops out of the list, for as long as the site is there. A scan that ended well may have found " +
			"nothing, when its targets are wrong: see the change `total`.",
			[][2]string{
				{"Sites whose last good scan is too old", "runzero_scan_age_seconds > runzero_scan_max_age_seconds"},
				{"Sites never scanned with success", "runzero_scan_max_age_seconds unless runzero_scan_last_success_timestamp_seconds"},
				{"Scheduled scans that are overdue, whatever their status", "time() - runzero_scan_schedule_next_run_timestamp_seconds > runzero_scan_schedule_grace_seconds"},
			}},
		{"findings", "Findings", "What runZero finds wrong: one record for each kind of finding, with how many instances it has. " + off("findings") + " Older consoles do not have them.",
			[][2]string{
				{"Instances of findings at critical risk, by category", `sum by (org_name, category) (runzero_finding_instances{risk="critical"})`},
				{"More kinds of findings than yesterday", "sum by (org_name) (runzero_findings) > sum by (org_name) (runzero_findings offset 1d)"},
			}},
		{"wireless", "Wireless networks", "Networks of access points that Explorers heard, the neighbours' too, by how they are protected. What they are called is no label: whoever is near chooses that. " + off("wireless"),
			[][2]string{{"Open networks, and where", `sum by (org_name, site_name) (runzero_wireless_networks{authentication="open"}) > 0`}}},
		{"directory", "Directories", "Users and groups of directories such as Active Directory, as integrations read them; not the users of the console. `source_id` is runZero's number of the kind of integration, " +
			"such as 16 of Azure AD; the numbers are not documented. " + off("directory") + " A poll takes two calls.",
			[][2]string{{"A directory has lost a tenth of its users in a day", "runzero_directory_users < 0.9 * (runzero_directory_users offset 1d)"}}},
		{"assets", "Assets", "The organization's assets, counted one by one from one export. Counts of [`runzero_assets`](#runzero_assets) add up to the assets, whatever it is split by and however much " +
			"is folded into `other`. `alive` is what the API says; where `scanned` is `false`, only an integration or passive traffic knows the asset, and `alive` is no evidence.",
			[][2]string{
				{"Live assets by operating system", `sum by (org_name, os) (runzero_assets{alive="true"})`},
				{"Share of assets at critical risk", `sum by (org_name) (runzero_assets_by_risk{risk="critical"}) / sum by (org_name) (runzero_assets_by_risk)`},
				{"Share of assets not seen for 30 days", `1 - runzero_asset_last_seen_age_seconds_bucket{le="2.592e+06"} / ignoring (le) runzero_asset_last_seen_age_seconds_count`},
			}},
		{"certificates", "Certificates", "Certificates of services by state, and how long they remain valid. There is no state for those that expire soon: within which time is yours to say, by a bucket. " +
			"One that never expires is in the last. " + off("certificates") + " The export sends records whole, a kilobyte or several each. Older consoles do not have it.",
			[][2]string{
				{"Certificates that expire within 30 days", `runzero_certificate_remaining_seconds_bucket{le="2.592e+06"} > 0`},
				{"Certificates that have expired", `sum by (org_name) (runzero_certificates{state="expired"}) > 0`},
			}},
		{"services", "Services", "The services of assets, counted one by one, by what they speak and where. What few of them speak is in `other`: a query of the configuration file finds it all the same. " + off("services") + large,
			[][2]string{
				{"The ten protocols that are spoken most", `topk(10, sum by (protocol) (runzero_services_by_protocol{protocol!="other"}))`},
				{"The ten TCP ports that answer most", `topk(10, sum by (port) (runzero_services_by_port{transport="tcp",port!="other"}))`},
			}},
		{"software", "Software", "What is installed on assets, counted one by one. " + off("software") + large,
			[][2]string{{"The ten products that are installed most", `topk(10, sum by (software_vendor, software_product) (runzero_software_by_product{software_product!="other"}))`}}},
		{"vulnerabilities", "Vulnerabilities", "The vulnerabilities of assets, counted one by one. How many there are [`runzero_vulnerabilities`](#runzero_vulnerabilities) says without this. " + off("vulnerabilities") + large,
			[][2]string{
				{"Sites with critical vulnerabilities", `runzero_vulnerabilities_by_severity{severity="critical"} > 0`},
				{"Share of vulnerabilities that are critical", `sum by (org_name) (runzero_vulnerabilities_by_severity{severity="critical"}) / sum by (org_name) (runzero_vulnerabilities_by_severity)`},
			}},
		{"queries", "Queries", "Searches of the configuration file's `queries`: how many assets, services, or whatever is searched, match. Each is one call for each organization and poll, " +
			"and has the collector `queries/NAME` in the families of polls.",
			[][2]string{{"Anything matches a query that should find nothing", `runzero_query_results{query="telnet"} > 0`}}},
		{Health, "Polls", "How the polls themselves are going, by organization and collector. `org_name` is empty for what belongs to no organization; the collector `discovery` " +
			"learns which organizations there are. A collector that the console, the licence or the token does not allow is not supported, and is tried again once a day.",
			[][2]string{{"Data that is older than it should be", "time() - runzero_collector_last_success_timestamp_seconds > 2 * runzero_collector_interval_seconds"}}},
		{Quota, "Quota", "How the exporter fits itself into its share of the account's daily API calls; [quota.md](quota.md) explains it. Where the intervals ask for more than the share, all of them are " +
			"made longer by one factor; where the share is spent or the reserve is reached, asking stops until the day turns, and the last answers are served on.",
			[][2]string{
				{"Intervals are longer than configured", "runzero_exporter_interval_stretch_ratio > 1"},
				{"Asking has stopped, and why", "runzero_api_paused == 1"},
				{"The account's calls will not last until the day turns, whoever spends them", "runzero_api_usage_exhaustion_timestamp_seconds < runzero_api_usage_reset_timestamp_seconds"},
				{"Part of its calls of the day that the exporter has spent", "runzero_exporter_spent_calls / runzero_exporter_budget_calls"},
			}},
		{Store, "Kept answers", "Whether answers and the count of calls can be kept in `--cache.dir`, so that a restart costs nothing. When they cannot, polling goes on.",
			[][2]string{{"A restart would cost calls", "runzero_exporter_store_success == 0"}}},
		{Config, "Configuration", "Whether the configuration file could be loaded when it last was, at the start or by a reload. When it could not, the one before stays in force.",
			[][2]string{{"The configuration file is broken", "runzero_exporter_config_last_reload_successful == 0"}}},
	}
}

// off is what is said of a collector that is off.
func off(collector string) string {
	return fmt.Sprintf("Off unless switched on with `--collector.%s`; an export token reaches them.", collector)
}

// large is what is said of exports that have many rows for each asset.
const large = " The export may have a hundred times as many rows as there are assets: [quota.md](quota.md#what-exports-weigh) says what that costs."

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
	fmt.Fprintf(&page, pageHead, labelRunes, integrationsMost, sitesMost, explorersMost, schedulesMost, accountMost, hostedZonesMost,
		runzero.OrganizationsMost, seriesMost, enumerate(labels), enumerate(open))
	for _, s := range sections() {
		fmt.Fprintf(&page, "\n## %s\n\n", s.title)
		if !slices.Contains([]string{Health, Quota, Store, Config}, s.collector) {
			fmt.Fprintf(&page, "Collector `%s`. ", s.collector)
		}
		fmt.Fprintf(&page, "%s\n", s.text)
		for _, query := range s.queries {
			fmt.Fprintf(&page, "\n%s:\n\n```promql\n%s\n```\n", query[0], query[1])
		}
		page.WriteString("\n| name | type | labels | meaning |\n|---|---|---|---|\n")
		for _, m := range Catalogue() {
			// What several collectors give tells of polls, with the collector as a label.
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
	return fmt.Sprintf("| <a id=%q></a>`%s` | %s | %s | %s |\n", m.Name, m.Name, kind, strings.Join(labels, ", "), m.Help)
}

func enumerate(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
