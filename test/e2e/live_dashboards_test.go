//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// panel is a panel, or a row of them.
type panel struct {
	Title   string
	Panels  []panel
	Targets []struct {
		Expr, RefID string
		Instant     bool
	}
}

// empty are the panels that have no data on this account, and why.
func empty() map[string]string {
	const (
		file  = "only a configuration file can say it"
		known = "the console says no value that the exporter does not know"
	)
	return map[string]string{
		"runzero-exporter.json / Credentials that expire / A":    file,
		"runzero-inventory.json / Results of custom queries / A": file,
		"runzero-inventory.json / Assets by risk / G":            known,
		"runzero-inventory.json / Assets by criticality / G":     known,
	}
}

// passing are the panels that have data only at times, and when.
func passing() map[string]string {
	return map[string]string{
		"runzero-exporter.json / Accounts / J":                   "while the calls are running out",
		"runzero-scans.json / Sites, the most overdue first / F": "while a scan runs",
	}
}

// dashboards asks what each panel asks, over the dashboard's own range.
func (l *live) dashboards(t *testing.T) {
	files, err := filepath.Glob("../../dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no dashboards: %v", err)
	}
	// What no history has: it is there when the exporter has been scraped twice.
	l.prometheus.by("", "rate(process_cpu_seconds_total[1h])")
	unused, unsure := empty(), passing()
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
		asked := 0
		var visit func(panels []panel)
		visit = func(panels []panel) {
			for _, p := range panels {
				visit(p.Panels)
				for _, target := range p.Targets {
					asked++
					name := filepath.Base(file) + " / " + p.Title + " / " + target.RefID
					n, err := l.panel(target.Expr, target.Instant, strings.TrimPrefix(dashboard.Time.From, "now-"))
					_, mayBeEmpty := unused[name]
					_, passes := unsure[name]
					switch {
					case err != nil:
						t.Errorf("%s: %v", name, err)
					case n == 0 && !mayBeEmpty && !passes:
						t.Errorf("%s has no data: %s", name, target.Expr)
					case n > 0 && mayBeEmpty:
						t.Errorf("%s has data", name)
					}
					delete(unused, name)
					delete(unsure, name)
				}
			}
		}
		visit(dashboard.Panels)
		if asked == 0 {
			t.Errorf("%s asks nothing", file)
		}
	}
	maps.Copy(unused, unsure)
	for name := range unused {
		t.Errorf("there is no %s", name)
	}
}

// panel is how many series a panel's query returns: at the end of the range, or over it.
func (l *live) panel(expr string, instant bool, length string) (int, error) {
	// As Grafana does, with all of each variable chosen.
	for variable, value := range map[string]string{"job": "runzero", "account_name": ".*", "org_name": ".*", "site_name": ".*", "__rate_interval": "1h"} {
		expr = strings.ReplaceAll(expr, "$"+variable, value)
	}
	if strings.Contains(expr, "$") {
		return 0, fmt.Errorf("a variable is left in %s", expr)
	}
	values := url.Values{"query": {expr}}
	path := "/api/v1/query?"
	if !instant {
		var days int
		if _, err := fmt.Sscanf(length, "%dd", &days); err != nil {
			return 0, fmt.Errorf("the range %s: %w", length, err)
		}
		end, whole := time.Now(), time.Duration(days)*24*time.Hour
		values.Set("start", fmt.Sprint(end.Add(-whole).Unix()))
		values.Set("end", fmt.Sprint(end.Unix()))
		values.Set("step", fmt.Sprint(int(whole.Seconds()/300)))
		path = "/api/v1/query_range?"
	}
	a, err := ask(client, http.MethodGet, l.prometheus.url+path+values.Encode())
	if err != nil {
		return 0, err
	}
	var answer struct {
		Error string
		Data  struct{ Result []json.RawMessage }
	}
	decode(l.t, a.body, &answer)
	if a.code != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", expr, answer.Error)
	}
	return len(answer.Data.Result), nil
}
