package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The committed dashboards are those that the generator makes.
func TestDashboardsAreGenerated(t *testing.T) {
	const folder = "../../dashboards"
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	committed, err := filepath.Glob(folder + "/*.json")
	if err != nil || len(committed) != len(files) {
		t.Errorf("%s has the dashboards %v, but %d are generated", folder, committed, len(files))
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s/%s is outdated (%v); to update it: make dashboards", folder, name, err)
		}
		if !bytes.Equal(want, again[name]) {
			t.Errorf("%s is generated otherwise the second time", name)
		}
	}
}

func TestQueriesKeepAccountsApart(t *testing.T) {
	const filters = `{account_name=~"$account_name",job=~"$job",org_name=~"$org_name"}`
	for _, test := range []struct{ text, want string }{
		{`max by (org_name) (runzero_sites)`, `max by (cluster, namespace, job, account_name, org_name) (runzero_sites` + filters + `)`},
		{`max by () (runzero_sites)`, `max by (cluster, namespace, job, account_name) (runzero_sites` + filters + `)`},
		{`topk(3, max by () (runzero_sites))`, `topk(3, max by (cluster, namespace, job, account_name) (runzero_sites` + filters + `))`},
		{`max by (instance) (rate(process_cpu_seconds_total[$__rate_interval]))`, `max by (cluster, namespace, job, instance) (rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval]))`},
		{
			`max by (instance) (up and on (instance) runzero_sites)`,
			`max by (cluster, namespace, job, instance) (up{job=~"$job"} and on (cluster, namespace, job, instance) runzero_sites` + filters + `)`,
		},
	} {
		g := &generator{series: catalogue()}
		if got := g.each(test.text).expr; got != test.want || len(g.problems) > 0 {
			t.Errorf("%s becomes\n%s, want\n%s\n%v", test.text, got, test.want, g.problems)
		}
	}
}

func TestMistakesInQueriesAreFound(t *testing.T) {
	for text, want := range map[string]string{
		`max by (org_name) (runzero_cites)`:                 "the catalogue has no runzero_cites",
		`max by (org) (runzero_sites)`:                      "nothing in it has the labels [org]",
		`max by (org_name) (runzero_sites{site_name="HQ"})`: "runzero_sites has no label site_name",
		`runzero_sites`:                                       "runzero_sites is not aggregated",
		`max without (instance) (runzero_sites)`:              "use by",
		`max by (org_name) (runzero_sites`:                    "unclosed left parenthesis",
		`max by (org_name) (runzero_sites) / on (org_name) x`: "the catalogue has no x",
	} {
		g := &generator{series: catalogue()}
		g.each(text)
		found := ""
		for _, problem := range g.problems {
			found += problem.Error()
		}
		if !strings.Contains(found, want) {
			t.Errorf("%s: %q, want %q", text, found, want)
		}
	}
}

func TestUnitsComeFromNames(t *testing.T) {
	for text, want := range map[string]string{
		`max by (org_name) (runzero_sites)`:                                                            number,
		`max by () (runzero_scan_age_seconds)`:                                                         seconds,
		`time() - max by () (runzero_scan_last_attempt_timestamp_seconds)`:                             seconds,
		`max by () (runzero_scan_age_seconds) / max by () (runzero_scan_max_age_seconds)`:              share,
		`1 - max by () (runzero_api_usage_remaining) / max by () (runzero_api_usage_limit)`:            share,
		`count by () (max by (org_name) (runzero_scan_age_seconds))`:                                   number,
		`max by () (runzero_scan_age_seconds > bool 3)`:                                                number,
		`max by (instance) (process_resident_memory_bytes)`:                                            octets,
		`sum by () (increase(runzero_api_response_bytes_total[1d]))`:                                   octets,
		`max by (instance) (rate(process_cpu_seconds_total[1h]))`:                                      share,
		`max by () (runzero_exporter_interval_stretch_ratio)`:                                          factor,
		`max by () (account:runzero_sites_overdue:ratio_avg28d)`:                                       share,
		`max by (org_name) (runzero_asset_last_seen_age_seconds_bucket)`:                               number,
		`histogram_quantile(0.9, sum by (le) (rate(runzero_api_request_duration_seconds_bucket[6h])))`: seconds,
	} {
		g := &generator{series: catalogue()}
		if got := g.each(text).unit; got != want {
			t.Errorf("the unit of %s is %q, want %q %v", text, got, want, g.problems)
		}
	}
}
