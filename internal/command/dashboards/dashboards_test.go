package dashboards

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/dashboards"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

func run(t *testing.T, o Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Run(command.Env{Stdout: &out}, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDashboardsAreListedPrintedAndWritten(t *testing.T) {
	folder := t.TempDir()
	list, written := run(t, Options{}), run(t, Options{Output: folder})
	for _, name := range Names() {
		want, err := fs.ReadFile(dashboards.Files(), name+".json")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, name+".json")
		got, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) || run(t, Options{Name: name}) != string(want) {
			t.Errorf("%s is written or printed otherwise: %v", name, err)
		}
		if !strings.Contains(list, name+"\n") || !strings.Contains(written, file+"\n") {
			t.Errorf("%s is not in %q or %q", name, list, written)
		}
	}
}

func TestDashboardsAreFilledIn(t *testing.T) {
	const grafana, job = "https://grafana.example.com", `eu $1 "x"`
	for _, name := range Names() {
		text := run(t, Options{Name: name, GrafanaURL: grafana + "/", Job: job})
		var d struct {
			Templating struct {
				List []struct {
					Name    string
					Current struct{ Text, Value any }
				}
			}
		}
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, variable := range d.Templating.List {
			value, _ := json.Marshal(variable.Current.Value)
			if selected := string(value) == `["eu $1 \"x\""]`; selected != (variable.Name == "job") {
				t.Errorf("%s: the variable %s is %s", name, variable.Name, value)
			}
		}
		if strings.Contains(text, `"/d/`) {
			t.Errorf("%s has a link without an address", name)
		}
	}
}
