//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
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

// live is the whole of it, as users run it: an exporter of a console to which things
// happen, a Prometheus that has scraped it for weeks, and an Alertmanager that tells a
// webhook.
type live struct {
	t            *testing.T
	dir          string
	webhook      *webhook
	alertmanager string
	prometheus   *prometheus
}

const (
	liveInstance = "localhost:10026"
	liveLength   = 15 * 24 * time.Hour // the dashboards' longest, and a day
	liveStep     = 15 * time.Minute
)

func TestDashboardsAndAlertsOnWeeksOfAnAccount(t *testing.T) {
	l := &live{t: t, dir: t.TempDir(), webhook: startWebhook(t)}
	// One right after the other: both show the incidents of the hour in which they begin.
	_, exporter := startReady(t, nil, append([]string{"--demo", "--demo.incidents", "--cache.dir=" + filepath.Join(l.dir, "cache")}, everything()...)...)
	l.backfill()
	l.alertmanager = l.startAlertmanager()
	l.prometheus = l.startPrometheus(exporter)
	// Alerts become firing while the dashboards are asked.
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

// backfill gives Prometheus what it would have scraped and recorded in the weeks before.
func (l *live) backfill() {
	l.t.Helper()
	history := filepath.Join(l.dir, "history")
	file, err := os.Create(history)
	if err != nil {
		l.t.Fatal(err)
	}
	// Polled once an hour, for the time that the test takes.
	l.run(file, binary, append([]string{"simulate", "--simulate.incidents", "--cache.interval=1h", "--simulate.history=" + seconds(liveLength),
		"--simulate.history-step=" + seconds(liveStep), "--simulate.history-instance=" + liveInstance}, everything()...)...)
	if err := file.Close(); err != nil {
		l.t.Fatal(err)
	}
	// promtool reads the whole once for each block: the fewer, the better.
	l.run(io.Discard, "promtool", "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics", history, l.data())
	if err := os.Remove(history); err != nil {
		l.t.Fatal(err)
	}
	// What the alerts on assets compare with a day ago: the second reads the first.
	for _, name := range []string{"instance:runzero_collector_last_success_timestamp_seconds:newest", "site:runzero_assets_recent:max"} {
		l.record(name)
	}
}

// record gives Prometheus what a rule would have recorded, which promtool asks of one
// that has what was scraped.
func (l *live) record(name string) {
	l.t.Helper()
	p := l.start("scrape_configs: []\n")
	now := time.Now()
	recorded := filepath.Join(l.dir, "recorded")
	// promtool asks block by block, and ends at one in which no evaluation is due, as in the
	// last minutes of one: it begins at the beginning of one.
	begin := now.Add(-36 * time.Hour).Truncate(2 * time.Hour)
	l.run(io.Discard, "promtool", "tsdb", "create-blocks-from", "rules", "--url="+p.url, "--eval-interval="+seconds(liveStep),
		fmt.Sprintf("--start=%d", begin.Unix()), fmt.Sprintf("--end=%d", now.Unix()), "--output-dir="+recorded, l.recording(name))
	blocks, err := filepath.Glob(filepath.Join(recorded, "*"))
	if err != nil || len(blocks) == 0 {
		l.t.Fatalf("of %s nothing was recorded (%v)", name, err)
	}
	p.end()
	for _, block := range blocks {
		if err := os.Rename(block, filepath.Join(l.data(), filepath.Base(block))); err != nil {
			l.t.Fatal(err)
		}
	}
}

// recording is a file of the one rule.
func (l *live) recording(name string) string {
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
	path := filepath.Join(l.dir, "recording.yml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }

// start starts Prometheus on what was backfilled.
func (l *live) start(config string) *prometheus {
	l.t.Helper()
	file := filepath.Join(l.dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		l.t.Fatal(err)
	}
	p := &prometheus{process: startProgram(l.t, "prometheus", nil,
		"--config.file="+file, "--storage.tsdb.path="+l.data(), "--storage.tsdb.retention.time=60d", anyPort,
		// A little more than the step of the history.
		"--query.lookback-delta=16m",
		// The first time is before Alertmanager is known.
		"--rules.alert.resend-delay=1s")}
	p.url = p.process.url()
	waitFor(l.t, p.process, p.url+"/-/ready", http.StatusOK)
	return p
}

// end ends a program before the test does.
func (p *prometheus) end() {
	p.t.Helper()
	p.signal(os.Interrupt)
	if code := p.exitCode(soon); code != 0 {
		p.t.Fatalf("Prometheus ends with %d", code)
	}
}

// shortened is a file of alerts/ in which those durations are a second or a few: with
// them, alerts would have to be pending for hours, which a Prometheus that was not there
// does not remember.
func (l *live) shortened(name string, durations map[string]string, more ...string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "alerts", name))
	if err != nil {
		l.t.Fatal(err)
	}
	for key, to := range durations {
		text = regexp.MustCompile(`(?m)^( *)`+key+`: .*$`).ReplaceAll(text, []byte("${1}"+key+": "+to))
	}
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte(strings.NewReplacer(more...).Replace(string(text))), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// startAlertmanager starts a real Alertmanager with the example, whose receivers are all
// the webhook.
func (l *live) startAlertmanager() string {
	l.t.Helper()
	var receivers []string
	for _, name := range []string{"monitoring-pager", "monitoring-tickets", "network-pager", "network-tickets", "security-pager", "security-tickets", "review"} {
		receivers = append(receivers, "  - name: "+name+"\n", fmt.Sprintf("  - name: %s\n    webhook_configs: [{url: %q, send_resolved: false}]\n", name, l.webhook.URL+"/"+name))
	}
	// An alert and what inhibits it fire within a second or two of each other.
	config := l.shortened("alertmanager.example.yml", map[string]string{"group_wait": "8s", "group_interval": "8s"}, receivers...)
	return startAlertmanager(l.t, config)
}

func (l *live) startPrometheus(exporter string) *prometheus {
	l.t.Helper()
	rules := l.shortened("runzero.rules.yml", map[string]string{"for": "1s", "keep_firing_for": "1m"})
	return l.start(fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
  - job_name: runzero
    static_configs: [{targets: [%q], labels: {instance: %q}}]
`, rules, strings.TrimPrefix(l.alertmanager, "http://"), strings.TrimPrefix(exporter, "http://"), liveInstance))
}
