package shipped_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		expr, labels string
		finding      string // empty: none
	}{
		// What labels a result may have.
		{expr: `runzero_sites`, labels: "account_name instance job org_name"},
		{expr: `up`, labels: "instance job"},
		{expr: `1 + 1`},
		{expr: `vector(0)`},
		{expr: `time() - runzero_sites`, labels: "account_name instance job org_name"},
		{expr: `runzero_sites > bool 3`, labels: "account_name instance job org_name"},
		{expr: `-(runzero_sites{org_name=""})`, labels: "account_name instance job"},
		{expr: `max by (org_name) (runzero_sites)`, labels: "org_name"},
		{expr: `max without (instance, job) (runzero_sites)`, labels: "account_name org_name"},
		{expr: `topk by (org_name) (1, runzero_sites)`, labels: "account_name instance job org_name"},
		{expr: `count_values("version", max by (org_name) (runzero_sites))`, labels: "version"},
		{expr: `max_over_time(max by (job) (runzero_sites)[1h:5m])`, labels: "job"},
		{expr: `max by (job) (runzero_sites) or max by (org_name) (runzero_sites)`, labels: "job org_name"},
		{expr: `max by (job) (runzero_sites) and on (job) up`, labels: "job"},
		{expr: `max by (job, org_name) (runzero_sites) / on (job) group_left () max by (job) (up)`, labels: "job org_name"},
		{expr: `max by (job) (up) * on (job) group_right () runzero_sites`, labels: "account_name instance job org_name"},
		{expr: `max by (job, instance) (runzero_sites) * on (job, instance) group_left (version) runzero_exporter_build_info`, labels: "instance job version"},
		{expr: `absent(runzero_sites{job="runzero",org_name=~"A"})`, labels: "job"},
		{expr: `absent(max by (job) (runzero_sites{job="runzero"}))`},
		{expr: `absent_over_time(runzero_api_requests_total{job="runzero"}[1h])`, labels: "job"},
		{expr: `scalar(max(runzero_sites))`},
		{expr: `label_replace(max by (job) (up), "to", "$1", "job", "(.*)")`, labels: "job to"},
		{expr: `label_join(max by (job) (up), "to", "", "job", "")`, labels: "job to"},
		{
			expr:   `histogram_quantile(0.9, sum by (le, endpoint) (rate(runzero_api_request_duration_seconds_bucket[5m])))`,
			labels: "endpoint",
		},
		{expr: `histogram_quantile(0.9, sum by (endpoint) (rate(runzero_api_request_duration_seconds[5m])))`, labels: "endpoint"},
		{expr: `max by (org_name, os) (runzero_assets)`, labels: "org_name os"},
		{
			expr:   `runzero_asset_last_seen_age_seconds_bucket{le="86400"} / ignoring (le) runzero_asset_last_seen_age_seconds_count`,
			labels: "account_name instance job org_name",
		},

		// What is never right.
		{expr: `sum(runzero_sites`, finding: "is no PromQL"},
		{expr: `runzero_cites`, finding: `there is no series "runzero_cites"`},
		{expr: `{job="runzero"}`, finding: `there is no series ""`},
		{expr: `runzero_sites_bucket`, finding: "there is no series"},
		{expr: `runzero_sites{site_name="HQ"}`, finding: "runzero_sites has no label site_name"},
		{expr: `runzero_sites{org_name=".*"}`, finding: "use =~"},
		{expr: `max by (site_name) (runzero_sites)`, finding: "max by labels that what it is given does not have: site_name"},
		{expr: `max without (site_name) (runzero_sites)`, finding: "does not have: site_name"},
		{expr: `sum(max by (org_name) (runzero_sites{org_name=""}))`, finding: "does not have: org_name"},
		{expr: `runzero_api_requests_total > 3`, finding: "is a counter: ask for its rate or increase"},
		{expr: `sum(rate(sum(runzero_api_requests_total)[5m:]))`, finding: "is a counter"},
		{expr: `deriv(runzero_api_requests_total[1h])`, finding: "is a counter"},
		{expr: `runzero_api_request_duration_seconds_count`, finding: "is a counter"},
		{expr: `rate(runzero_sites[5m])`, finding: "is no counter"},
		{expr: `increase(runzero_asset_last_seen_age_seconds_count[1d])`, finding: "is no counter"},
		{expr: `runzero_scan_age_seconds > runzero_sites`, finding: "> never matches: only its left side has site_name"},
		{expr: `runzero_sites and runzero_scan_age_seconds`, finding: "and never matches: only its right side has site_name"},
		{expr: `up == 1 unless runzero_up == 1`, finding: "unless never matches: only its right side has account_name"},
		{expr: `runzero_sites * vector(2)`, finding: "* never matches"},
		{expr: `runzero_scan_age_seconds and on (site_name) runzero_sites`, finding: "and on (site_name) matches on labels that its right side does not have"},
		{expr: `runzero_sites unless on (site_name) runzero_scan_age_seconds`, finding: "that its left side does not have: site_name"},
		{expr: `runzero_scan_age_seconds / ignoring (site_name) runzero_sites`, finding: "/ ignoring (site_name) may find several series on its left side"},
		{expr: `runzero_sites / on (job, instance, account_name) runzero_up`, finding: "several series on its left side, which differ in org_name"},
		{
			expr:    `max by (org_name) (runzero_sites) / on (org_name) runzero_sites`,
			finding: "several series on its right side, which differ in account_name, instance, job",
		},
		{
			expr:    `runzero_scan_age_seconds - on (job, org_name) group_left () max by (job, org_name, collector) (runzero_collector_success)`,
			finding: "several series on its right side, which differ in collector",
		},
		{
			expr:   `max by (job, site_name) (runzero_scan_age_seconds) - on (job) group_left () max by (job) (runzero_collector_success{collector="tasks"})`,
			labels: "job site_name",
		},
		{
			expr:   `max by (job) (up) / on (job) group_right () topk by (job) (1, runzero_sites)`,
			labels: "account_name instance job org_name",
		},
		{
			expr:    `runzero_sites * on (job, instance) group_left (branches) runzero_exporter_build_info`,
			finding: "takes labels from its right side that are not there: branches",
		},
		{
			expr:    `max by (job, site_name) (runzero_scan_age_seconds) * on (job, site_name) group_left (site_id) max by (job, site_name) (runzero_site_info)`,
			finding: "takes labels from its right side that are not there: site_id",
		},
		{
			expr:   `runzero_scan_age_seconds * on (job, instance, account_name, org_name, site_name) group_left (site_id) runzero_site_info`,
			labels: "account_name instance job org_name site_id site_name",
		},
		// What one exporter says of a site, two may say differently for a while.
		{
			expr:    `max by (job, site_name) (runzero_scan_age_seconds) * on (job, site_name) group_left (site_id) max by (job, site_name, site_id) (runzero_site_info)`,
			finding: "several series on its right side, which differ in site_id",
		},
		{expr: `label_replace(up, "to", "$1", "from", "(.*)")`, finding: "label_replace reads a label that what it is given does not have: from"},
		{expr: `clamp_min(up, scalar(runzero_cites))`, finding: `there is no series "runzero_cites"`},
		{expr: `topk(scalar(runzero_cites), up)`, finding: `there is no series "runzero_cites"`},
		{expr: `sum by (org_name) (runzero_sites)`, finding: "sum counts what several exporters say alike"},
		{expr: `count(runzero_sites or up)`, finding: "count counts what several exporters say alike"},
		{expr: `sum by (instance) (runzero_sites)`, labels: "instance"},
		{expr: `sum by (job) (runzero_exporter_spent_calls)`, labels: "job"},
	} {
		q := shipped.Reading{Families: shipped.Exported(), Replicas: true}.Read(test.expr)
		switch {
		case test.finding != "" && !slices.ContainsFunc(q.Findings, func(f string) bool { return strings.Contains(f, test.finding) }):
			t.Errorf("%s: found %q, not %q", test.expr, q.Findings, test.finding)
		case test.finding == "" && len(q.Findings) > 0:
			t.Errorf("%s: found %q", test.expr, q.Findings)
		}
		if got := strings.ReplaceAll(q.Labels.String(), ",", ""); test.finding == "" && got != test.labels {
			t.Errorf("%s: may have the labels %s, not %s", test.expr, got, test.labels)
		}
	}
}

// Queries for people may be simpler than those that have to be right with replicas.
func TestReadForPeople(t *testing.T) {
	for _, expr := range []string{
		`sum(runzero_sites)`,
		`runzero_scan_age_seconds > on (org_name, site_name) runzero_scan_max_age_seconds`,
	} {
		if q := (shipped.Reading{Families: shipped.Exported()}).Read(expr); len(q.Findings) > 0 {
			t.Errorf("%s: found %q", expr, q.Findings)
		}
	}
}
