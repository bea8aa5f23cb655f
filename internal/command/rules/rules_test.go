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
	for i, o := range printing() {
		if out, err := run(o); err != nil || out != alerts.Files()[i].Text {
			t.Errorf("error %v, or other rules than %s", err, alerts.Files()[i].Name)
		}
	}
}

// printing returns options to print each of the files.
func printing() []Options { return []Options{{}, {Optional: true}, {Discovery: true}} }

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
	var before, after []rule
	var out string
	for i, o := range printing() {
		o.GrafanaURL, o.Job, o.Labels = grafana+"/", job, Labels{"team": "netops", "paging": "true"}
		text, err := run(o)
		if err != nil {
			t.Fatal(err)
		}
		before, after, out = append(before, read(t, alerts.Files()[i].Text)...), append(after, read(t, text)...), out+text
	}
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
	if !strings.Contains(out, "# Deliberately not alerts") || strings.Contains(out, "put the address") || strings.Contains(out, `begins with "runzero"`) || strings.Contains(out, "runzero.*\"") {
		t.Errorf("comments are lost, or wrong: %.3000s", out)
	}
}

func TestRulesAreWrittenToAFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	out, err := run(Options{Output: folder})
	if err != nil || !strings.Contains(out, folder) {
		t.Errorf("error %v: printed %q", err, out)
	}
	for _, f := range alerts.Files() {
		if text, err := os.ReadFile(filepath.Join(folder, f.Name)); err != nil || string(text) != f.Text {
			t.Errorf("error %v, or other rules than %s", err, f.Name)
		}
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
		"--optional and --discovery each print a file":     {Optional: true, Discovery: true},
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
