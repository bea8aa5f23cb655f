package replay

import (
	"slices"
	"time"
)

const maxAge = day // --cache.max-age

// scrape returns the response to a scrape and up, which Prometheus adds.
func (e *exporter) scrape(now time.Time) []sample {
	if e.removed {
		return nil // all that it had is stale
	}
	up := e.metric(boolean(e.running(now) && !e.hidden), "up")
	if !e.running(now) || e.hidden {
		return []sample{up}
	}
	all := []sample{
		up,
		e.metric(1, "runzero_exporter_build_info", "version", "1"),
		e.metric(seconds(e.started), "process_start_time_seconds"),
		e.metric(boolean(!e.invalid), "runzero_exporter_config_last_reload_successful"),
		e.metric(seconds(e.configured), "runzero_exporter_config_last_reload_success_timestamp_seconds"),
		e.of(boolean(e.connected), "runzero_up"),
		e.of(e.console.limit, "runzero_api_usage_limit", "credential", "default"),
		e.of(e.left, "runzero_api_usage_remaining", "credential", "default"),
		e.of(seconds(now.Truncate(day).Add(day)), "runzero_api_usage_reset_timestamp_seconds"),
		e.of(e.console.limit, "runzero_exporter_quota_limit_calls", "source", "header"),
		e.of(e.share*e.console.limit, "runzero_exporter_budget_calls"),
		e.of(e.spent, "runzero_exporter_spent_calls"),
		e.of(1, "runzero_exporter_interval_stretch_ratio"),
		e.of(seconds(monday.Add(300*day)), "runzero_api_credential_expiration_timestamp_seconds", "credential", "default"),
		e.of(boolean(e.rejected && !e.connected), "runzero_api_paused", "reason", "auth"),
	}
	if e.store != nil {
		all = append(all, e.metric(boolean(e.leads), "runzero_exporter_leader"), e.metric(boolean(e.reaches()), "runzero_exporter_store_up"))
	} else {
		all = append(all, e.metric(1, "runzero_exporter_store_success"))
	}
	for _, reason := range []string{"quota", "reserve", "rate_limit"} {
		all = append(all, e.of(boolean(e.paused == reason), "runzero_api_paused", "reason", reason))
	}
	if at := e.exhaustion(now); !at.IsZero() {
		all = append(all, e.of(seconds(at), "runzero_api_usage_exhaustion_timestamp_seconds"))
	}
	for j, s := range e.jobs {
		pairs := []string{"collector", j.collector, "org_name", j.org}
		all = append(all,
			e.of(boolean(!s.failed && !s.success.IsZero()), "runzero_collector_success", pairs...),
			e.of(boolean(j.collector != e.unsupported), "runzero_collector_supported", pairs...),
			e.of(float64(s.failures), "runzero_collector_consecutive_failures", pairs...),
			e.of(s.interval.Seconds(), "runzero_collector_interval_seconds", pairs...))
		if !s.attempt.IsZero() {
			all = append(all, e.of(seconds(s.attempt), "runzero_collector_last_attempt_timestamp_seconds", pairs...))
		}
		if !s.success.IsZero() {
			all = append(all, e.of(seconds(s.success), "runzero_collector_last_success_timestamp_seconds", pairs...))
		}
		if now.Sub(s.success) < maxAge {
			all = append(all, s.samples...)
		}
	}
	return all
}

// exhaustion is when the calls run out at the rate of the last three hours, zero if they last until the reset.
func (e *exporter) exhaustion(now time.Time) time.Time {
	if e.left <= 0 {
		return now
	}
	first, last := e.readings[0], e.readings[len(e.readings)-1]
	hours := last.at.Sub(first.at).Hours()
	if hours < 0.25 || first.left <= last.left {
		return time.Time{}
	}
	at := now.Add(time.Duration(last.left / (first.left - last.left) * hours * float64(time.Hour)))
	if at.After(now.Truncate(day).Add(day)) {
		return time.Time{}
	}
	return at
}

