package collector

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// integrations finds the last runs of connectors and imports, by name.
type integrations struct {
	poll      Poll
	last      map[string]*lastRuns
	schedules map[string]bool // names of the connectors that are scheduled
}

type lastRuns struct {
	good, attempt time.Time
	attemptID     string
	failed        bool
}

// integrationsMost bounds the names: an import is called after its file, and there
// may be a new one each day. The ones that ran last are kept.
const integrationsMost = 100

// namesMost bounds the names told apart while reading. Of more, those that ran long ago
// are forgotten.
const namesMost = 20_000

func newIntegrations(poll Poll) *integrations {
	return &integrations{poll: poll, last: map[string]*lastRuns{}, schedules: map[string]bool{}}
}

func (i *integrations) addSchedule(task *runzero.Task) {
	if task.Type == typeConnector && scheduled(task) && len(i.schedules) < namesMost {
		i.schedules[Label(task.Name)] = true
	}
}

func (i *integrations) add(task *runzero.Task, o outcome) {
	if o != succeeded && o != failed {
		return
	}
	end := task.End()
	if end.IsZero() || end.After(i.poll.Now.Add(skewMost)) {
		return
	}
	name := Label(task.Name)
	runs := i.last[name]
	if runs == nil {
		if len(i.last) >= namesMost {
			for _, oldest := range i.latest()[namesMost/2:] {
				delete(i.last, oldest)
			}
		}
		runs = &lastRuns{}
		i.last[name] = runs
	}
	if o == succeeded && end.After(runs.good) {
		runs.good = end
	}
	if later(end, task.ID, runs.attempt, runs.attemptID) {
		runs.attempt, runs.attemptID, runs.failed = end, task.ID, o == failed
	}
}

// recall brings back what the task list no longer tells of connectors that are still
// scheduled.
func (i *integrations) recall() {
	if i.poll.Previous == nil {
		return
	}
	before := map[string]*lastRuns{}
	of := func(labels map[string]string) *lastRuns {
		name := labels["integration"]
		if before[name] == nil {
			before[name] = &lastRuns{}
		}
		return before[name]
	}
	eachSample(i.poll.Previous.Families, "runzero_integration_last_success_timestamp_seconds", func(v float64, l map[string]string) { of(l).good = instantOf(v) })
	eachSample(i.poll.Previous.Families, "runzero_integration_last_success", func(v float64, l map[string]string) { of(l).failed = v == 0 })
	for name, b := range before {
		if !i.schedules[name] {
			continue
		}
		runs := i.last[name]
		if runs == nil {
			// When it was last tried is not exported; that it was is enough to keep it.
			i.last[name] = &lastRuns{good: b.good, failed: b.failed, attempt: b.good}
		} else if b.good.After(runs.good) {
			runs.good = b.good
		}
	}
}

// latest are the names, those that ran last first.
func (i *integrations) latest() []string {
	return slices.SortedFunc(maps.Keys(i.last), func(a, b string) int {
		return cmp.Or(i.last[b].attempt.Compare(i.last[a].attempt), cmp.Compare(a, b))
	})
}

func (i *integrations) samples(out *samples, org string) {
	i.recall()
	names := i.latest()
	for _, name := range names[:min(integrationsMost, len(names))] {
		runs := i.last[name]
		out.instant("runzero_integration_last_success_timestamp_seconds", runs.good, org, name)
		out.flag("runzero_integration_last_success", !runs.failed, org, name)
	}
	out.folded(org, "tasks", "integration", max(len(names)-integrationsMost, 0))
}
