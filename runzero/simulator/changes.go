package simulator

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// Task is a schedule or a run as the API lists it.
type Task struct {
	ID, Type, Status string
	Recur            bool
	// Ended is when the processing of a run ended; zero before that, and for runs that failed.
	Ended time.Time
}

// Tasks are the tasks of an organization now, newest first.
func (c *Console) Tasks(org int) iter.Seq[Task] {
	return each(slices.All(c.view().tasks(c.orgs[org])), func(t *task) Task {
		listed := Task{ID: t.id.uuid(), Type: t.typ, Status: t.status, Recur: t.parent}
		if t.procEnd > 0 {
			listed.Ended = time.Unix(t.procEnd, 0)
		}
		return listed
	})
}

// TaskChange is what somebody does to a task. Zero fields change nothing.
type TaskChange struct {
	Name, Status string
	Hidden       bool
	// Deleted removes the task from all lists, without a trace.
	Deleted bool
}

// taskChange is everything that was done to a task, last at a time.
type taskChange struct {
	TaskChange
	at int64
}

// ChangeTask changes a task of an organization, and its updated_at. A task that is not listed is not changed.
func (c *Console) ChangeTask(org int, id string, change TaskChange) {
	v := c.view()
	list := v.tasks(c.orgs[org])
	i := slices.IndexFunc(list, func(t *task) bool { return t.id.uuid() == id })
	if i < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	changes := maps.Clone(c.changes) // views have the old ones
	if changes == nil {
		changes = map[key]taskChange{}
	}
	before := changes[list[i].id]
	changes[list[i].id] = taskChange{at: v.now, TaskChange: TaskChange{
		Name: cmp.Or(change.Name, before.Name), Status: cmp.Or(change.Status, before.Status),
		Hidden: change.Hidden || before.Hidden, Deleted: change.Deleted || before.Deleted,
	}}
	c.changes = changes
}

// changed applies the changes to the tasks of an organization.
func (v *view) changed(list []*task) []*task {
	if len(v.changes) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(t *task) bool {
		change, ok := v.changes[t.id]
		if ok {
			t.name, t.status, t.hidden = cmp.Or(change.Name, t.name), cmp.Or(change.Status, t.status), change.Hidden
			t.updated = max(t.updated, change.at)
		}
		return change.Deleted
	})
}

// AddTasks adds n runs that have just ended, of type scan or connector, to organizations in turn.
func (c *Console) AddTasks(typ string, n int, orgs ...int) {
	now := c.opts.Now().Unix()
	for i := range n {
		o := c.orgs[orgs[i%len(orgs)]]
		s := &started{org: o, typ: typ, name: fmt.Sprintf("Bulk %s %d", typ, i%7), params: map[string]string{}}
		if typ == "scan" {
			s.site = o.sites[i/len(orgs)%len(o.sites)]
		}
		c.add(s, run{start: now - 5*minute, scanStart: now - 4*minute, scanEnd: now - 2*minute, crunch: now - minute, end: now})
	}
}

// StartScan starts a scan of a site at a time, which may be in the future. A quarter of its time is processing. It
// returns the id of the task.
func (c *Console) StartScan(org, site int, at time.Time, lasting time.Duration) string {
	o := c.orgs[org]
	s := &started{org: o, site: o.sites[site], explorer: o.explorers[0], name: "Scan of " + o.sites[site].name, params: map[string]string{}}
	start, total := at.Unix(), int64(lasting/time.Second)
	c.add(s, run{start: start, scanStart: start + total/20, scanEnd: start + total*14/20, crunch: start + total*15/20, end: start + total})
	return s.run.key.uuid()
}