// collect returns the result of a poll.
func (e *exporter) collect(j job, now time.Time) []sample {
	switch j.collector {
	case "discovery":
		e.discover(now)
	case "organizations":
		return e.collectOrganizations()
	case "console":
		return []sample{e.of(1, "runzero_console_healthy")}
	case "license":
		return e.collectLicense(now)
	case "sites":
		return e.collectSites(now)
	case "explorers":
		return e.collectExplorers()
	case "tasks":
		return e.collectTasks(j.org)
	case "assets":
		return e.collectAssets(j.org)
	}
	return nil
}

// discover finds the organizations. One that is missing twice is forgotten.
func (e *exporter) discover(now time.Time) {
	present := map[string]bool{}
	for _, o := range e.console.organizations {
		if o.name != e.excluded {
			present[o.name] = true
			e.organizations[o.name] = time.Time{}
		}
	}
	for name, since := range e.organizations {
		switch {
		case present[name]:
		case since.IsZero():
			e.organizations[name] = now
		default:
			delete(e.organizations, name)
		}
	}
}

func (e *exporter) collectOrganizations() []sample {
	missing := 0
	var all []sample
	for name, since := range e.organizations {
		all = append(all, e.of(1, "runzero_organization_info", "org_name", name, "organization_id", "id of "+name))
		if !since.IsZero() {
			missing++
		}
	}
	return append(all, e.of(float64(missing), "runzero_organizations_missing"))
}

func (e *exporter) collectLicense(now time.Time) []sample {
	share := 0.9 // of the assets that are live
	if now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		share = 0.5
	}
	live := 0.0
	for _, o := range e.console.organizations {
		for _, s := range o.sites {
			live += share * s.assets
		}
	}
	return []sample{
		e.of(live, "runzero_license_assets", "kind", "live"),
		e.of(e.console.licensed, "runzero_license_assets_limit"),
		e.of(seconds(e.console.expires), "runzero_license_expiration_timestamp_seconds"),
	}
}

// collectSites exports the sites. One that is missing twice is forgotten.
func (e *exporter) collectSites(now time.Time) []sample {
	present := map[*site]bool{}
	for _, o := range e.console.organizations {
		for _, s := range o.sites {
			present[s] = true
			if _, polled := e.organizations[o.name]; polled {
				e.sites[s] = time.Time{}
			}
		}
	}
	missing, count := map[string]int{}, map[string]int{}
	for s, since := range e.sites {
		switch {
		case present[s]:
		case since.IsZero():
			e.sites[s] = now
		default:
			delete(e.sites, s)
		}
	}
	var all []sample
	for s, since := range e.sites {
		count[s.org]++
		if !since.IsZero() {
			missing[s.org]++
		}
		pairs := []string{"org_name", s.org, "site_name", s.name}
		all = append(all,
			e.of(1, "runzero_site_info", append(pairs, "site_id", s.id)...),
			e.of(s.assets, "runzero_site_assets", append(pairs, "state", "all")...),
			e.of(s.recent(), "runzero_site_assets", append(pairs, "state", "recent")...))
	}
	for org := range e.organizations {
		all = append(all,
			e.of(float64(count[org]), "runzero_sites", "org_name", org),
			e.of(float64(missing[org]), "runzero_sites_missing", "org_name", org))
	}
	return all
}

func (e *exporter) collectExplorers() []sample {
	var all []sample
	connected, disconnected := map[string]int{}, map[string]int{}
	for _, x := range e.console.explorers {
		if _, polled := e.organizations[x.org]; !polled {
			continue
		}
		if connected[x.org]++; x.away {
			connected[x.org]--
			disconnected[x.org]++
		}
		pairs := []string{"org_name", x.org, "explorer", x.name}
		all = append(all,
			e.of(boolean(!x.away), "runzero_explorer_connected", pairs...),
			e.of(seconds(x.checkin), "runzero_explorer_last_checkin_timestamp_seconds", pairs...),
			e.of(1, "runzero_explorer_info", append(pairs, "site_name", x.site)...))
	}
	for org := range e.organizations {
		all = append(all,
			e.of(float64(connected[org]), "runzero_explorers", "org_name", org, "status", "connected"),
			e.of(float64(disconnected[org]), "runzero_explorers", "org_name", org, "status", "disconnected"))
	}
	return all
}

