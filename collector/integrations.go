package collector

import (
	"cmp"
	"maps"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	// Imports are named after their file, and there may be a new one each day.
	maxIntegrations     = 100    // names exported: those that ran last
	maxIntegrationNames = 20_000 // names kept during a poll; beyond, those that ran longest ago are dropped
)

// integrations are the last runs of connectors and imports.
type integrations struct {
	Last      map[string]*lastRuns // by name
	Scheduled map[string]connector // by the ids of their schedules
}

// connector is a recurring connector.
type connector struct {
	Name   string
	MaxAge time.Duration `json:",omitempty"` // as maxAge
}

func newIntegrations() integrations {
	return integrations{Last: map[string]*lastRuns{}, Scheduled: map[string]connector{}}
}

// schedule notes the schedule of a connector.
func (i integrations) schedule(task *runzero.Task) {
	if len(i.Scheduled) < maxIntegrationNames {
		i.Scheduled[task.ID] = connector{Label(task.Name), maxAge(task)}
	}
}

func (i integrations) add(task *runzero.Task, o outcome, now time.Time) {
	end := finishedAt(task, o, now)
	if end.IsZero() {
		return
	}
	name := Label(task.Name)
	if i.Last[name] == nil && len(i.Last) >= maxIntegrationNames {
		for _, oldest := range i.latest()[maxIntegrationNames/2:] {
			delete(i.Last, oldest)
		}
	}
	entry(i.Last, name).add(end, task.ID, o)
}

// restore adds what the previous snapshot knew about connectors that are still scheduled and
// that the task list no longer shows.
func (i integrations) restore(families []*dto.MetricFamily) {
	before := map[string]*lastRuns{}
	of := func(labels map[string]string) *lastRuns { return entry(before, labels["integration"]) }
	eachSample(families, "runzero_integration_last_success_timestamp_seconds", func(v float64, l map[string]string) { of(l).Success = timestampOf(v) })
	eachSample(families, "runzero_integration_last_success", func(v float64, l map[string]string) { of(l).Failed = v == 0 })
	scheduled := map[string]bool{}
	for _, c := range i.Scheduled {
		scheduled[c.Name] = true
	}
	for name, b := range before {
		if !scheduled[name] {
			continue
		}
		runs := i.Last[name]
		if runs == nil {
			// The time of the last attempt is not exported; that of the last success is good enough
			// for choosing the names to export.
			i.Last[name] = &lastRuns{Success: b.Success, Failed: b.Failed, Attempt: b.Success}
		} else if b.Success.After(runs.Success) {
			runs.Success = b.Success
		}
	}
}

// latest returns the names, those that ran last first.
func (i integrations) latest() []string {
	return slices.SortedFunc(maps.Keys(i.Last), func(a, b string) int {
		return cmp.Or(i.Last[b].Attempt.Compare(i.Last[a].Attempt), cmp.Compare(a, b))
	})
}

func (i integrations) samples(out *samples, org string) {
	ages := map[string]time.Duration{}
	for _, c := range i.Scheduled {
		ages[c.Name] = max(ages[c.Name], c.MaxAge)
	}
	names := i.latest()
	for _, name := range slices.Sorted(maps.Keys(ages)) {
		if i.Last[name] == nil && ages[name] > 0 {
			names = append(names, name)
		}
	}
	for _, name := range names[:min(maxIntegrations, len(names))] {
		if runs := i.Last[name]; runs != nil {
			out.timestamp("runzero_integration_last_success_timestamp_seconds", runs.Success, org, name)
			out.boolean("runzero_integration_last_success", !runs.Failed, org, name)
		}
		if ages[name] > 0 {
			out.gauge("runzero_integration_max_age_seconds", ages[name].Seconds(), org, name)
		}
	}
	out.gauge("runzero_collector_folded_values", float64(max(len(names)-maxIntegrations, 0)), org, "tasks", "integration")
}
