package collector

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Metric describes one metric family: the one place where its name, meaning and
// labels are written down. Descriptors, docs/metrics.md and the checks of dashboards
// and rules read it.
type Metric struct {
	Name string
	// Help is the meaning; see HELP for what users read.
	Help   string
	Type   dto.MetricType
	Labels []string
	// Configured names the flag that adds labels; empty: none does.
	Configured string
	// Collectors are the collectors that give it, or Health.
	Collectors []string
	// Live families are worked out at each scrape; all others are as old as the last
	// poll of their collector.
	Live bool
}

// HELP is the help text as exposed. Cached values must say so there: they may be an
// interval old, however fresh the scrape.
func (m Metric) HELP() string {
	if m.Live {
		return m.Help
	}
	return m.Help + " Refreshed every cache interval, less often where the quota is short, and withdrawn at --cache.max-age."
}

func (m Metric) desc(more ...string) *prometheus.Desc {
	labels := append(append([]string{}, m.Labels...), more...)
	return prometheus.NewDesc(m.Name, m.HELP(), labels, nil)
}

// What stands in Metric.Collectors besides collectors.
const (
	// Health families tell of the polls themselves.
	Health = "health"
	// Quota families tell of what the exporter spends.
	Quota = "quota"
	// Store families tell of what is kept on disk.
	Store = "store"
	// Config families tell of the configuration file.
	Config = "config"
)

// AgeOf tells which live family is the age of which cached family of instants.
func AgeOf() map[string]string {
	return map[string]string{"runzero_scan_last_success_timestamp_seconds": "runzero_scan_age_seconds"}
}

