//go:build port

package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// probe is a collector whose answers are made to fail, by the one that stands behind it.
type probe struct {
	collector, path string
	shape           shape
	fed             bool // with what another finds, which tells of it
}

// accountProbes are of an account's credential, organizationProbes what else there is of
// an organization's token.
func accountProbes() []probe {
	return []probe{
		{"console", "/health", object, false},
		{"license", "/account/license", object, false},
		{"organizations", "/account/orgs", array, true},
		{poller.Discovery, "/account/orgs", array, false},
		{"hosted_zones", "/org/hosted-zones", array, false},
		{"sites", "/account/sites", array, false},
		{"explorers", "/account/agents", array, false},
		{"tasks", "/export/org/tasks.jsonl", lines, false},
		{"assets", "/export/org/assets.jsonl", lines, false},
		{"queries/all", "/export/org/sites.jsonl", lines, false},
		{"findings", "/export/org/findings.jsonl", lines, false},
		{"vulnerabilities", "/export/org/vulnerabilities.jsonl", lines, false},
		{"certificates", "/export/org/certificates.jsonl", lines, false},
		{"services", "/export/org/services.jsonl", lines, false},
		{"software", "/export/org/software.jsonl", lines, false},
		{"wireless", "/export/org/wireless.jsonl", lines, false},
		{"directory", "/export/org/users.jsonl", lines, false},
	}
}

func organizationProbes() []probe {
	return []probe{
		{"organizations", "/org", record, false},
		{"sites", "/export/org/sites.json", array, false},
		{"explorers", "/org/explorers", array, false},
	}
}

// faultWorld is an exporter that all goes well with, until something goes wrong.
type faultWorld struct {
	*estate
	console *simulator.Console
	line    *line
	probes  []probe
	sent    atomic.Int64 // bytes of what has no end
}

// What a request and its answer may take, and how much of an answer that has no end is
// read: the longest record, and what is read ahead of it.
const (
	faultTimeout = 50 * time.Second
	mostRead     = 16<<20 + 256<<10
)

// newFaultWorld starts an exporter with an account's credential, or with a token of an
// organization, and waits until it has everything.
func newFaultWorld(t testing.TB, on connection, account bool) *faultWorld {
	t.Helper()
	console := simulator.New(simulator.Options{Organizations: 1, Sites: 2, Assets: 20, Limit: 10_000_000})
	w := &faultWorld{console: console, line: newLine(t, console, on), probes: organizationProbes()}
	token := console.OrganizationToken(0)
	if account {
		token, w.probes = console.AccountToken(), accountProbes()
	}
	var file strings.Builder
	fmt.Fprintf(&file, "accounts: [{name: north, url: %q, credentials: [{authorization: {credentials: %s}, tls_config: {ca_file: %q}}]}]\n", w.line.url(), token, w.line.caFile)
	file.WriteString("queries: [{name: all, of: sites}]\ncollectors:\n")
	for _, spec := range collector.Specs() {
		if spec.Scope != collector.HeadersOnly {
			fmt.Fprintf(&file, "  %s: {enabled: true, interval: %s}\n", spec.Name, faultInterval)
		}
	}
	w.estate = startEstate(t, map[string]dialFunc{north: w.line.dial}, file.String(), func(f *config.Flags) { f.Timeout = faultTimeout })
	w.pass(time.Hour)
	if strings.Contains(w.log.String(), "level=error") || !w.exporter.poller.Ready() {
		t.Fatalf("not all is well: %s", w.log)
	}
	return w
}

// Every collector asks this often, and the longest that it waits: jitter, a failure
// before, and an answer that does not come are part of it.
const (
	faultInterval = 15 * time.Minute
	faultRound    = faultInterval + 3*time.Minute
)

// health is what the families of one collector's polls tell, by the organization.
func (w *faultWorld) health(family, of string) map[string]float64 {
	values := map[string]float64{}
	for labels, value := range w.values(family, "collector", "org_name") {
		if name, organization, _ := strings.Cut(labels+"/", "/"); name == of || strings.HasPrefix(labels, of+"/") {
			values[organization] = value
		}
	}
	return values
}

func sum(values map[string]float64) float64 {
	total := 0.0
	for _, value := range values {
		total += value
	}
	return total
}

func least(values map[string]float64) float64 {
	found := -1.0
	for _, value := range values {
		if found < 0 || value < found {
			found = value
		}
	}
	return found
}