func (e *exporter) collectTasks(org string) []sample {
	var all []sample
	timestamp := func(at time.Time, name string, pairs ...string) {
		if !at.IsZero() {
			all = append(all, e.of(seconds(at), name, pairs...))
		}
	}
	for s := range e.sites {
		if s.org != org {
			continue
		}
		pairs := []string{"org_name", org, "site_name", s.name}
		all = append(all, e.of(s.limit().Seconds(), "runzero_scan_max_age_seconds", pairs...))
		if a := e.jobs[job{org, "assets"}]; s.attempt.After(a.attempt) {
			a.next = time.Time{}
		}
		timestamp(s.success, "runzero_scan_last_success_timestamp_seconds", pairs...)
		timestamp(s.running, "runzero_scan_running_start_timestamp_seconds", pairs...)
		if !s.attempt.IsZero() {
			timestamp(s.attempt, "runzero_scan_last_attempt_timestamp_seconds", pairs...)
			all = append(all,
				e.of(boolean(s.failures == 0), "runzero_scan_last_success", pairs...),
				e.of(float64(s.failures), "runzero_scan_consecutive_failures", pairs...),
				e.of(s.takes.Seconds(), "runzero_scan_last_duration_seconds", pairs...))
		}
		for _, r := range s.schedules {
			of := append(slices.Clone(pairs), "schedule", r.name)
			all = append(all,
				e.of(1, "runzero_scan_schedule_info", append(of, "frequency", r.frequency)...),
				e.of(r.grace.Seconds(), "runzero_scan_schedule_grace_seconds", of...),
				e.of(boolean(r.paused), "runzero_scan_schedule_paused", of...),
				e.of(boolean(r.failing), "runzero_scan_schedule_failing", of...))
			timestamp(r.last, "runzero_scan_schedule_last_run_timestamp_seconds", of...)
			if !r.paused {
				timestamp(r.next, "runzero_scan_schedule_next_run_timestamp_seconds", of...)
			}
		}
	}
	for _, o := range e.console.organizations {
		if o.name != org {
			continue
		}
		for _, i := range o.integrations {
			pairs := []string{"org_name", org, "integration", i.name}
			timestamp(i.success, "runzero_integration_last_success_timestamp_seconds", pairs...)
			all = append(all,
				e.of(boolean(!i.failing), "runzero_integration_last_success", pairs...),
				e.of((i.every+i.grace).Seconds(), "runzero_integration_max_age_seconds", pairs...))
		}
	}
	return all
}

func (e *exporter) collectAssets(org string) []sample {
	var all []sample
	var total, recent, fresh float64
	for _, o := range e.console.organizations {
		if o.name != org {
			continue
		}
		all = append(all, e.of(o.expired, "runzero_certificates", "org_name", org, "certificate_type", "x509", "state", "expired"))
		for _, s := range o.sites {
			total, recent, fresh = total+s.assets, recent+s.recent(), fresh+s.fresh
			pairs := []string{"org_name", org, "site_name", s.name}
			all = append(all,
				e.of(s.critical, "runzero_assets_by_risk", append(pairs, "risk", "critical")...),
				e.of(s.assets-s.critical, "runzero_assets_by_risk", append(pairs, "risk", "low")...),
				e.of(s.ended, "runzero_assets_by_os_support", append(pairs, "support", "ended")...),
				e.of(s.assets-s.ended, "runzero_assets_by_os_support", append(pairs, "support", "supported")...))
		}
	}
	histogram := func(name, le string, of float64) {
		all = append(all, e.of(of, name+"_bucket", "org_name", org, "le", le), e.of(total, name+"_bucket", "org_name", org, "le", "+Inf"),
			e.of(total, name+"_count", "org_name", org))
	}
	// Prometheus 3 stores the bucket 86400 of an exposition as 86400.0.
	histogram("runzero_asset_first_seen_age_seconds", "86400.0", fresh)
	histogram("runzero_asset_last_seen_age_seconds", "2.592e+06", recent)
	return all
}
