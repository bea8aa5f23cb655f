package simulate

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// recorded are the series that alerts compare with the past, as alerts/runzero.rules.yml records them of one exporter.
// Without them, such an alert could not fire before the rules have recorded for a day or a week.
func recorded() []recording {
	critical := selector{"runzero_assets_by_risk", "risk", "critical"}
	support, ended := selector{family: "runzero_assets_by_os_support"}, selector{"runzero_assets_by_os_support", "support", "ended"}
	return []recording{
		{"site:runzero_assets_recent:max", sum("account_name org_name site_name", selector{"runzero_site_assets", "state", "recent"})},
		{"org:runzero_assets_critical:sum", sum("account_name org_name", critical)},
		{"org:runzero_assets_os_ended:sum", sum("account_name org_name", ended)},
		{"org:runzero_assets_os_ended:ratio", ratio("account_name org_name", ended, support)},
		{"org:runzero_assets_new:sum1d", sum("account_name org_name", selector{"runzero_asset_first_seen_age_seconds", "le", "86400"})},
		{"account:runzero_license_assets:ratio", ratio("account_name", selector{family: "runzero_license_assets"}, selector{family: "runzero_license_assets_limit"})},
		{"account:runzero_api_usage_remaining:latest", sum("account_name", selector{family: "runzero_api_usage_remaining"})},
		{"account:runzero_sites_overdue:ratio", overdue},
	}
}

// recording computes a recorded series from one scrape.
type recording struct {
	name string
	eval func(scrape) vector
}

// scrape holds families by name.
type scrape map[string]*dto.MetricFamily

// vector holds values by their labels, which are written as in the exposition, each after a comma.
type vector map[string]float64

// selector selects the samples of a family with a value of a label; without a label, all.
type selector struct{ family, label, value string }

// sum adds the selected samples up by labels.
func sum(by string, s selector) func(scrape) vector {
	labels := strings.Fields(by)
	return func(families scrape) vector {
		v := vector{}
		f := families[s.family]
		for _, m := range f.GetMetric() {
			key, selected := "", s.label == ""
			for _, l := range m.GetLabel() {
				if slices.Contains(labels, l.GetName()) {
					key += "," + l.GetName() + "=" + labelValue(l.GetValue())
				}
				selected = selected || l.GetName() == s.label && l.GetValue() == s.value
			}
			for _, sample := range samples(f, m) {
				if selected || s.label == "le" && sample.le == s.value {
					v[key] += sample.value
				}
			}
		}
		return v
	}
}

// ratio divides a sum by another. What would be divided by 0 is left out.
func ratio(by string, s, of selector) func(scrape) vector {
	return func(families scrape) vector {
		v := vector{}
		parts := sum(by, s)(families)
		for key, total := range sum(by, of)(families) {
			if part, ok := parts[key]; ok && total != 0 {
				v[key] = part / total
			}
		}
		return v
	}
}

// overdue is the share of the sites whose last good scan was older, at the last poll, than it may be.
func overdue(families scrape) vector {
	polled := sum("account_name org_name", selector{"runzero_collector_last_success_timestamp_seconds", "collector", "tasks"})(families)
	limits := sum("account_name org_name site_name", selector{family: "runzero_scan_max_age_seconds"})(families)
	late, all := vector{}, vector{}
	for site, scanned := range sum("account_name org_name site_name", selector{family: "runzero_scan_last_success_timestamp_seconds"})(families) {
		organization, _, _ := strings.Cut(site, `,site_name="`)
		account, _, _ := strings.Cut(site, `,org_name="`)
		poll, ok := polled[organization]
		if !ok {
			continue
		}
		all[account]++
		if limit, ok := limits[site]; ok && poll-scanned > limit {
			late[account]++
		}
	}
	for account, n := range all {
		all[account] = late[account] / n
	}
	return all
}