// served is what is served of a collector, as text.
func (w *faultWorld) served(of string) string {
	w.t.Helper()
	families, err := w.exporter.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	name, _, _ := strings.Cut(of, "/") // of a query
	var text strings.Builder
	for _, m := range collector.Catalogue() {
		at := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == m.Name })
		if m.Live || at < 0 || !slices.Contains(m.Collectors, name) {
			continue
		}
		for _, metric := range families[at].GetMetric() {
			if told := labelled(metric, []string{"collector"}); told == "" || told == name {
				fmt.Fprintln(&text, m.Name, metric)
			}
		}
	}
	return text.String()
}

// errorLines are what is logged as an error of a collector.
func errorLines(log, of string) []string {
	var found []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "level=error") && strings.Contains(line, " collector="+of+" ") {
			found = append(found, line)
		}
	}
	return found
}

// strike lets a fault hit some of the probes and not the others, sees to it that all is
// as it should be, mends it, and sees to that, too.
func (w *faultWorld) strike(f fault, hit func(probe) bool) {
	t := w.t
	t.Helper()
	began, logged, sent := time.Now(), len(w.log.String()), w.sent.Load()
	before := map[string]string{}
	var mend []func()
	for _, p := range w.probes {
		before[p.collector] = w.served(p.collector)
		if before[p.collector] == "" && p.collector != poller.Discovery {
			t.Fatalf("nothing is served of %s", p.collector)
		}
		if hit(p) && f.line == nil {
			bent := f.fault
			bent.Path = p.path
			mend = append(mend, w.console.Inject(bent))
		}
	}
	w.line.bend.Store(f.line)
	w.pass(faultRound + f.slow)
	log, attempts := w.log.String()[logged:], 0.0
	for _, p := range w.probes {
		text, fails := f.says[p.shape]
		fails = fails && p.collector != f.tells
		failures, success := sum(w.health("runzero_collector_consecutive_failures", p.collector)), least(w.health("runzero_collector_success", p.collector))
		said := errorLines(log, p.collector)
		if !hit(p) || !fails {
			// Its turn has come, and nothing is wrong with it.
			attempted := least(w.health("runzero_collector_last_attempt_timestamp_seconds", p.collector))
			if f.all {
				continue
			}
			if failures != 0 || success != 1 || len(said) != 0 || attempted < float64(began.Unix()) {
				t.Errorf("%s suffers: %v failures, success %v, last asked %v s after the beginning, said %q", p.collector, failures, success, attempted-float64(began.Unix()), said)
			}
			continue
		}
		attempts += failures
		if failures < 1 || least(w.health("runzero_collector_consecutive_failures", p.collector)) < 1 || success != 0 {
			t.Errorf("%s: %v failures, success %v", p.collector, failures, success)
		}
		if len(said) != int(failures) && !p.fed {
			t.Errorf("%s: %v failures, and %d lines in the log: %q", p.collector, failures, len(said), said)
		}
		for _, line := range said {
			if !slices.ContainsFunc(strings.Split(text, "|"), func(text string) bool { return strings.Contains(line, text) }) || strings.Contains(line, "PLANTED") {
				t.Errorf("%s: the log does not say %q, or repeats what came: %.400s", p.collector, text, line)
			}
		}
		if now := w.served(p.collector); now != before[p.collector] {
			t.Errorf("%s: what was last good is not what is served:\n%s\nbefore\n%s", p.collector, now, before[p.collector])
		}
		for organization, took := range w.health("runzero_collector_duration_seconds", p.collector) {
			if took > (faultTimeout + 10*time.Second).Seconds() {
				t.Errorf("%s of %q took %v s", p.collector, organization, took)
			}
		}
	}
	if each := float64(w.sent.Load()-sent) / max(attempts, 1); each > mostRead {
		t.Errorf("%.0f bytes of an answer were read", each)
	}
	for _, each := range mend {
		each()
	}
	w.line.bend.Store(nil)
	mended := time.Now()
	w.pass(f.pause + f.slow + faultInterval + faultRound) // two failures in a row double the wait
	w.healed(mended)
}

// healed sees to it that everything was asked since then, and answered.
func (w *faultWorld) healed(since time.Time) {
	w.t.Helper()
	for _, p := range w.probes {
		success, at := w.health("runzero_collector_success", p.collector), w.health("runzero_collector_last_success_timestamp_seconds", p.collector)
		if least(success) != 1 || least(at) < float64(since.Unix()) {
			w.t.Errorf("%s does not heal: success %v, last %v s after it was mended", p.collector, success, least(at)-float64(since.Unix()))
		}
	}
}
