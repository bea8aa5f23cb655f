package changes

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	commonconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// oracle says what the complete export of an organization's tasks would have given at the exporter's last poll.
type oracle struct {
	t       *testing.T
	console *simulator.Console
	api     *runzero.Client
	now     func() time.Time
	collect collector.Collector
	names   map[string]string // of organizations, by id
	sites   collector.Snapshot
	metrics map[string]bool

	mu       sync.Mutex
	watching bool
	// previous are the last snapshots: what an exporter that polls by complete exports would still know of tasks that are
	// no longer listed.
	previous map[string]*collector.Snapshot
	expected map[string]expectation
	deleted  map[string]time.Time // when a task of an organization was last deleted
	compared int
	crowded  time.Time // until when lists may be full: then not all organizations are polled at each interval
}

// expectation is what may be exported: what an exporter knows that has just been started, or one that has run before.
type expectation struct{ fresh, experienced map[string]float64 }

func newOracle(t *testing.T, console *simulator.Console, now func() time.Time) *oracle {
	t.Helper()
	dial, stop := simulator.Pipe(console)
	t.Cleanup(stop)
	api, err := runzero.New(runzero.Config{URL: "http://127.0.0.1", DialContext: dial, HTTP: commonconfig.HTTPClientConfig{
		Authorization: &commonconfig.Authorization{Type: "Bearer", Credentials: commonconfig.Secret(console.AccountToken())},
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{t: t, console: console, api: api, now: now, names: map[string]string{}, metrics: map[string]bool{}, deleted: map[string]time.Time{}}
	o.forget()
	for _, organization := range console.Organizations() {
		if !organization.Demo && !organization.Inactive {
			o.names[organization.ID] = organization.Name
		}
	}
	for _, metric := range collector.Catalogue() {
		if !metric.Live && slices.Contains(metric.Collectors, "tasks") {
			o.metrics[metric.Name] = true
		}
	}
	for _, spec := range collector.Specs() {
		switch spec.Name {
		case "tasks":
			o.collect = spec.Collect
		case "sites":
			counted := o.uncounted("/account/sites")
			if o.sites, err = spec.AccountWide(t.Context(), collector.Poll{API: api, Organizations: o.names, Now: o.now()}); err != nil {
				t.Fatal(err)
			}
			counted()
		}
	}
	return o
}

// uncounted lets requests cost no call until the returned function is called.
func (o *oracle) uncounted(path string) func() {
	return o.console.Inject(simulator.Fault{Path: path, Uncounted: true})
}

// watch begins to collect what is to be expected.
func (o *oracle) watch() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watching, o.expected = true, map[string]expectation{}
}

// forget is for an exporter that has lost its cache.
func (o *oracle) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.previous = map[string]*collector.Snapshot{}
}

// polled is called at each poll of the tasks of some organizations.
func (o *oracle) polled(organizations []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.watching {
		return
	}
	defer o.uncounted(taskExport)()
	for _, id := range organizations {
		fresh, experienced := o.export(id, nil), o.export(id, o.previous[id])
		o.previous[id] = &experienced
		o.expected[id] = expectation{o.series(fresh.Families)[o.names[id]], o.series(experienced.Families)[o.names[id]]}
	}
}

func (o *oracle) export(id string, previous *collector.Snapshot) collector.Snapshot {
	snapshot, err := o.collect(o.t.Context(), collector.Poll{
		API: o.api, Organization: collector.Organization{ID: id, Name: o.names[id]}, Now: o.now(), Sites: o.sites.SitesOf(id), Previous: previous,
		Settings: collector.Settings{ScanMaxAge: harness.DefaultFlags().ScanMaxAge},
	})
	if err != nil {
		o.t.Errorf("the oracle: %v", err)
	}
	return snapshot
}

// series are the samples that the tasks collector makes, by organization and by name and labels.
func (o *oracle) series(families []*dto.MetricFamily) map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for _, family := range families {
		if !o.metrics[family.GetName()] {
			continue
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			var text strings.Builder
			text.WriteString(family.GetName())
			for _, label := range m.GetLabel() {
				labels[label.GetName()] = label.GetValue()
				fmt.Fprintf(&text, ",%s=%q", label.GetName(), label.GetValue())
			}
			if of, ok := labels["collector"]; ok && of != "tasks" {
				continue
			}
			organization := labels["org_name"]
			if all[organization] == nil {
				all[organization] = map[string]float64{}
			}
			all[organization][text.String()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return all
}

// excused reports whether a difference may be due to a deleted task: such are corrected once a day.
func (o *oracle) excused(id, series string) bool {
	at, ok := o.deleted[id]
	return ok && time.Since(at) < 24*time.Hour+2*interval &&
		(strings.HasPrefix(series, "runzero_tasks,") || strings.HasPrefix(series, "runzero_integration_"))
}

// compare ends watching.
func (o *oracle) compare(families []*dto.MetricFamily) {
	o.t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watching = false
	exported := o.series(families)
	for id, name := range o.names {
		want, polled := o.expected[id]
		if !polled {
			if o.now().After(o.crowded) {
				o.t.Errorf("%s: the tasks of %s were not polled", stamp(), name)
			}
			continue
		}
		o.compared++
		if len(want.fresh) < 5 {
			o.t.Errorf("%s: the oracle knows only %d series of %s", stamp(), len(want.fresh), name)
		}
		for _, difference := range want.differences(exported[name]) {
			if !o.excused(id, difference) {
				o.t.Errorf("%s: %s", stamp(), difference)
			}
		}
	}
}

func (e expectation) differences(got map[string]float64) (all []string) {
	for series, value := range got {
		fresh, isFresh := e.fresh[series]
		experienced, isExperienced := e.experienced[series]
		if (!isFresh || value != fresh) && (!isExperienced || value != experienced) {
			all = append(all, fmt.Sprintf("%s is %.0f, want %s or %s", series, value, known(fresh, isFresh), known(experienced, isExperienced)))
		}
	}
	for series, value := range e.fresh {
		_, isExported := got[series]
		if _, isExperienced := e.experienced[series]; isExperienced && !isExported {
			all = append(all, fmt.Sprintf("%s is missing, want %.0f", series, value))
		}
	}
	slices.Sort(all)
	return all
}

func known(value float64, ok bool) string {
	if !ok {
		return "nothing"
	}
	return fmt.Sprintf("%.0f", value)
}

func stamp() string { return time.Now().UTC().Format("Mon 15:04") }

// delete deletes a task of an organization.
func (a *account) delete(org int, id string) {
	a.Console.ChangeTask(org, id, simulator.TaskChange{Deleted: true})
	a.oracle.mu.Lock()
	defer a.oracle.mu.Unlock()
	a.oracle.deleted[a.Console.Organizations()[org].ID] = time.Now()
}
