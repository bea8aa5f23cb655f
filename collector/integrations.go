package collector

import (
	"cmp"
	"maps"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	// Imports are named after their file, and there may be a new one each day.
	maxIntegrations     = 100    // names exported: those that ran last
	maxIntegrationNames = 20_000 // names kept during a poll; beyond, those that ran longest ago are dropped
)

// integrations finds the last runs of connectors and imports by name.
type integrations struct {
	poll      Poll
	last      map[string]*lastRuns
	scheduled map[string]bool // names of connectors
}

func newIntegrations(poll Poll) *integrations {
	return &integrations{poll: poll, last: map[string]*lastRuns{}, scheduled: map[string]bool{}}
}

func (i *integrations) addSchedule(task *runzero.Task) {
	if task.Type == typeConnector && inForce(task) && len(i.scheduled) < maxIntegrationNames {
		i.scheduled[Label(task.Name)] = true
	}
}

func (i *integrations) add(task *runzero.Task, o outcome) {
	end := finishedAt(task, o, i.poll.Now)
	if end.IsZero() {
		return
	}
	name := Label(task.Name)
	if i.last[name] == nil && len(i.last) >= maxIntegrationNames {
		for _, oldest := range i.latest()[maxIntegrationNames/2:] {
			delete(i.last, oldest)
		}
	}
	entry(i.last, name).add(end, task.ID, o)
}

// restore adds what the previous snapshot knew about connectors that are still scheduled and
// that the task list no longer shows.
func (i *integrations) restore() {
	if i.poll.Previous == nil {
		return
	}
	before := map[string]*lastRuns{}
	of := func(labels map[string]string) *lastRuns { return entry(before, labels["integration"]) }
	families := i.poll.Previous.Families
	eachSample(families, "runzero_integration_last_success_timestamp_seconds", func(v float64, l map[string]string) { of(l).success = timestampOf(v) })
	eachSample(families, "runzero_integration_last_success", func(v float64, l map[string]string) { of(l).failed = v == 0 })
	for name, b := range before {
		if !i.scheduled[name] {
			continue
		}
		runs := i.last[name]
		if runs == nil {
			// The time of the last attempt is not exported; that of the last success is good enough
			// for choosing the names to export.
			i.last[name] = &lastRuns{success: b.success, failed: b.failed, attempt: b.success}
		} else if b.success.After(runs.success) {
			runs.success = b.success
		}
	}
}

// latest returns the names, those that ran last first.
func (i *integrations) latest() []string {
	return slices.SortedFunc(maps.Keys(i.last), func(a, b string) int {
		return cmp.Or(i.last[b].attempt.Compare(i.last[a].attempt), cmp.Compare(a, b))
	})
}

func (i *integrations) samples(out *samples, org string) {
	i.restore()
	names := i.latest()
	for _, name := range names[:min(maxIntegrations, len(names))] {
		runs := i.last[name]
		out.timestamp("runzero_integration_last_success_timestamp_seconds", runs.success, org, name)
		out.boolean("runzero_integration_last_success", !runs.failed, org, name)
	}
	out.gauge("runzero_collector_folded_values", float64(max(len(names)-maxIntegrations, 0)), org, "tasks", "integration")
}
