//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// live is a whole installation: an exporter of a console with incidents, a Prometheus that
// has scraped it for days, and an Alertmanager that notifies a webhook.
type live struct {
	t            *testing.T
	dir          string
	webhook      *webhook
	alertmanager string
	prometheus   *prometheus
}

const (
	liveInstance = "localhost:10026"
	liveLength   = 9 * 24 * time.Hour // alerts and dashboards compare with a week ago
	liveStep     = 30 * time.Minute   // at least two samples for rates of an hour
)

func TestDashboardsAndAlertsOnTheHistoryOfAnAccount(t *testing.T) {
	t.Parallel()
	l := &live{t: t, dir: t.TempDir(), webhook: startWebhook(t)}
	// Both show the incidents of the hour in which they start, so they start together.
	console := start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.incidents")
	url, token := console.waitForLine(&console.stdout, `console is at (http://\S+)$`), console.waitForLine(&console.stdout, `^account token:\s+(\S+)$`)
	_, exporter := startReady(t, []string{"RUNZERO_TOKEN=" + token},
		append([]string{anyPort, "--runzero.url=" + url, "--cache.dir=" + filepath.Join(l.dir, "cache")}, everything()...)...)
	l.backfill()
	l.alertmanager = l.startAlertmanager()
	rules := l.shortened("runzero.rules.yml", map[string]string{"for": "1s", "keep_firing_for": "1m"})
	l.prometheus = l.startPrometheus(scrapeConfig(exporter, fmt.Sprintf("rule_files: [%q]\nalerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}",
		rules, strings.TrimPrefix(l.alertmanager, "http://"))))
	// Alerts become firing while the dashboards are queried.
	t.Run("dashboards", l.dashboards)
	t.Run("rules", l.rules)
	t.Run("alerts", l.alerts)
}

// run runs a program to its end.
func (l *live) run(stdout io.Writer, path string, args ...string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processLimit)
	defer cancel()
	command := exec.CommandContext(ctx, path, args...)
	var stderr bytes.Buffer
	command.Stdout, command.Stderr = stdout, &stderr
	if err := command.Run(); err != nil {
		l.t.Fatalf("%s %s: %v\n%s", path, strings.Join(args, " "), err, tail(stderr.String()))
	}
}

func (l *live) data() string { return filepath.Join(l.dir, "data") }

// backfill gives Prometheus what it would have scraped and recorded in the days before.
func (l *live) backfill() {
	l.t.Helper()
	history := filepath.Join(l.dir, "history")
	file, err := os.Create(history)
	if err != nil {
		l.t.Fatal(err)
	}
	// Polled once an hour, to save time.
	l.run(file, binary, append([]string{"simulate", "--simulate.incidents", "--cache.interval=1h", "--simulate.history=" + seconds(liveLength),
		"--simulate.history-step=" + seconds(liveStep), "--simulate.history-instance=" + liveInstance}, everything()...)...)
	if err := file.Close(); err != nil {
		l.t.Fatal(err)
	}
	// promtool reads everything once for each block: the fewer, the better.
	l.run(io.Discard, "promtool", "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics", history, l.data())
	if err := os.Remove(history); err != nil {
		l.t.Fatal(err)
	}
	// The alerts on assets compare with a day ago. The second rule reads the first.
	for _, name := range []string{"instance:runzero_collector_last_success_timestamp_seconds:newest", "site:runzero_assets_recent:max"} {
		l.record(name)
	}
}

// record adds what a recording rule would have recorded. promtool evaluates it with a
// Prometheus that has what was scraped.
func (l *live) record(name string) {
	l.t.Helper()
	p := l.startPrometheus("scrape_configs: []\n")
	now := time.Now()
	recorded := filepath.Join(l.dir, "recorded")
	// promtool evaluates block by block, and stops at a block without an evaluation, such as
	// the last minutes of one: so it starts at the beginning of a block.
	begin := now.Add(-36 * time.Hour).Truncate(2 * time.Hour)
	l.run(io.Discard, "promtool", "tsdb", "create-blocks-from", "rules", "--url="+p.url, "--eval-interval="+seconds(liveStep),
		fmt.Sprintf("--start=%d", begin.Unix()), fmt.Sprintf("--end=%d", now.Unix()), "--output-dir="+recorded, l.ruleFile(name))
	blocks, err := filepath.Glob(filepath.Join(recorded, "*"))
	if err != nil || len(blocks) == 0 {
		l.t.Fatalf("%s recorded nothing (%v)", name, err)
	}
	p.signal(os.Interrupt)
	if code := p.exitCode(); code != 0 {
		l.t.Fatalf("the exit code of Prometheus is %d", code)
	}
	for _, block := range blocks {
		if err := os.Rename(block, filepath.Join(l.data(), filepath.Base(block))); err != nil {
			l.t.Fatal(err)
		}
	}
}

// ruleFile writes a file with a single rule of ours.
func (l *live) ruleFile(name string) string {
	l.t.Helper()
	text, err := os.ReadFile("../../alerts/runzero.rules.yml")
	if err != nil {
		l.t.Fatal(err)
	}
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	type group struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	}
	var file struct {
		Groups []group `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		l.t.Fatal(err)
	}
	for i := range file.Groups {
		file.Groups[i].Rules = slices.DeleteFunc(file.Groups[i].Rules, func(r rule) bool { return r.Record != name })
	}
	file.Groups = slices.DeleteFunc(file.Groups, func(g group) bool { return len(g.Rules) == 0 })
	if text, err = yaml.Marshal(file); err != nil {
		l.t.Fatal(err)
	}
	return writeFile(l.t, "rule.yml", string(text))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }

func (l *live) startPrometheus(config string) *prometheus {
	l.t.Helper()
	return startPrometheus(l.t, config, l.data(), "--storage.tsdb.retention.time=60d",
		"--query.lookback-delta="+seconds(liveStep+time.Minute), "--rules.alert.resend-delay=1s")
}

// shortened copies a file of alerts/ and sets these durations. As they are, alerts would
// have to be pending for hours, which a Prometheus that has just started does not remember.
func (l *live) shortened(name string, durations map[string]string, replacements ...string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "alerts", name))
	if err != nil {
		l.t.Fatal(err)
	}
	for key, to := range durations {
		text = regexp.MustCompile(`(?m)^( *)`+key+`: .*$`).ReplaceAll(text, []byte("${1}"+key+": "+to))
	}
	return writeFile(l.t, name, strings.NewReplacer(replacements...).Replace(string(text)))
}

// startAlertmanager starts Alertmanager with our example. All receivers are the webhook.
func (l *live) startAlertmanager() string {
	l.t.Helper()
	var receivers []string
	for _, name := range []string{"monitoring-pager", "monitoring-tickets", "network-pager", "network-tickets", "security-pager", "security-tickets", "review"} {
		receivers = append(receivers, "  - name: "+name+"\n", fmt.Sprintf("  - name: %s\n    webhook_configs: [{url: %q, send_resolved: false}]\n", name, l.webhook.URL+"/"+name))
	}
	// An alert and what inhibits it fire within a second or two of each other.
	return startAlertmanager(l.t, l.shortened("alertmanager.example.yml", map[string]string{"group_wait": "8s", "group_interval": "8s"}, receivers...))
}
