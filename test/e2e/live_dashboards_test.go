//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// panel is a panel, or a row of panels.
type panel struct {
	Title   string
	Panels  []panel
	Targets []struct {
		Expr, RefID string
		Instant     bool
	}
}

// withoutData are parts of the queries that may have no data for this account, and why.
func withoutData() map[string]string {
	const (
		file     = "only a configuration file can configure it"
		known    = "the console reports no value that the exporter does not know"
		replicas = "only replicas have it, which share --cache.url"
	)
	return map[string]string{
		"runzero_api_credential_expiration_timestamp_seconds": file,
		"runzero_query_results":                               file,
		"runzero_discovery_targets":                           file,
		"type:runzero_discovery_assets:min":                   file,
		`risk=~"unknown|other"`:                               known,
		`criticality=~"unknown|other"`:                        known,
		"runzero_api_usage_exhaustion_timestamp_seconds":      "only while the calls are running out",
		"runzero_scan_running_start_timestamp_seconds":        "only while a scan runs",
		`code!~"2.."`: "only when requests fail",
		`runzero_exporter_store_up{job=~"$job"} * (runzero_exporter_leader`: replicas,
		"runzero_exporter_store_synced_timestamp_seconds":                   replicas,
	}
}

// dashboards sends the query of every panel, over the dashboard's own range.
func (l *live) dashboards(t *testing.T) {
	files, err := filepath.Glob("../../dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no dashboards: %v", err)
	}
	// What no history has appears when the exporter has been scraped twice.
	l.prometheus.by("", "rate(process_cpu_seconds_total[1h])")
	unused := withoutData()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct {
			Panels []panel
			Time   struct{ From string }
		}
		decode(t, text, &dashboard)
		queries := 0
		var visit func(panels []panel)
		visit = func(panels []panel) {
			for _, p := range panels {
				visit(p.Panels)
				for _, target := range p.Targets {
					queries++
					name := filepath.Base(file) + " / " + p.Title + " / " + target.RefID
					n, err := l.query(target.Expr, target.Instant, strings.TrimPrefix(dashboard.Time.From, "now-"))
					mayBeEmpty := false
					for part := range withoutData() {
						if strings.Contains(target.Expr, part) {
							mayBeEmpty = true
							delete(unused, part)
						}
					}
					if err != nil {
						t.Errorf("%s: %v", name, err)
					} else if n == 0 && !mayBeEmpty {
						t.Errorf("%s has no data: %s", name, target.Expr)
					}
				}
			}
		}
		visit(dashboard.Panels)
		if queries == 0 {
			t.Errorf("%s has no query", file)
		}
	}
	for part := range unused {
		t.Errorf("no panel queries %s", part)
	}
}

// query returns how many series a panel's query has: now, or over the range.
func (l *live) query(expr string, instant bool, length string) (int, error) {
	// As Grafana does it, with "All" selected for each variable.
	for variable, value := range map[string]string{"job": "runzero", "account_name": ".*", "org_name": ".*", "site_name": ".*", "__rate_interval": "1h"} {
		expr = strings.ReplaceAll(expr, "$"+variable, value)
	}
	if regexp.MustCompile(`\$[a-z_{]`).MatchString(expr) { // $1 is a group of label_replace
		return 0, fmt.Errorf("unknown variable in %s", expr)
	}
	values := url.Values{"query": {expr}}
	path := "/api/v1/query?"
	if !instant {
		var days int
		if _, err := fmt.Sscanf(length, "%dd", &days); err != nil {
			return 0, fmt.Errorf("the range %s: %w", length, err)
		}
		end, length := time.Now(), time.Duration(days)*24*time.Hour
		values.Set("start", fmt.Sprint(end.Add(-length).Unix()))
		values.Set("end", fmt.Sprint(end.Unix()))
		values.Set("step", fmt.Sprint(int(length.Seconds()/300)))
		path = "/api/v1/query_range?"
	}
	r, err := send(client, http.MethodGet, l.prometheus.url+path+values.Encode())
	if err != nil {
		return 0, err
	}
	var result struct {
		Error string
		Data  struct{ Result []json.RawMessage }
	}
	decode(l.t, r.body, &result)
	if r.code != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", expr, result.Error)
	}
	return len(result.Data.Result), nil
}
