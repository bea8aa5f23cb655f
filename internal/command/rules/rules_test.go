package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/alerts"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

func run(o Options) (string, error) {
	var out bytes.Buffer
	err := Run(command.Env{Stdout: &out}, o)
	return out.String(), err
}

func TestRulesAreThoseOfThisVersion(t *testing.T) {
	if out, err := run(Options{}); err != nil || out != alerts.Rules() {
		t.Errorf("error %v, or other rules", err)
	}
	if out, err := run(Options{Optional: true}); err != nil || out != alerts.OptionalRules() {
		t.Errorf("error %v, or other optional rules", err)
	}
}

type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

func read(t *testing.T, text string) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// Nothing but what was asked for changes, comments stay, and no comment says what is no longer true.
func TestRulesAreFilledIn(t *testing.T) {
	const grafana, job = "https://grafana.example.com/sub", `runzero "eu"`
	o := Options{GrafanaURL: grafana + "/", Job: job, Labels: Labels{"team": "netops", "paging": "true"}}
	out, err := run(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Optional = true
	optional, err := run(o)
	if err != nil {
		t.Fatal(err)
	}
	before, after := append(read(t, alerts.Rules()), read(t, alerts.OptionalRules())...), append(read(t, out), read(t, optional)...)
	if len(before) != len(after) {
		t.Fatalf("%d rules became %d", len(before), len(after))
	}
	for i, want := range before {
		got := after[i]
		want.Expr = strings.ReplaceAll(want.Expr, `job=~"runzero.*"`, `job="runzero \"eu\""`)
		if want.Alert != "" {
			want.Labels["team"], want.Labels["paging"] = "netops", "true"
			want.Annotations["dashboard_url"] = grafana + want.Annotations["dashboard_url"]
		}
		gotText, _ := yaml.Marshal(got) // maps are sorted
		wantText, _ := yaml.Marshal(want)
		if !bytes.Equal(gotText, wantText) {
			t.Errorf("got %s, want %s", gotText, wantText)
		}
	}
	if !strings.Contains(out, "# Deliberately not alerts") || strings.Contains(out+optional, "put the address") || strings.Contains(out, `begins with "runzero"`) || strings.Contains(out, "runzero.*\"") {
		t.Errorf("comments are lost, or wrong: %.3000s", out)
	}
}

func TestRulesAreWrittenToAFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	out, err := run(Options{Output: folder})
	text, readErr := os.ReadFile(filepath.Join(folder, alerts.RulesFile))
	if err != nil || readErr != nil || string(text) != alerts.Rules() || !strings.Contains(out, folder) {
		t.Errorf("errors %v and %v: printed %q", err, readErr, out)
	}
	if text, err := os.ReadFile(filepath.Join(folder, alerts.OptionalRulesFile)); err != nil || string(text) != alerts.OptionalRules() {
		t.Errorf("error %v, or other optional rules", err)
	}
}

func TestMistakesAreSentences(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"--grafana-url must be the address":                {GrafanaURL: "grafana.example.com"},
		"--grafana-url must have no user, query":           {GrafanaURL: "https://grafana.example.com/d/x?orgId=1"},
		`--job=" runzero" is no name of a scrape job`:      {Job: " runzero"},
		`--job="a\nb" is no name of a scrape job`:          {Job: "a\nb"},
		"--output is no folder, and none could be created": {Output: file},
	} {
		if out, err := run(o); out != "" || err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("printed %q, error %v; want %s", out, err, want)
		}
	}
	labels := Labels{"site": "hq"}
	for text, want := range map[string]string{
		"team":         "must be KEY=VALUE",
		"team=":        "must be KEY=VALUE",
		"=netops":      "must be KEY=VALUE",
		"on-call=a":    "cannot be the label of an alert",
		"__x=a":        "cannot be the label of an alert",
		"alertname=a":  "cannot be the label of an alert",
		"severity=a":   "differ by their severity",
		"scope=a":      "differ by their scope",
		"team={{ . }}": "would take for a template",
		"team=\xff":    "no text",
		"site=branch":  "set twice",
	} {
		if err := labels.Set(text); err == nil || !strings.HasPrefix(err.Error(), "--label=") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}
