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
	"strings"
	"testing"
	"time"
)

// live is a whole installation: an exporter of a console with incidents, a Prometheus that
// has scraped it for days, and an Alertmanager that notifies a webhook.
type live struct {
	t            *testing.T
	version      version
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
	history := &live{t: t, version: versions(t)[0], dir: t.TempDir()}
	// Both show the incidents of the hour in which they start, so they start together.
	console := start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.incidents")
	url, token := console.waitForLine(&console.stdout, `console is at (http://\S+)$`), console.waitForLine(&console.stdout, `^account token:\s+(\S+)$`)
	_, exporter := startReady(t, []string{"RUNZERO_TOKEN=" + token},
		append([]string{anyPort, "--runzero.url=" + url, "--cache.dir=" + filepath.Join(history.dir, "cache")}, everything()...)...)
	history.backfill()
	for _, v := range versions(t) {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			l := &live{t: t, version: v, dir: t.TempDir(), webhook: startWebhook(t)}
			if err := os.CopyFS(l.data(), os.DirFS(history.data())); err != nil {
				t.Fatal(err)
			}
			// An alert and what inhibits it fire within a second or two of each other.
			l.alertmanager = notifyingAlertmanager(t, l.webhook, map[string]string{"group_wait": "8s", "group_interval": "8s"})
			rules := shortened(t, "runzero.rules.yml", map[string]string{"for": "1s", "keep_firing_for": "1m"})
			l.prometheus = l.startPrometheus(scrapeConfig(exporter, fmt.Sprintf("rule_files: [%q]\nalerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}",
				rules, strings.TrimPrefix(l.alertmanager, "http://"))))
			// Alerts become firing while the dashboards are queried.
			t.Run("dashboards", l.dashboards)
			t.Run("rules", l.rules)
			t.Run("alerts", l.alerts)
		})
	}
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
	// promtool reads everything once for each block: one is best.
	l.run(io.Discard, l.version.program("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=99999h", "openmetrics", history, l.data())
	if err := os.Remove(history); err != nil {
		l.t.Fatal(err)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }

func (l *live) startPrometheus(config string) *prometheus {
	l.t.Helper()
	return l.version.start(l.t, config, l.data(), "--storage.tsdb.retention.time=60d",
		"--query.lookback-delta="+seconds(liveStep+time.Minute), "--rules.alert.resend-delay=1s")
}

// shortened copies a file of alerts/ and sets these durations. As they are, alerts would
// have to be pending for hours, which a Prometheus that has just started does not remember.
func shortened(t *testing.T, name string, durations map[string]string, replacements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "alerts", name))
	if err != nil {
		t.Fatal(err)
	}
	for key, to := range durations {
		text = regexp.MustCompile(`(?m)^( *)`+key+`: .*$`).ReplaceAll(text, []byte("${1}"+key+": "+to))
	}
	return writeFile(t, name, strings.NewReplacer(replacements...).Replace(string(text)))
}

// notifyingAlertmanager is an Alertmanager with our example, but for these durations. All receivers are the webhook.
func notifyingAlertmanager(t *testing.T, w *webhook, durations map[string]string) string {
	t.Helper()
	var receivers []string
	for _, name := range []string{"monitoring-pager", "monitoring-tickets", "network-pager", "network-tickets", "security-pager", "security-tickets", "review"} {
		receivers = append(receivers, "  - name: "+name+"\n", fmt.Sprintf("  - name: %s\n    webhook_configs: [{url: %q, send_resolved: false}]\n", name, w.URL+"/"+name))
	}
	return startAlertmanager(t, shortened(t, "alertmanager.example.yml", durations, receivers...))
}
