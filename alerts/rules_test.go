package alerts

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type rule struct {
	Record, Alert, Expr, For string
	KeepFiringFor            string `yaml:"keep_firing_for"`
	Labels, Annotations      map[string]string
}

type group struct {
	Name  string
	Rules []rule
}

// load decodes a YAML file. A field that into does not have is an error.
func load(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func ruleFiles() (names []string) {
	for _, f := range Files() {
		names = append(names, f.Name)
	}
	return names
}

func groups(t *testing.T, path string) []group {
	t.Helper()
	var file struct{ Groups []group }
	load(t, path, &file)
	return file.Groups
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, path := range ruleFiles() {
		for _, g := range groups(t, path) {
			all = append(all, g.Rules...)
		}
	}
	all = slices.DeleteFunc(all, func(r rule) bool { return r.Alert == "" })
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

func TestAlertsFollowConventions(t *testing.T) {
	name := regexp.MustCompile(`^RunZero([A-Z]+[a-z]+|API)+$`)
	templated := regexp.MustCompile(`\{\{ (\$labels\.\w+|\.) \}\}`)
	for _, a := range alerts(t) {
		dashboard := a.Annotations["dashboard_url"]
		for problem, found := range map[string]bool{
			"the name is not RunZero and capitalized words":        !name.MatchString(a.Alert),
			"the severity is not critical, warning or info":        !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]),
			"the team is not monitoring, network or security":      !slices.Contains([]string{"monitoring", "network", "security"}, a.Labels["team"]),
			"there is no duration: one bad scrape would fire it":   a.For == "",
			"a label is not severity, team or scope: account":      len(a.Labels) != 2 && (len(a.Labels) != 3 || a.Labels["scope"] != "account"),
			"there must be four annotations":                       len(a.Annotations) != 4,
			"there is no summary, or it is too long":               a.Annotations["summary"] == "" || len(a.Annotations["summary"]) > 130,
			"there is no description":                              a.Annotations["description"] == "",
			"there is no runbook":                                  a.Annotations["runbook_url"] == "",
			"the dashboard's URL is not /d/ and the dashboard":     !strings.HasPrefix(dashboard, "/d/"),
			"labels in the dashboard's URL must be piped urlquery": templated.MatchString(dashboard),
		} {
			if found {
				t.Errorf("%s %s: %s", a.Alert, a.Labels["severity"], problem)
			}
		}
	}
}

// The first group holds all recording rules, so that the alerts after it use fresh values.
func TestRecordingRulesFollowConventions(t *testing.T) {
	name := regexp.MustCompile(`^(instance|account|org|site|type|asset|explorer):runzero_[a-z_]+:[a-z0-9_]+$`)
	for _, path := range ruleFiles() {
		for i, g := range groups(t, path) {
			for _, r := range g.Rules {
				if r.Record != "" && !name.MatchString(r.Record) {
					t.Errorf("%s is not level:metric:operations", r.Record)
				}
				if (r.Record != "") != (i == 0) {
					t.Errorf("%s%s is in the wrong group, %s", r.Record, r.Alert, g.Name)
				}
			}
		}
	}
}

// Two jobs, clusters or namespaces never hide one another: whatever is aggregated or joined keeps these labels. What
// Prometheus discovers has others of its own, and is joined by what the exporter says of it.
func TestRulesKeepClusterNamespaceAndJob(t *testing.T) {
	clause := regexp.MustCompile(`\b(?:by|on) \([^)]*\)`)
	for _, path := range ruleFiles() {
		for _, g := range groups(t, path) {
			for _, r := range g.Rules {
				for _, found := range clause.FindAllString(r.Expr, -1) {
					ofTargets := path == DiscoveryRulesFile && strings.Contains(found, "(account_name, discovery")
					if !ofTargets && !strings.Contains(found, "(cluster, namespace, job") {
						t.Errorf("%s%s: %s", r.Record, r.Alert, found)
					}
				}
				if strings.Contains(r.Expr, "without (") || strings.Contains(r.Expr, "ignoring (") {
					t.Errorf("%s%s: say by or on", r.Record, r.Alert)
				}
			}
		}
	}
}

func TestEveryAlertIsTestedFiringAndSilent(t *testing.T) {
	files, err := filepath.Glob("*_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Rules []string `yaml:"rule_files"`
			Order []string `yaml:"group_eval_order"`
			Tests []struct {
				PromQL []struct {
					Expr    string
					Samples []any `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			}
		}
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		// Without an order, promtool evaluates the groups in any.
		var order []string
		for _, rules := range file.Rules {
			for _, g := range groups(t, rules) {
				order = append(order, g.Name)
			}
		}
		if !slices.Equal(file.Order, order) {
			t.Errorf("%s: group_eval_order is %v, want %v", path, file.Order, order)
		}
		for _, test := range file.Tests {
			for _, query := range test.PromQL {
				match := regexp.MustCompile(`alertname=~?"([^"]*)"`).FindStringSubmatch(query.Expr)
				if match == nil {
					continue
				}
				for name := range strings.SplitSeq(match[1], "|") {
					fires[name] = fires[name] || len(query.Samples) > 0
					silent[name] = silent[name] || len(query.Samples) == 0
				}
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !silent[a.Alert] {
			t.Errorf("%s: tested firing: %t, tested silent: %t", a.Alert, fires[a.Alert], silent[a.Alert])
		}
	}
}
