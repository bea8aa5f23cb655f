// Package replay evaluates the alert rules on simulated accounts, as a Prometheus and an Alertmanager with the published
// files would, and counts what people are notified of: in a month of an ordinary account, and in one situation after the
// other. Each cause must notify once, a page must be rare, and nothing that disappears may go unnoticed.
//
// The tests of rules beside the rules say when one alert fires; these are about all of them together. A console lives
// through events, exporters poll it and export what docs/metrics.md says, and the rules are evaluated by Prometheus' own
// code, in simulated time.
package replay

import (
	"flag"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

var (
	folder     = flag.String("alerts", "../../../alerts", "folder with the rules and the Alertmanager configuration to replay")
	monthStep  = flag.Duration("step", 10*time.Minute, "time between two evaluations of the month")
	scanMaxAge = flag.Duration("scan-max-age", 0, "age limit of the scans of all sites, whatever their schedules")
)

// TestMain collects garbage less often: there is much of it, and little else.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// monday is when every replay begins.
var monday = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// world is an account, its exporters, and what watches them.
type world struct {
	t             *testing.T
	now           time.Time
	step          time.Duration // between two scrapes, evaluations and states of the console
	console       *console
	exporters     []*exporter
	prometheus    *prometheus
	alertmanager  *alertmanager
	notifications []notification
}

// newWorld returns one with two replicas that poll at the same time.
func newWorld(t *testing.T, c *console, step time.Duration) *world {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(*folder, "*.rules.yml"))
	if err != nil || files == nil {
		t.Fatalf("%s has no rules: %v", *folder, err)
	}
	w := &world{
		t: t, now: monday, step: step, console: c,
		prometheus:   newPrometheus(t, files, step),
		alertmanager: newAlertmanager(t, filepath.Join(*folder, "alertmanager.example.yml")),
	}
	w.add("job", "runzero", "instance", "a:9942")
	w.add("job", "runzero", "instance", "b:9942")
	return w
}

// add adds an exporter whose target has the labels, in pairs.
func (w *world) add(target ...string) {
	w.exporters = append(w.exporters, newExporter(w.console, w.now, target...))
}

// remove removes an exporter from service discovery.
func (w *world) remove(i int) { w.exporters[i].removed = true }

func (w *world) each(do func(e *exporter)) {
	for _, e := range w.exporters {
		do(e)
	}
}

// event is something that happens, and may end.
type event struct {
	at, lasts  time.Duration
	what       string
	begin, end func(w *world)
	notifies   string // a receiver and an alert, once; empty: nobody
}

// run lets time pass until a time after the beginning.
func (w *world) run(until time.Duration, events ...event) {
	for ; w.now.Before(monday.Add(until)); w.now = w.now.Add(w.step) {
		for _, e := range events {
			if w.reached(e.at) {
				e.begin(w)
			}
			if e.end != nil && w.reached(e.at+e.lasts) {
				e.end(w)
			}
		}
		w.console.advance(w.now, w.step)
		for i, e := range w.exporters {
			e.poll(w.now)
			w.prometheus.scrape(w.now, fmt.Sprint(i), e.scrape(w.now))
		}
		firing := w.prometheus.evaluate(w.now)
		w.notifications = append(w.notifications, w.alertmanager.receive(w.now, w.now.Add(w.step), firing)...)
	}
}

// reached reports whether a time after the beginning has passed since the last step.
func (w *world) reached(at time.Duration) bool {
	passed := w.now.Sub(monday) - at
	return passed >= 0 && passed < w.step
}

// name is the receiver and the name of the alerts, which is the same for all of a group.
func (n notification) name() string { return n.receiver + " " + n.alerts[0].Get(labels.AlertName) }

// String is the line of a notification in a log.
func (n notification) String() string {
	var about []string
	for _, alert := range n.alerts {
		about = append(about, subject(alert))
	}
	return fmt.Sprintf("day %2d %s  %-19s %-30s %s", int(n.at.Sub(monday)/day)+1, n.at.Format("15:04"), n.receiver,
		n.alerts[0].Get(labels.AlertName), strings.Join(about, "; "))
}

// subject is what tells the alerts of one name apart.
func subject(alert labels.Labels) string {
	rest := labels.NewBuilder(alert).Del(labels.AlertName, "severity", "team", "job", "account_name").Labels()
	return strings.ReplaceAll(strings.Trim(rest.String(), "{}"), `"`, "")
}