// Catalogue returns every metric family of the exporter's own.
func Catalogue() []Metric {
	const (
		gauge     = dto.MetricType_GAUGE
		counter   = dto.MetricType_COUNTER
		histogram = dto.MetricType_HISTOGRAM
	)
	table := []struct {
		collectors string
		live       bool
		metrics    []Metric
	}{
		{"usage", true, []Metric{
			{Name: "runzero_up", Type: gauge, Help: "1 when the last authenticated call to the runZero API was answered, 0 when nobody answered, the server failed or refused the credential. How old the data is tells runzero_collector_last_success_timestamp_seconds."},
			{Name: "runzero_api_usage_limit", Type: gauge, Labels: words("credential"), Help: "API calls a day that the account may make, with all its credentials and tools together, as the last answer said."},
			{Name: "runzero_api_usage_remaining", Type: gauge, Labels: words("credential"), Help: "API calls that are left of the account's daily limit, as the last answer said."},
			{Name: "runzero_api_usage_today", Type: gauge, Labels: words("credential"), Help: "API calls made today, as the last answer said. runZero does not document whether by the credential or by the account."},
			{Name: "runzero_api_usage_total", Type: counter, Labels: words("credential"), Help: "API calls ever made, as the last answer said."},
			{Name: "runzero_api_credential_expiration_timestamp_seconds", Type: gauge, Labels: words("credential"), Help: "When the credential expires, from expires in the configuration file: runZero does not say. Absent where the file does not either."},
			{Name: "runzero_api_requests_total", Type: counter, Labels: words("endpoint code"), Help: "Requests this exporter sent to the runZero API, by HTTP status code; code is error when there was no answer."},
			{Name: "runzero_api_request_duration_seconds", Type: histogram, Labels: words("endpoint"), Help: "Time from sending a request to the end of its answer."},
			{Name: "runzero_api_response_bytes_total", Type: counter, Labels: words("endpoint"), Help: "Bytes of answers read from the runZero API, after decompression."},
		}},
		{"console", false, []Metric{
			{Name: "runzero_console_info", Type: gauge, Labels: words("version"), Help: "The console's version; always 1."},
			{Name: "runzero_console_healthy", Type: gauge, Help: "1 when the console said that it is well."},
		}},
		{"license", false, []Metric{
			{Name: "runzero_license_info", Type: gauge, Labels: words("license_type"), Help: "The account's licence; always 1."},
			{Name: "runzero_license_assets_limit", Type: gauge, Help: "Assets that the licence allows."},
			{Name: "runzero_license_assets", Type: gauge, Labels: words("kind"), Help: "Assets that the licence counts: live, and those of temporary projects (project)."},
			{Name: "runzero_license_expiration_timestamp_seconds", Type: gauge, Help: "When the licence expires; scans stop then. Absent where the console does not say."},
		}},
		{"organizations", false, []Metric{
			{Name: "runzero_organization_info", Type: gauge, Labels: words("org_name organization_id project"), Help: "An organization, its id, and whether it is a temporary project (true or false); always 1."},
			{Name: "runzero_organization_assets", Type: gauge, Labels: words("org_name state"), Help: "Assets of the organization as the console counts them: all, recent or live. Absent where the console does not tell."},
			{Name: "runzero_organization_expiration_seconds", Type: gauge, Labels: words("org_name of"), Help: "How long the organization keeps stale_assets, offline_assets, scans, vulnerabilities and integration_attributes before it deletes them. Absent where the console does not tell, and where it says 0, which is taken to mean that they are kept for ever."},
		}},
		{"hosted_zones", false, []Metric{
			{Name: "runzero_hosted_zone_enabled", Type: gauge, Labels: words("zone"), Help: "1 when the hosted zone is enabled. Absent where the console does not tell."},
			{Name: "runzero_hosted_zone_explorers", Type: gauge, Labels: words("zone"), Help: "Explorers in the hosted zone."},
			{Name: "runzero_hosted_zone_tasks", Type: gauge, Labels: words("zone state"), Help: "Tasks of the hosted zone that are executed (active) or wait for it (waiting)."},
		}},
		{"sites", false, []Metric{
			{Name: "runzero_sites", Type: gauge, Labels: words("org_name"), Help: "Sites of the organization."},
			{Name: "runzero_site_info", Type: gauge, Labels: words("org_name site_name site_id"), Help: "A site and its id; always 1."},
			{Name: "runzero_site_assets", Type: gauge, Labels: words("org_name site_name state"), Help: "Assets of the site as the console counts them: all, recent or live. Absent where the console does not tell."},
		}},
		{"explorers", false, []Metric{
			{Name: "runzero_explorers", Type: gauge, Labels: words("org_name status"), Help: "Explorers of the organization: connected, disconnected, or inactive, which are the removed ones that the console still lists; unknown where there are such of which it does not tell."},
			{Name: "runzero_explorer_info", Type: gauge, Labels: words("org_name explorer explorer_id site_name version os arch"), Help: "An Explorer that is not inactive; always 1. site_name is unassigned where it is bound to no one site, and unknown until the collector sites has told its name."},
			{Name: "runzero_explorer_connected", Type: gauge, Labels: words("org_name explorer"), Help: "1 when the Explorer is connected to the console. Absent where the console does not tell."},
			{Name: "runzero_explorer_last_checkin_timestamp_seconds", Type: gauge, Labels: words("org_name explorer"), Help: "When the Explorer last checked in with the console. Absent when it never did."},
			{Name: "runzero_explorer_outdated", Type: gauge, Labels: words("org_name explorer"), Help: "1 when the Explorer's version is older than the one the console offers. Absent where either is not known."},
		}},
		{"tasks", false, []Metric{
			{Name: "runzero_tasks", Type: gauge, Labels: words("org_name task_type status"), Help: "Tasks that the console lists, by type and status: runs, not schedules. A type or status this exporter does not know is other."},
			{Name: "runzero_scan_last_success_timestamp_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "When the site's last good scan ended. Absent for a site never scanned with success."},
			{Name: "runzero_scan_last_attempt_timestamp_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "When the site's last finished scan ended, whatever its outcome. Absent for a site never scanned."},
			{Name: "runzero_scan_last_success", Type: gauge, Labels: words("org_name site_name"), Help: "1 when the site's last finished scan succeeded, 0 when it failed, was stopped or canceled. Absent for a site never scanned."},
			{Name: "runzero_scan_last_duration_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "How long the site's last good scan took."},
			{Name: "runzero_scan_last_assets", Type: gauge, Labels: words("org_name site_name change"), Help: "Assets of the site's last good scan by what became of them: new, online, offline, changed, unchanged, ignored, or total."},
			{Name: "runzero_scan_running_start_timestamp_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "When the oldest scan that is still going on the site began. Absent when none is."},
			{Name: "runzero_scan_max_age_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "How old the site's last good scan may get before it is stale, from --collector.tasks.scan-max-age, or for its site from the configuration file."},
			{Name: "runzero_scan_schedule_info", Type: gauge, Labels: words("org_name site_name schedule schedule_id frequency"), Help: "A recurring scan; always 1."},
			{Name: "runzero_scan_schedule_last_run_timestamp_seconds", Type: gauge, Labels: words("org_name site_name schedule"), Help: "When the recurring scan last began. Absent when it never did."},
			{Name: "runzero_scan_schedule_next_run_timestamp_seconds", Type: gauge, Labels: words("org_name site_name schedule"), Help: "When the recurring scan is due next; in the past when it is overdue. Absent when it is paused, and where runZero does not say, as of continuous scans."},
			{Name: "runzero_scan_schedule_grace_seconds", Type: gauge, Labels: words("org_name site_name schedule"), Help: "How late a run of the recurring scan may begin."},
			{Name: "runzero_scan_schedule_paused", Type: gauge, Labels: words("org_name site_name schedule"), Help: "1 when the recurring scan is paused."},
			{Name: "runzero_scan_schedule_failing", Type: gauge, Labels: words("org_name site_name schedule"), Help: "1 when the recurring scan reports an error, such as an Explorer that is not available."},
			{Name: "runzero_integration_last_success_timestamp_seconds", Type: gauge, Labels: words("org_name integration"), Help: "When the integration or import of this name last succeeded."},
			{Name: "runzero_integration_last_success", Type: gauge, Labels: words("org_name integration"), Help: "1 when the last finished run of the integration or import of this name succeeded."},
		}},
		{"tasks", true, []Metric{
			{Name: "runzero_scan_age_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "Time since the site's last good scan ended, worked out at each scrape. Absent for a site never scanned with success."},
		}},
		{"findings", false, []Metric{
			{Name: "runzero_findings", Type: gauge, Labels: words("org_name category risk"), Help: "Kinds of findings, each of which may have many instances, by category and risk: none, info, low, medium, high, critical; unknown or other where there are such. Categories beyond the most frequent are other."},
			{Name: "runzero_finding_instances", Type: gauge, Labels: words("org_name category risk"), Help: "Instances of findings, by category and risk as runzero_findings. Absent where the console does not tell how many there are."},
		}},
		{"wireless", false, []Metric{
			{Name: "runzero_wireless_networks", Type: gauge, Labels: words("org_name site_name authentication encryption"), Help: "Wireless networks of access points that Explorers heard at the site, its own and its neighbours'. Values of authentication and encryption beyond the most frequent are other."},
		}},
		{"directory", false, []Metric{
			{Name: "runzero_directory_users", Type: gauge, Labels: words("org_name source_id"), Help: "Users of directories that integrations read, by runZero's number of the kind of integration. Who is in two directories is two users. Numbers beyond the most frequent are other."},
			{Name: "runzero_directory_groups", Type: gauge, Labels: words("org_name source_id"), Help: "Groups of directories that integrations read, by runZero's number of the kind of integration. Numbers beyond the most frequent are other."},
		}},
		{"assets", false, []Metric{
			{Name: "runzero_assets", Type: gauge, Labels: words("org_name"), Configured: "--collector.assets.labels", Help: "Assets. Values of asset_type, os, os_vendor and os_product beyond the most frequent are other; alive is what the API says, also where scanned is false."},
			{Name: "runzero_assets_by_risk", Type: gauge, Labels: words("org_name site_name risk"), Help: "Assets by risk: none, info, low, medium, high, critical; unknown or other where there are such."},
			{Name: "runzero_assets_by_criticality", Type: gauge, Labels: words("org_name site_name criticality"), Help: "Assets by the criticality people gave them: unset, none, low, medium, high, critical; unknown or other where there are such."},
			{Name: "runzero_assets_by_source", Type: gauge, Labels: words("org_name source"), Help: "Assets by who reported them. An asset has several sources: these do not add up to the assets."},
			{Name: "runzero_assets_by_os_support", Type: gauge, Labels: words("org_name site_name support"), Help: "Assets by the support of their operating system: supported, extended, ended, or unknown."},
			{Name: "runzero_asset_last_seen_age_seconds", Type: histogram, Labels: words("org_name"), Help: "Time since assets were last seen, at the time of the poll."},
			{Name: "runzero_asset_first_seen_age_seconds", Type: histogram, Labels: words("org_name"), Help: "Time since assets were first seen, at the time of the poll."},
			{Name: "runzero_services", Type: gauge, Labels: words("org_name site_name"), Help: "Services, summed over assets."},
			{Name: "runzero_vulnerabilities", Type: gauge, Labels: words("org_name site_name"), Help: "Vulnerabilities, summed over assets."},
			{Name: "runzero_software", Type: gauge, Labels: words("org_name site_name"), Help: "Installed software, summed over assets."},
		}},
		{"certificates", false, []Metric{
			{Name: "runzero_certificates", Type: gauge, Labels: words("org_name certificate_type state"), Help: "Certificates that are not hidden in the console, by type, x509 or ssh, and by state at the time of the poll: valid, expired, not_yet_valid, or unknown where runZero tells no end, as of SSH keys that are no certificates."},
			{Name: "runzero_certificate_remaining_seconds", Type: histogram, Labels: words("org_name"), Help: "Time until certificates expire, of those that have not, at the time of the poll."},
		}},
		{"services", false, []Metric{
			{Name: "runzero_services_by_protocol", Type: gauge, Labels: words("org_name protocol"), Help: "Services by the protocols that they speak. One that speaks several, as http over tls, counts for each: these do not add up to the services. Protocols beyond the most frequent are other."},
			{Name: "runzero_services_by_port", Type: gauge, Labels: words("org_name transport port"), Help: "Services by transport and port, which is 0 where there is none, as of ARP. Values beyond the most frequent are other."},
		}},
		{"software", false, []Metric{
			{Name: "runzero_software_by_product", Type: gauge, Labels: words("org_name software_vendor software_product"), Help: "Installed software, summed over assets, by vendor and product. Vendors and products beyond the most frequent are other."},
		}},
		{"vulnerabilities", false, []Metric{
			{Name: "runzero_vulnerabilities_by_severity", Type: gauge, Labels: words("org_name site_name severity"), Help: "Vulnerabilities, summed over assets, by severity: none, info, low, medium, high, critical; unknown or other where there are such."},
		}},
		{"queries", false, []Metric{
			{Name: "runzero_query_results", Type: gauge, Labels: words("org_name query"), Help: "What of the organization matches the query of this name in the configuration file."},
		}},
		{"tasks findings wireless directory assets services software", false, []Metric{
			{Name: "runzero_collector_folded_values", Type: gauge, Labels: words("org_name collector label"), Help: "Values of the label that are not kept by name: counted together as other, or left out where other would mean nothing."},
		}},
		{Health, true, []Metric{
			{Name: "runzero_collector_success", Type: gauge, Labels: words("org_name collector"), Help: "1 when the collector's last poll succeeded. Its data is of the last poll that did."},
			{Name: "runzero_collector_supported", Type: gauge, Labels: words("org_name collector"), Help: "0 when the console, the licence or the token does not allow what the collector asks."},
			{Name: "runzero_collector_consecutive_failures", Type: gauge, Labels: words("org_name collector"), Help: "Polls of the collector that failed since the last one that succeeded."},
			{Name: "runzero_collector_last_success_timestamp_seconds", Type: gauge, Labels: words("org_name collector"), Help: "When the collector's last good poll began: how old its data is. Absent until then."},
			{Name: "runzero_collector_last_attempt_timestamp_seconds", Type: gauge, Labels: words("org_name collector"), Help: "When the collector's last poll began, whatever its outcome. Absent until then."},
			{Name: "runzero_collector_duration_seconds", Type: gauge, Labels: words("org_name collector"), Help: "How long the collector's last poll took. Absent until then."},
			{Name: "runzero_collector_interval_seconds", Type: gauge, Labels: words("org_name collector"), Help: "The collector's interval in force."},
			{Name: "runzero_collector_next_poll_timestamp_seconds", Type: gauge, Labels: words("org_name collector"), Help: "When the collector is due next."},
		}},
		{Quota, true, []Metric{
			{Name: "runzero_api_paused", Type: gauge, Labels: words("reason"), Help: "1 while asking is stopped: quota, this exporter's share is spent or the account has no call left today; reserve, the account is down to --quota.reserve; rate_limit, the console had too many requests; auth, the console refuses the credential."},
			{Name: "runzero_api_usage_reset_timestamp_seconds", Type: gauge, Help: "When the account's next day is expected to begin: as it was seen to, and midnight UTC until it was. Absent where the console tells no limit."},
			{Name: "runzero_api_usage_exhaustion_timestamp_seconds", Type: gauge, Help: "When the account's API calls run out at the present pace of everybody. Absent when they last until the day turns."},
			{Name: "runzero_exporter_budget_calls", Type: gauge, Help: "API calls a day that this exporter may spend: --quota.share of the limit. Absent where the console tells no limit."},
			{Name: "runzero_exporter_demand_calls", Type: gauge, Help: "API calls a day that the intervals as configured ask for."},
			{Name: "runzero_exporter_spent_calls", Type: gauge, Help: "API calls this exporter made since the account's day began, of the last 24 hours at most."},
			{Name: "runzero_exporter_interval_stretch_ratio", Type: gauge, Help: "What intervals are multiplied by so that the budget lasts until the day turns; 1 when they are as configured."},
		}},
		{Store, true, []Metric{
			{Name: "runzero_exporter_store_success", Type: gauge, Help: "1 when the last write to --cache.dir succeeded. Absent without --cache.dir."},
		}},
		{Config, true, []Metric{
			{Name: "runzero_exporter_config_last_reload_successful", Type: gauge, Help: "1 when the last attempt to load the configuration succeeded, 0 when it failed and the one before is still in force."},
			{Name: "runzero_exporter_config_last_reload_success_timestamp_seconds", Type: gauge, Help: "When the configuration in force was loaded."},
		}},
	}
	var all []Metric
	for _, group := range table {
		for _, m := range group.metrics {
			m.Collectors, m.Live = words(group.collectors), group.live
			all = append(all, m)
		}
	}
	return all
}

func words(s string) []string { return strings.Fields(s) }

// Descs returns the descriptors of one collector's families by name.
func Descs(collector string) map[string]*prometheus.Desc {
	descs := map[string]*prometheus.Desc{}
	for _, m := range Catalogue() {
		if slices.Contains(m.Collectors, collector) {
			descs[m.Name] = m.desc()
		}
	}
	return descs
}
