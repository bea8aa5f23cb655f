package collector

import (
	"cmp"

	dto "github.com/prometheus/client_model/go"
)

// Catalogue returns every metric family that the exporter defines itself.
func Catalogue() []Metric {
	const (
		gauge     = dto.MetricType_GAUGE
		counter   = dto.MetricType_COUNTER
		histogram = dto.MetricType_HISTOGRAM
	)
	table := []struct {
		collectors string
		live       bool
		stability  Stability
		metrics    []Metric
	}{
		{"usage", true, Stable, []Metric{
			{Name: "runzero_up", Type: gauge, Help: "1 if the last authenticated request to the runZero API succeeded, 0 if there was no response, the server failed or it rejected the credential. The age of the data is in runzero_collector_last_success_timestamp_seconds."},
			{Name: "runzero_api_usage_limit", Type: gauge, Labels: words("credential"), Help: "API calls per day that the account may make, shared by all its credentials and tools, as of the last response that reported it."},
			{Name: "runzero_api_usage_remaining", Type: gauge, Labels: words("credential"), Help: "API calls left of the account's daily limit, as of the last response that reported it."},
			{Name: "runzero_api_usage_today", Type: gauge, Labels: words("credential"), Help: "API calls made today, as of the last response that reported it. runZero does not document whether it counts the credential's or the account's calls."},
			{Name: "runzero_api_usage_total", Type: counter, Labels: words("credential"), Help: "API calls ever made, as of the last response that reported it."},
			{Name: "runzero_api_credential_expiration_timestamp_seconds", Type: gauge, Labels: words("credential"), Help: "When the credential expires, as set in the configuration file (expires), because the runZero API does not report it. Absent if not set."},
			{Name: "runzero_api_requests_total", Type: counter, Labels: words("endpoint code"), Help: "Requests sent to the runZero API, by endpoint and HTTP status code; code is error if there was no response."},
			{Name: "runzero_api_request_duration_seconds", Type: histogram, Labels: words("endpoint"), Help: "Time from sending a request to the end of its response."},
			{Name: "runzero_api_response_bytes_total", Type: counter, Labels: words("endpoint"), Help: "Bytes of runZero API responses read, after decompression."},
		}},
		{"console", false, Stable, []Metric{
			{Name: "runzero_console_info", Type: gauge, Labels: words("version"), Help: "Version of the console; always 1."},
			{Name: "runzero_console_healthy", Type: gauge, Help: "1 if the console reports that it is healthy."},
		}},
		{"license", false, Stable, []Metric{
			{Name: "runzero_license_info", Type: gauge, Labels: words("license_type"), Help: "Type of the account's licence; always 1."},
			{Name: "runzero_license_assets_limit", Type: gauge, Help: "Maximum number of assets that the licence allows."},
			{Name: "runzero_license_assets", Type: gauge, Labels: words("kind"), Help: "Assets counted against the licence: live assets (live) and those of temporary projects (project)."},
			{Name: "runzero_license_expiration_timestamp_seconds", Type: gauge, Help: "When the licence expires; scans stop then. Absent if the console does not report it."},
		}},
		{"api_keys", false, Stable, []Metric{
			{Name: "runzero_api_key_calls_today", Type: gauge, Labels: words("key key_type org_name"), Help: "API calls made today with the key, which is named by its comment in the console. The console counts from the last reset of the quota on. org_name is empty for keys of the whole account, and other for those of organizations that are not polled. Only the 500 keys with the most calls are exported; inactive keys without a call today are left out. Absent if the console does not report it."},
			{Name: "runzero_api_key_last_used_timestamp_seconds", Type: gauge, Labels: words("key key_type org_name"), Help: "When the key was last used, with the same label values as runzero_api_key_calls_today. Absent if it never was, or if the console does not report it."},
		}},
		{"organizations", false, Stable, []Metric{
			{Name: OrganizationInfo, Type: gauge, Labels: words("org_name organization_id project"), Configured: "organizations.labels", Help: "Id of the organization, and whether it is a temporary project (true or false); always 1."},
			{Name: "runzero_organizations_missing", Type: gauge, Help: "Organizations that were seen before and are not in the last response. Their series stay until the next poll misses them too. Absent without an account credential."},
			{Name: "runzero_organization_assets", Type: gauge, Labels: words("org_name state"), Help: "Assets of the organization as counted by the console: all, recent or live. Absent if the console does not report them."},
			{Name: "runzero_organization_expiration_seconds", Type: gauge, Labels: words("org_name of"), Help: "How long the organization keeps stale_assets, offline_assets, scans, vulnerabilities and integration_attributes before they are deleted. Absent if the console does not report it, or reports 0, which is taken to mean that they are never deleted."},
		}},
		{"hosted_zones", false, Experimental, []Metric{
			{Name: "runzero_hosted_zone_enabled", Type: gauge, Labels: words("zone"), Help: "1 if the hosted zone is enabled. Absent if the console does not report it."},
			{Name: "runzero_hosted_zone_explorers", Type: gauge, Labels: words("zone"), Help: "Explorers in the hosted zone."},
			{Name: "runzero_hosted_zone_tasks", Type: gauge, Labels: words("zone state"), Help: "Tasks of the hosted zone that are running (active) or waiting to run (waiting)."},
		}},
		{"sites", false, Stable, []Metric{
			{Name: "runzero_sites", Type: gauge, Labels: words("org_name"), Help: "Sites of the organization, including those counted in runzero_sites_missing."},
			{Name: "runzero_sites_missing", Type: gauge, Labels: words("org_name"), Help: "Sites of the organization that were seen before and are not in the last response. Their series stay until the next poll misses them too."},
			{Name: "runzero_site_info", Type: gauge, Labels: words("org_name site_name site_id"), Help: "Id of the site; always 1."},
			{Name: "runzero_site_assets", Type: gauge, Labels: words("org_name site_name state"), Help: "Assets of the site as counted by the console: all, recent or live. Absent if the console does not report them."},
		}},
		{"explorers", false, Stable, []Metric{
			{Name: "runzero_explorers", Type: gauge, Labels: words("org_name status"), Help: "Explorers of the organization by status: connected, disconnected, inactive (removed, but still listed by the console), or unknown if the console does not report it."},
			{Name: "runzero_explorer_info", Type: gauge, Labels: words("org_name explorer explorer_id site_name version os arch"), Help: "Version, platform and site of the Explorer, unless it is inactive; always 1. site_name is unassigned if the Explorer is not bound to a site, and unknown until the sites collector has found the site's name."},
			{Name: "runzero_explorer_connected", Type: gauge, Labels: words("org_name explorer"), Help: "1 if the Explorer is connected to the console. Absent if the console does not report it."},
			{Name: "runzero_explorer_last_checkin_timestamp_seconds", Type: gauge, Labels: words("org_name explorer"), Help: "When the Explorer last checked in with the console. Absent if it never has."},
			{Name: "runzero_explorer_outdated", Type: gauge, Labels: words("org_name explorer"), Help: "1 if the Explorer's version is older than the one the console offers. Absent if either is unknown."},
		}},
		{"tasks", false, Stable, []Metric{
			{Name: "runzero_tasks", Type: gauge, Labels: words("org_name task_type status"), Help: "Tasks listed by the console, by type and status. Counts runs, not schedules, and no passive samples. Types and statuses unknown to this exporter are other."},
			{Name: "runzero_scan_last_success_timestamp_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "When the site's last successful scan ended. Absent if no scan of the site has succeeded."},
			{Name: "runzero_scan_last_attempt_timestamp_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "When the site's last finished scan ended, successful or not. Absent if the site has never been scanned."},
			{Name: "runzero_scan_last_success", Type: gauge, Labels: words("org_name site_name"), Help: "1 if the site's last finished scan succeeded, 0 if it failed, was stopped or was canceled. Absent if the site has never been scanned."},
			{Name: "runzero_scan_consecutive_failures", Type: gauge, Labels: words("org_name site_name"), Help: "Finished scans of the site that failed, were stopped or were canceled since its last successful one. No more than 100 are counted. Absent if the site has never been scanned."},
			{Name: "runzero_scan_last_duration_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "Duration of the site's last successful scan."},
			{Name: "runzero_scan_last_assets", Type: gauge, Labels: words("org_name site_name change"), Help: "Assets in the site's last successful scan by change: new, online, offline, changed, unchanged, ignored, or total."},
			{Name: "runzero_scan_running_start_timestamp_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "When the oldest running scan of the site began. Absent if no scan is running."},
			{Name: "runzero_scan_max_age_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "Age at which the site's last successful scan becomes stale: the site's setting in the configuration file, else the longest interval plus grace of its recurring scans that are not paused, else --collector.tasks.scan-max-age."},
			{Name: "runzero_scan_schedule_info", Type: gauge, Labels: words("org_name site_name schedule schedule_id frequency"), Help: "Id and frequency of the recurring scan; always 1."},
			{Name: "runzero_scan_schedule_last_run_timestamp_seconds", Type: gauge, Labels: words("org_name site_name schedule"), Help: "When the recurring scan last began. Absent if it never has."},
			{Name: "runzero_scan_schedule_next_run_timestamp_seconds", Type: gauge, Labels: words("org_name site_name schedule"), Help: "When the recurring scan is due next; in the past if it is overdue. Absent if it is paused, or if runZero does not report it, as for continuous scans."},
			{Name: "runzero_scan_schedule_grace_seconds", Type: gauge, Labels: words("org_name site_name schedule"), Help: "How late the recurring scan may begin."},
			{Name: "runzero_scan_schedule_paused", Type: gauge, Labels: words("org_name site_name schedule"), Help: "1 if the recurring scan is paused."},
			{Name: "runzero_scan_schedule_failing", Type: gauge, Labels: words("org_name site_name schedule"), Help: "1 if the recurring scan reports an error, such as an unavailable Explorer."},
			{Name: "runzero_integration_last_success_timestamp_seconds", Type: gauge, Labels: words("org_name integration"), Help: "When the last successful run of the integration or import ended. Absent if none has succeeded."},
			{Name: "runzero_integration_last_success", Type: gauge, Labels: words("org_name integration"), Help: "1 if the last finished run of the integration or import succeeded."},
			{Name: "runzero_integration_max_age_seconds", Type: gauge, Labels: words("org_name integration"), Help: "Age at which the integration's last successful run becomes stale: the longest interval of its schedule plus its grace. Absent if the integration has no schedule, or a paused one, or if nothing shows its interval."},
		}},
		{"tasks", true, Stable, []Metric{
			{Name: "runzero_scan_age_seconds", Type: gauge, Labels: words("org_name site_name"), Help: "Time since the site's last successful scan ended, computed at scrape time. Absent if no scan of the site has succeeded."},
		}},
		{"findings", false, Experimental, []Metric{
			{Name: "runzero_findings", Type: gauge, Labels: words("org_name category risk"), Help: "Findings by category and risk, each kind counted once however many instances it has. risk is none, info, low, medium, high or critical, or unknown or other if the console reports such. Only the most frequent categories are kept; the rest are other."},
			{Name: "runzero_finding_instances", Type: gauge, Labels: words("org_name category risk"), Help: "Instances of findings by category and risk, with the same label values as runzero_findings. Absent if the console does not report the number of instances."},
		}},
		{"wireless", false, Experimental, []Metric{
			{Name: "runzero_wireless_networks", Type: gauge, Labels: words("org_name site_name authentication encryption"), Help: "Wireless networks that Explorers detected at the site, including those of neighbours. Only the most frequent values of authentication and encryption are kept; the rest are other."},
		}},
		{"directory", false, Experimental, []Metric{
			{Name: "runzero_directory_users", Type: gauge, Labels: words("org_name source_id"), Help: "Users in directories read by integrations, by runZero's number for the type of integration. A user in two directories is counted twice. Only the most frequent numbers are kept; the rest are other."},
			{Name: "runzero_directory_groups", Type: gauge, Labels: words("org_name source_id"), Help: "Groups in directories read by integrations, by runZero's number for the type of integration. Only the most frequent numbers are kept; the rest are other."},
		}},
		{"assets", false, Stable, []Metric{
			{Name: "runzero_assets", Type: gauge, Labels: words("org_name"), Configured: "--collector.assets.labels", Help: "Assets of the organization. Only the most frequent values of asset_type, os, os_vendor and os_product are kept; the rest are other. alive is as reported by the API, even for assets that have not been scanned."},
			{Name: "runzero_assets_by_risk", Type: gauge, Labels: words("org_name site_name risk"), Help: "Assets by risk: none, info, low, medium, high or critical; unknown or other only if there are any."},
			{Name: "runzero_assets_by_criticality", Type: gauge, Labels: words("org_name site_name criticality"), Help: "Assets by the criticality that users assigned: unset, none, low, medium, high or critical; unknown or other only if there are any."},
			{Name: "runzero_assets_by_source", Type: gauge, Labels: words("org_name source"), Help: "Assets by the source that reported them. An asset can have several sources, so the series do not add up to the number of assets."},
			{Name: "runzero_assets_by_tag", Type: gauge, Labels: words("org_name tag value"), Help: "Assets by the value of each tag that --collector.assets.tags names; absent without it. value is unknown for a tag without a value, and other for e-mail and IP addresses and all but the tag's most frequent values. Assets without the tag are not counted."},
			{Name: "runzero_assets_by_owner", Type: gauge, Labels: words("org_name owner_type owner_name"), Help: "Assets by owner; absent without --collector.assets.tags. owner_type and owner_name are other for e-mail and IP addresses and all but the most frequent values. An asset can have several owners or none, so the series do not add up to the number of assets."},
			{Name: "runzero_assets_by_os_support", Type: gauge, Labels: words("org_name site_name support"), Help: "Assets by support status of their operating system: supported, extended, ended or unknown."},
			{Name: "runzero_asset_last_seen_age_seconds", Type: histogram, Labels: words("org_name"), Help: "Time since assets were last seen, at the time of the poll."},
			{Name: "runzero_asset_first_seen_age_seconds", Type: histogram, Labels: words("org_name"), Help: "Time since assets were first seen, at the time of the poll."},
			{Name: "runzero_services", Type: gauge, Labels: words("org_name site_name"), Help: "Services, summed over assets."},
			{Name: "runzero_vulnerabilities", Type: gauge, Labels: words("org_name site_name"), Help: "Vulnerabilities, summed over assets."},
			{Name: "runzero_software", Type: gauge, Labels: words("org_name site_name"), Help: "Installed software, summed over assets."},
		}},
		{"certificates", false, Experimental, []Metric{
			{Name: "runzero_certificates", Type: gauge, Labels: words("org_name certificate_type state"), Help: "Certificates not hidden in the console, by type (x509 or ssh) and state at the time of the poll: valid, expired, not_yet_valid, or unknown if runZero reports no end of validity, as for plain SSH keys."},
			{Name: "runzero_certificate_remaining_seconds", Type: histogram, Labels: words("org_name"), Help: "Time until unexpired certificates expire, at the time of the poll."},
		}},
		{"services", false, Experimental, []Metric{
			{Name: "runzero_services_by_protocol", Type: gauge, Labels: words("org_name protocol"), Help: "Services by protocol. A service that uses several protocols, such as http over tls, is counted for each, so the series do not add up to the number of services. Only the most frequent protocols are kept; the rest are other."},
			{Name: "runzero_services_by_port", Type: gauge, Labels: words("org_name transport port"), Help: "Services by transport and port; port is 0 if there is none, as for ARP. Only the most frequent values are kept; the rest are other."},
		}},
		{"software", false, Experimental, []Metric{
			{Name: "runzero_software_by_product", Type: gauge, Labels: words("org_name software_vendor software_product"), Help: "Installed software, summed over assets, by vendor and product. Only the most frequent vendors and products are kept; the rest are other."},
		}},
		{"vulnerabilities", false, Experimental, []Metric{
			{Name: "runzero_vulnerabilities_by_severity", Type: gauge, Labels: words("org_name site_name severity"), Help: "Vulnerabilities, summed over assets, by severity: none, info, low, medium, high or critical; unknown or other only if there are any."},
		}},
		{"queries", false, Experimental, []Metric{
			{Name: "runzero_query_results", Type: gauge, Labels: words("org_name query"), Help: "Number of results of the query of this name in the configuration file."},
		}},
		{"discovery", false, Experimental, []Metric{
			{Name: "runzero_discovery_targets", Type: gauge, Labels: words("org_name discovery"), Help: "Targets at /sd/NAME of the discovery entry of this name in the configuration file."},
			{Name: "runzero_discovery_targets_dropped", Type: gauge, Labels: words("org_name discovery"), Help: "Targets that are left out of the discovery entry because there are more than its max_targets."},
			{Name: "runzero_discovery_assets", Type: gauge, Labels: words("org_name discovery site_name asset_type"), Help: "Assets with at least one target of the discovery entry. Only the most frequent asset types are kept; the rest are other."},
		}},
		{"tasks findings wireless directory assets services software api_keys", false, Stable, []Metric{
			{Name: "runzero_collector_folded_values", Type: gauge, Labels: words("org_name collector label"), Help: "Values of the label that have no series of their own: they are counted as other, or left out of families that have no other."},
		}},
		{Health, true, Stable, []Metric{
			{Name: "runzero_collector_success", Type: gauge, Labels: words("org_name collector"), Help: "1 if the collector's last poll succeeded. Its data is from the last successful poll."},
			{Name: "runzero_collector_supported", Type: gauge, Labels: words("org_name collector"), Help: "0 if the console, the licence or the credential does not give access to the collector's data."},
			{Name: "runzero_collector_consecutive_failures", Type: gauge, Labels: words("org_name collector"), Help: "Failed polls of the collector since its last successful poll."},
			{Name: "runzero_collector_last_success_timestamp_seconds", Type: gauge, Labels: words("org_name collector"), Help: "When the collector's last successful poll began, which is how old its data is. Absent if no poll has succeeded."},
			{Name: "runzero_collector_last_attempt_timestamp_seconds", Type: gauge, Labels: words("org_name collector"), Help: "When the collector's last poll began, successful or not. Absent before the first poll."},
			{Name: "runzero_collector_duration_seconds", Type: gauge, Labels: words("org_name collector"), Help: "Duration of the collector's last poll. Absent before the first poll."},
			{Name: "runzero_collector_interval_seconds", Type: gauge, Labels: words("org_name collector"), Help: "Polling interval of the collector currently in force: the longest time between two polls while nothing fails. Data of this age is not stale."},
			{Name: "runzero_collector_next_poll_timestamp_seconds", Type: gauge, Labels: words("org_name collector"), Help: "When the collector's next poll is due. One that waits for changes is polled earlier if there are any."},
			{Name: "runzero_collector_poll_reason_total", Type: counter, Labels: words("collector reason"), Help: "Polls that were started, by reason: interval (it was due), change (something has changed, or what has is unclear), retry (the last poll failed), reload (of the configuration, or a secret is new), probe (to find out whether a failure is over, or calls are left again)."},
		}},
		{Quota, true, Stable, []Metric{
			{Name: "runzero_api_paused", Type: gauge, Labels: words("reason"), Help: "1 while polling is paused, by reason: quota (this exporter's share is used up, or the account has no calls left today), reserve (the account is down to --quota.reserve), rate_limit (the console reports too many requests), auth (the console rejects the credential)."},
			{Name: "runzero_api_usage_reset_timestamp_seconds", Type: gauge, Stability: Experimental, Help: "When the account's daily quota is expected to reset, learned from past resets; midnight UTC until one has been observed. Absent without a limit."},
			{Name: "runzero_api_usage_exhaustion_timestamp_seconds", Type: gauge, Stability: Experimental, Help: "When the account will run out of API calls at the current rate of all its tools. Absent if they are expected to last until the quota resets."},
			{Name: "runzero_exporter_quota_limit_calls", Type: gauge, Labels: words("source"), Help: "API calls per day that the account may make, by where the number comes from: header (the console reports it), configured (--quota.limit), estimated (the live assets of the account, on runZero's own consoles). Absent without a limit."},
			{Name: "runzero_exporter_budget_calls", Type: gauge, Help: "API calls per day that this exporter may make: --quota.share of the limit. Absent without a limit."},
			{Name: "runzero_exporter_demand_calls", Type: gauge, Help: "API calls per day that polling at the configured intervals would need."},
			{Name: "runzero_exporter_spent_calls", Type: gauge, Help: "API calls that this exporter has made since the quota was last reset, at most those of the last 24 hours."},
			{Name: "runzero_exporter_interval_stretch_ratio", Type: gauge, Help: "Largest ratio of a polling interval in force to the configured one: intervals are lengthened so that the budget lasts until the quota resets. 1 if all are as configured."},
		}},
		{Store, true, Stable, []Metric{
			{Name: "runzero_exporter_store_success", Type: gauge, Help: "1 if results can be saved to --cache.dir, 0 while writing fails or another exporter uses the folder. Absent without --cache.dir."},
		}},
		{Replica, true, Stable, []Metric{
			{Name: "runzero_exporter_leader", Type: gauge, Help: "1 if this replica leads, which means that it alone polls, 0 if it follows another or cannot reach --cache.url. Absent without --cache.url."},
			{Name: "runzero_exporter_store_up", Type: gauge, Help: "1 if the last access to --cache.url succeeded, 0 if it failed: nothing is polled then, and the last good data stays. Absent without --cache.url."},
			{Name: "runzero_exporter_store_synced_timestamp_seconds", Type: gauge, Help: "When this replica last had everything that is in --cache.url. Absent before, and without --cache.url."},
		}},
		{Config, true, Stable, []Metric{
			{Name: "runzero_exporter_config_last_reload_successful", Type: gauge, Help: "1 if the last attempt to load the configuration succeeded, 0 if it failed and the previous configuration is still in force."},
			{Name: "runzero_exporter_config_last_reload_success_timestamp_seconds", Type: gauge, Help: "When the configuration in force was loaded."},
		}},
	}
	var all []Metric
	for _, group := range table {
		for _, m := range group.metrics {
			m.Collectors, m.Live, m.Stability = words(group.collectors), group.live, cmp.Or(m.Stability, group.stability)
			all = append(all, m)
		}
	}
	return all
}
