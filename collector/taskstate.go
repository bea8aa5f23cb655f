package collector

import (
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// tasksVersion is that of the encoding of Tasks. What another version has cached is not used: the tasks are read again.
const tasksVersion = 2

const (
	// maxUnsettled bounds the runs that are kept one by one. An organization with more cannot be followed by its changes.
	maxUnsettled = 20_000
	// settled is how long after a change a list of changes may still show it for the first time. Everything that changed
	// later than that before the newest change of an export is therefore kept.
	settled = 10 * time.Minute
)

// Tasks is what the tasks of an organization have shown: enough to export them, and to add what changes later without
// reading all of them again. It is cached with its Snapshot, and never changed once it is in one.
type Tasks struct {
	Version int
	// Since is an instant by the console's clock. Every run that the last export contained, and that changed later than
	// this, is in Runs.
	Since time.Time `json:",omitzero"`
	// Newest is the last change of a run, by the console's clock.
	Newest time.Time `json:",omitzero"`
	// Runs holds, by id, the runs that have not finished, and those that changed after Since.
	Runs map[string]run
	// Incomplete means that Runs lacks some, because there were too many.
	Incomplete   bool                      `json:",omitempty"`
	Counts       map[string]map[string]int // of runs, by type and status
	SiteNames    map[string]string         // of the sites that tasks name, by key
	Scans        scans
	Schedules    scanSchedules
	Integrations integrations
	// Processed is when the last task was done that can have changed assets, by the console's clock.
	Processed time.Time `json:",omitzero"`

	seen *seenSites
}

// run is a task that is no schedule.
type run struct {
	Type, Status string
	Site         string    `json:",omitempty"` // its key
	Start        time.Time `json:",omitzero"`
	Updated      time.Time `json:",omitzero"`
}

func (r run) outcome() outcome {
	_, o := taskStatus(r.Status)
	return o
}

func (r run) finished() bool { return r.outcome() == succeeded || r.outcome() == failed }

// LoadTasks decodes the Tasks of a cached Snapshot. It returns nil for those of another version, and for none.
func LoadTasks(state []byte) *Tasks {
	t := &Tasks{}
	if state == nil || json.Unmarshal(state, t) != nil || t.Version != tasksVersion {
		return nil
	}
	if t.Runs == nil || t.Counts == nil || t.Scans == nil || t.Schedules == nil || t.Integrations.Last == nil || t.Integrations.Scheduled == nil {
		return nil
	}
	return t
}

func newTasks(sites SiteNames) *Tasks {
	return &Tasks{
		Version: tasksVersion, Runs: map[string]run{}, Counts: map[string]map[string]int{}, Scans: scans{},
		Schedules: scanSchedules{}, Integrations: newIntegrations(), seen: newSeenSites(sites),
	}
}

// add adds a task of an export. Passive samples are left out, as they are from lists: they alone would fill one.
func (t *Tasks) add(task *runzero.Task, now time.Time) error {
	if task.Type == typeSample {
		return nil
	}
	if task.Recur {
		return t.schedule(task)
	}
	r, err := t.runOf(task)
	if err != nil {
		return err
	}
	t.noteNewest(r, now)
	if len(t.Runs) >= 2*maxUnsettled {
		t.forgetSettled()
	}
	if !t.Incomplete && len(task.ID) <= maxLabelRunes {
		t.Runs[task.ID] = r
	} else {
		t.Incomplete = true
	}
	t.count(task, r, now)
	return nil
}

// noteNewest ignores changes in the far future, which are mistakes, and would hide all that come.
func (t *Tasks) noteNewest(r run, now time.Time) {
	if r.Updated.After(t.Newest) && !r.Updated.After(now.Add(windowSkew)) {
		t.Newest = r.Updated
	}
}

// runOf returns the run that a task is.
func (t *Tasks) runOf(task *runzero.Task) (run, error) {
	status, o := taskStatus(task.Status)
	r := run{Type: taskType(task.Type), Status: status, Updated: task.UpdatedAt.UTC()}
	if task.Type != typeScan {
		return r, nil
	}
	site, err := t.seen.note(task.SiteID, task.SiteName)
	r.Site = site
	if o == running {
		r.Start = task.Start().UTC()
	}
	return r, err
}

// forgetSettled forgets the runs that have finished, and will not be among the changes unless they change again.
func (t *Tasks) forgetSettled() {
	if !t.Newest.IsZero() {
		t.Since = t.Newest.Add(-settled)
	}
	maps.DeleteFunc(t.Runs, func(_ string, r run) bool { return r.finished() && !r.Updated.After(t.Since) })
	if t.Incomplete = t.Incomplete || len(t.Runs) > maxUnsettled; t.Incomplete {
		clear(t.Runs)
	}
}

// count adds a run to what is exported.
func (t *Tasks) count(task *runzero.Task, r run, now time.Time) {
	if t.Counts[r.Type] == nil {
		t.Counts[r.Type] = map[string]int{}
	}
	t.Counts[r.Type][r.Status]++
	o := r.outcome()
	switch task.Type {
	case typeScan:
		t.Scans.add(r.Site, task, o, now)
	case typeConnector, typeImport:
		t.Integrations.add(task, o, now)
	}
	if end := processedAt(task, o, now); changesAssets(task.Type) && end.After(t.Processed) {
		t.Processed = end.UTC()
	}
}

// schedule adds a schedule as it is now. Removed ones stay in the list with a status that says so.
func (t *Tasks) schedule(task *runzero.Task) error {
	delete(t.Schedules, task.ID)
	delete(t.Integrations.Scheduled, task.ID)
	if !inForce(task) {
		return nil
	}
	switch task.Type {
	case typeConnector:
		t.Integrations.schedule(task)
	case typeScan:
		site, err := t.seen.note(task.SiteID, task.SiteName)
		if err != nil {
			return err
		}
		return t.Schedules.add(site, task)
	}
	return nil
}

// restore adds what the previous snapshot knew, and the task list no longer shows.
func (t *Tasks) restore(poll Poll) {
	t.Scans.restore(poll)
	t.Integrations.restore(poll.Previous.Families)
}

// errUnclear means that a change does not show what it has changed: the tasks have to be read again.
var errUnclear = errors.New("only a new export can show what the change of a task has changed")

// change adds a task that has changed since the last export, and reports whether that makes a difference: it may have
// been added before.
func (t *Tasks) change(task *runzero.Task, now time.Time) (changed bool, err error) {
	switch {
	case task.Type == typeSample:
		return false, nil
	case task.Recur:
		scan, connector := t.Schedules[task.ID], t.Integrations.Scheduled[task.ID]
		err := t.schedule(task)
		return t.Schedules[task.ID] != scan || t.Integrations.Scheduled[task.ID] != connector, err
	}
	r, err := t.runOf(task)
	if err != nil {
		return false, err
	}
	before, known := t.Runs[task.ID]
	switch {
	case known && before == r:
		return false, nil
	case known && before.finished(): // and was edited: it may have been the last of its site
		return false, errUnclear
	case known:
		t.Counts[before.Type][before.Status]--
	case !r.Updated.After(t.Since):
		return false, nil // the export contained it as it is
	case !task.CreatedAt.After(t.Since):
		return false, errUnclear // it had finished before, and nothing is known of it
	case len(t.Runs) >= 2*maxUnsettled || len(task.ID) > maxLabelRunes:
		return false, errUnclear
	}
	t.Runs[task.ID] = r
	t.noteNewest(r, now)
	t.count(task, r, now)
	return true, nil
}

// findRunning works out which scans are running.
func (t *Tasks) findRunning() {
	for _, site := range t.Scans {
		site.Running = time.Time{}
	}
	for _, r := range t.Runs {
		if r.Type == typeScan && r.outcome() == running {
			entry(t.Scans, r.Site).run(r.Start)
		}
	}
}

// clone returns a copy to add changes to.
func (t *Tasks) clone(sites SiteNames) *Tasks {
	c := *t
	c.Runs, c.Schedules, c.seen = maps.Clone(t.Runs), maps.Clone(t.Schedules), newSeenSites(sites)
	maps.Copy(c.seen.names, t.SiteNames)
	c.SiteNames = nil
	c.Counts = map[string]map[string]int{}
	for taskType, counts := range t.Counts {
		c.Counts[taskType] = maps.Clone(counts)
	}
	c.Scans = clonePointers(t.Scans)
	for _, site := range c.Scans {
		site.Failures = maps.Clone(site.Failures)
	}
	c.Integrations = integrations{Last: clonePointers(t.Integrations.Last), Scheduled: maps.Clone(t.Integrations.Scheduled)}
	return &c
}

func clonePointers[M ~map[string]*T, T any](m M) M {
	c := make(M, len(m))
	for key, value := range m {
		c[key] = new(*value)
	}
	return c
}

// snapshot exports the tasks.
func (t *Tasks) snapshot(poll Poll) (Snapshot, error) {
	org := poll.Organization.Name
	out := newSamples("tasks")
	for taskType, counts := range t.Counts {
		for status, n := range counts {
			if n > 0 {
				out.gauge("runzero_tasks", float64(n), org, taskType, status)
			}
		}
	}
	t.SiteNames = t.seen.names
	names := poll.siteNames(t.seen.names)
	t.Scans.samples(out, poll, names, t.Schedules.maxAges())
	t.Schedules.samples(out, org, names)
	t.Integrations.samples(out, org)
	s, err := out.snapshot(names)
	s.Tasks = t
	return s, err
}
