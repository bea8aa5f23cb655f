package alerts

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const rulesFile = "runzero.rules.yml"

// rule is one of a rules file, be it an alert or a record.
type rule struct {
	Record, Alert, Expr, For string
	KeepFiringFor            string `yaml:"keep_firing_for"`
	Labels, Annotations      map[string]string
}

type group struct {
	Name  string
	Rules []rule
}

// load reads a YAML file, which must have nothing that into has not.
func load(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func groups(t *testing.T) []group {
	t.Helper()
	var file struct{ Groups []group }
	load(t, rulesFile, &file)
	return file.Groups
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, g := range groups(t) {
		for _, r := range g.Rules {
			if r.Alert != "" {
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

func TestEveryAlertSaysWhatPeopleNeed(t *testing.T) {
	const runbooks = "https://github.com/runzero-exporter/runzero_exporter/blob/main/docs/runbooks.md#"
	dashboard := regexp.MustCompile(`^/d/runzero-(inventory|scans|exporter)(\?var-|$)`)
	for _, a := range alerts(t) {
		name := a.Alert + " " + a.Labels["severity"]
		if !regexp.MustCompile(`^RunZero([A-Z]+[a-z]+|API)+$`).MatchString(a.Alert) {
			t.Errorf("%s: the name is not RunZero and more words in capitals", name)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s: the severity is none", name)
		}
		if !slices.Contains([]string{"monitoring", "network", "security"}, a.Labels["team"]) {
			t.Errorf("%s: the team is none", name)
		}
		if len(a.Labels) != 2 || len(a.Annotations) != 4 {
			t.Errorf("%s: labels are %v and annotations %v", name, a.Labels, a.Annotations)
		}
		if a.For == "" {
			t.Errorf("%s fires at once", name)
		}
		if summary := a.Annotations["summary"]; !strings.HasSuffix(summary, ".") || len(summary) > 130 {
			t.Errorf("%s: the summary %q is not one short sentence", name, summary)
		}
		if description := a.Annotations["description"]; !regexp.MustCompile(`(\.|\}\})$`).MatchString(description) {
			t.Errorf("%s: the description %q is no sentence", name, description)
		}
		if got, want := a.Annotations["runbook_url"], runbooks+strings.ToLower(a.Alert); got != want {
			t.Errorf("%s: the runbook is %s and not %s", name, got, want)
		}
		// A name may hold what means something in an address.
		if url := a.Annotations["dashboard_url"]; !dashboard.MatchString(url) || regexp.MustCompile(`\{\{ (\$labels\.\w+|\.) \}\}`).MatchString(url) {
			t.Errorf("%s: the dashboard's address is %s", name, url)
		}
	}
}

// Records are level:metric:operations, and all in the first group: the others read what
// it has just recorded.
func TestRecordsHaveALevelAndAnOperation(t *testing.T) {
	for i, g := range groups(t) {
		for _, r := range g.Rules {
			if r.Record != "" && !regexp.MustCompile(`^(instance|account|org|site|explorer):runzero_[a-z_]+:[a-z0-9_]+$`).MatchString(r.Record) {
				t.Errorf("%s is not level:metric:operations", r.Record)
			}
			if (r.Record != "") != (i == 0) {
				t.Errorf("%s%s is in the group %s", r.Record, r.Alert, g.Name)
			}
		}
	}
}

// The page has a section on each alert, in the order of the rules, and on nothing else.
func TestRunbooks(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "runbooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	var sections, want []string
	for _, match := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllSubmatch(page, -1) {
		sections = append(sections, string(match[1]))
	}
	for _, a := range alerts(t) {
		want = append(want, a.Alert)
	}
	if want = slices.Compact(want); !slices.Equal(sections, want) {
		t.Errorf("the sections are\n%v and not\n%v", sections, want)
	}
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		for _, part := range []string{"**Means.**", "**Confirm.**", "**Do.**", "**Silence.**"} {
			if strings.Count(section, part) != 1 {
				t.Errorf("%.40q has not one %s", section, part)
			}
		}
	}
	for _, match := range regexp.MustCompile(`\(#([a-z]+)\)`).FindAllSubmatch(page, -1) {
		if !slices.ContainsFunc(sections, func(s string) bool { return strings.EqualFold(s, string(match[1])) }) {
			t.Errorf("a link leads to %s, which is no section", match[1])
		}
	}
}

// Each alert fires in one test and is silent in another.
func TestEveryAlertIsTested(t *testing.T) {
	files, err := filepath.Glob("*_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, g := range groups(t) {
		order = append(order, g.Name)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, path := range files {
		var file struct {
			Order []string `yaml:"group_eval_order"`
			Tests []struct {
				PromQL []struct {
					Expr    string
					Samples []any `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			}
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		// promtool evaluates groups that are not named in any order.
		if !slices.Equal(file.Order, order) {
			t.Errorf("%s: the order of groups is %v and not %v", path, file.Order, order)
		}
		for _, test := range file.Tests {
			for _, query := range test.PromQL {
				match := regexp.MustCompile(`alertname=~?"([^"]*)"`).FindStringSubmatch(query.Expr)
				if match == nil {
					continue
				}
				for _, a := range alerts(t) {
					if regexp.MustCompile("^(" + match[1] + ")$").MatchString(a.Alert) {
						if len(query.Samples) > 0 {
							fires[a.Alert] = true
						} else {
							silent[a.Alert] = true
						}
					}
				}
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !silent[a.Alert] {
			t.Errorf("%s: a test in which it fires: %t; one in which it is silent: %t", a.Alert, fires[a.Alert], silent[a.Alert])
		}
	}
}
