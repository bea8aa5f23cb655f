// Package dashboards lists the Grafana dashboards of this version, prints one, or writes them to a folder, with what
// differs between installations filled in.
package dashboards

import (
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/runzero-exporter/runzero_exporter/dashboards"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

// Options are what the flags set. What is empty stays as it is in the dashboards.
type Options struct {
	Name       string // of one; empty: all
	GrafanaURL string // put before the paths of links
	Job        string // the scrape job that is selected at first
	Output     string // folder to write to
}

// Names returns the dashboards' names.
func Names() []string {
	names, _ := fs.Glob(dashboards.Files(), "*.json") // the pattern is valid
	for i := range names {
		names[i] = strings.TrimSuffix(names[i], ".json")
	}
	return names
}

// Run lists, prints or writes dashboards.
func Run(env command.Env, o Options) error {
	names := Names()
	if o.Name != "" {
		names = []string{o.Name}
	}
	var files []command.Shipped
	for _, name := range names {
		text, err := o.dashboard(name + ".json")
		if err != nil {
			return err
		}
		files = append(files, command.Shipped{Name: name + ".json", Text: text})
	}
	switch {
	case o.Output != "":
		return command.WriteFiles(env.Stdout, o.Output, files...)
	case o.Name != "":
		_, err := io.WriteString(env.Stdout, files[0].Text)
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "%s\n\nName one to print it, or write all to the folder --output.\n", strings.Join(names, "\n"))
	return err
}

// selected finds what is selected at first of the variable job.
var selected = regexp.MustCompile(`(?s)("name": "job",.*?"current": )\{.*?\}`)

// dashboard returns the text of a dashboard with the options filled in.
func (o Options) dashboard(file string) (string, error) {
	grafana, err := command.GrafanaURL("--grafana-url", o.GrafanaURL)
	if err == nil {
		err = command.CheckJob(o.Job)
	}
	if err != nil {
		return "", err
	}
	text, err := fs.ReadFile(dashboards.Files(), file)
	if err != nil {
		return "", fmt.Errorf("reading the dashboard: %w", err)
	}
	if o.Job != "" {
		list, err := json.Marshal([]string{o.Job})
		if err != nil {
			return "", fmt.Errorf("--job: %w", err)
		}
		text = selected.ReplaceAllFunc(text, func(found []byte) []byte {
			return fmt.Appendf(nil, `%s{"text": %s, "value": %[2]s}`, selected.FindSubmatch(found)[1], list)
		})
	}
	return strings.ReplaceAll(string(text), `"url": "/d/`, `"url": "`+grafana+`/d/`), nil
}
