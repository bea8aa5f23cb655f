// Package rules prints the alert rules of this version, or writes them to a folder, with what differs between
// installations filled in.
package rules

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/alerts"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

// Options are what the flags set. What is empty stays as it is in the rules.
type Options struct {
	GrafanaURL string // put before the paths of dashboards
	Job        string // the scrape job
	Labels     Labels // of every alert
	Optional   bool   // print the rules for collectors that are off by default, instead
	Discovery  bool   // print the rules for service discovery, instead
	Output     string // folder to write to
}

// Labels are set on every alert, as a repeatable flag.
type Labels map[string]string

// Set implements kingpin.Value.
func (l Labels) Set(s string) error {
	name, value, found := strings.Cut(s, "=")
	switch _, duplicate := l[name]; {
	case !found || name == "" || value == "":
		return fmt.Errorf("--label=%s must be KEY=VALUE, such as team=netops", s)
	case !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(name) || strings.HasPrefix(name, "__") || name == "alertname":
		return fmt.Errorf("--label=%s: %q cannot be the label of an alert: use letters, digits and _, such as team", s, name)
	case name == "severity" || name == "scope":
		return fmt.Errorf("--label=%s: alerts of one name differ by their %s, so that it cannot be set", s, name)
	case strings.Contains(value, "{{") || strings.ToValidUTF8(value, "") != value:
		return fmt.Errorf("--label=%s has a value that Prometheus would take for a template, or that is no text", strconv.QuoteToGraphic(s))
	case duplicate:
		return fmt.Errorf("--label=%s: %s is set twice", s, name)
	}
	l[name] = value
	return nil
}

// String implements kingpin.Value.
func (l Labels) String() string { return "" }

// IsCumulative makes the flag repeatable in kingpin.
func (l Labels) IsCumulative() bool { return true }

// Run prints the rules, or writes them.
func Run(env command.Env, o Options) error {
	printed := alerts.RulesFile
	switch {
	case o.Optional && o.Discovery && o.Output == "":
		return errors.New("--optional and --discovery each print a file of its own: use one of them, or write all files with --output")
	case o.Optional:
		printed = alerts.OptionalRulesFile
	case o.Discovery:
		printed = alerts.DiscoveryRulesFile
	}
	var files []command.Shipped
	for _, f := range alerts.Files() {
		text, err := o.fill(f.Text)
		if err != nil {
			return err
		}
		if o.Output != "" {
			files = append(files, command.Shipped{Name: f.Name, Text: text})
		} else if f.Name == printed {
			_, err = io.WriteString(env.Stdout, text)
			return err
		}
	}
	return command.WriteFiles(env.Stdout, o.Output, files...)
}

// fill returns rules with the options filled in, and without blank lines if there are any.
func (o Options) fill(rules string) (string, error) {
	grafana, err := command.GrafanaURL("--grafana-url", o.GrafanaURL)
	if err == nil {
		err = command.CheckJob(o.Job)
	}
	if err != nil || grafana == "" && o.Job == "" && len(o.Labels) == 0 {
		return rules, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(rules), &document); err != nil {
		return "", fmt.Errorf("reading the rules: %w", err)
	}
	job, comment := strings.NewReplacer(), []string{}
	if o.Job != "" {
		job = strings.NewReplacer(`job=~"runzero.*"`, "job="+strconv.Quote(o.Job))
		comment = append(comment, `begins with "runzero"`, "is "+strconv.Quote(o.Job))
	}
	if grafana != "" {
		comment = append(comment, "is a path: put the address of your Grafana in front of /d/.", "is the address of your Grafana and a path.")
	}
	for _, group := range value(document.Content[0], "groups").Content {
		for _, rule := range value(group, "rules").Content {
			expression := value(rule, "expr")
			expression.Value = job.Replace(expression.Value)
			if value(rule, "alert") == nil {
				continue
			}
			if link := value(value(rule, "annotations"), "dashboard_url"); link != nil {
				link.Value = grafana + link.Value
			}
			labels := value(rule, "labels")
			for _, name := range slices.Sorted(maps.Keys(o.Labels)) {
				set(labels, name, o.Labels[name])
			}
		}
	}
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return "", fmt.Errorf("writing the rules: %w", err)
	}
	return strings.NewReplacer(comment...).Replace(out.String()), nil
}

// value returns what a key of a mapping has; nil if there is no such key.
func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; mapping != nil && i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// set sets a key of a mapping to a text.
func set(mapping *yaml.Node, key, text string) {
	node := &yaml.Node{}
	node.SetString(text)
	if old := value(mapping, key); old != nil {
		*old = *node
		return
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, node)
}
