package simulator

import (
	"cmp"
	"iter"
	"slices"
)

// task is a schedule, one of its runs, or a scan that a caller started, at one moment. Times
// of what has not happened yet are 0 (seen).
type task struct {
	v                 *view
	id                key
	org               *org
	schedule          *schedule // nil for a started scan
	parent            bool      // the schedule itself
	run               run
	manual            *started // nil unless it is a started scan
	name, typ         string
	site              *site     // nil: none
	explorer          *explorer // nil: none
	createdAt         int64
	status, err       string
	hidden            bool
	frequency         string
	start, updated    int64
	recurLast         int64
	recurNext         int64
	lastRun           key // 0: none
	acqStart, acqEnd  int64
	procStart         int64
	procEnd           int64
	dataSize, results int64
}

// tasks lists the schedules and runs of an organization, newest first (assumed of the
// exports, documented of /org/tasks).
func (v *view) tasks(o *org) []*task {
	var list []*task
	for _, s := range o.schedules {
		if s.site != nil && !s.site.exists.holds(v.now) {
			continue
		}
		if !s.noParent {
			list = append(list, v.scheduleTask(s))
		}
		if s.neverRan {
			continue
		}
		k := s.latest(v.now)
		for n := int64(0); n < s.history || s.startOf(k) >= v.c.keptSince(); n++ {
			r := s.run(k)
			if r.start < s.since {
				break
			}
			list = append(list, v.runTask(v.newTask(s), r))
			k = s.before(k)
		}
	}
	for _, m := range v.started {
		if m.org == o {
			list = append(list, v.startedTask(m))
		}
	}
	list = v.changed(list)
	slices.SortStableFunc(list, newestFirst)
	return list
}

func (v *view) taskRecords(o *org, _ int) iter.Seq2[int, *task] { return slices.All(v.tasks(o)) }

// completedScans are the tasks that are scans and have ended well.
func (v *view) completedScans(o *org, _ int) iter.Seq2[int, *task] {
	return slices.All(slices.DeleteFunc(v.tasks(o), func(t *task) bool { return t.typ != "scan" || t.status != "processed" }))
}

func newestFirst(a, b *task) int {
	return cmp.Or(cmp.Compare(b.createdAt, a.createdAt), cmp.Compare(a.id, b.id))
}

// createdAt is before every run that is listed.
func (s *schedule) createdAt(c *Console) int64 {
	return max(s.since, c.anchor-(s.history+2)*s.period-30*day-s.key.below(100*day))
}

func (v *view) newTask(s *schedule) *task {
	return &task{v: v, org: s.org, schedule: s, name: s.name, typ: s.typ, site: s.site, explorer: s.explorer}
}

func (v *view) scheduleTask(s *schedule) *task {
	t := v.newTask(s)
	t.id, t.parent, t.status, t.frequency = s.key, true, "active", s.frequency
	t.createdAt = s.createdAt(v.c)
	t.start = t.createdAt
	t.updated = s.changedAt(t.createdAt, v.now)
	if _, idle := within(s.gaps, v.now); idle {
		t.err = s.parentErr
		if s.paused {
			t.status = "paused"
		}
	}
	if s.neverRan {
		// The first run is always in the future.
		moved := floorDiv(v.now, 30*day) * 30 * day
		t.start, t.updated = moved+33*day, max(t.updated, moved)
		return t
	}
	last := s.run(s.latest(v.now))
	t.start = t.createdAt + 600
	if last.start >= s.since {
		t.recurLast, t.lastRun, t.updated = last.start, last.key, max(t.updated, last.start)
	}
	t.recurNext = s.offset + (last.k+1)*s.period
	return t
}

func (v *view) startedTask(m *started) *task {
	return v.runTask(&task{v: v, org: m.org, manual: m, name: m.name, typ: cmp.Or(m.typ, "scan"), site: m.site, explorer: m.explorer}, m.run)
}

// runTask adds how far a run has come.
func (v *view) runTask(t *task, r run) *task {
	t.id, t.run, t.status = r.key, r, r.statusAt(v.now)
	t.createdAt, t.start, t.updated = r.start, r.start, r.start
	reach := func(at int64, field *int64) bool {
		if v.now < at {
			return false
		}
		*field, t.updated = at, at
		return true
	}
	if !reach(r.scanStart, &t.acqStart) || !reach(r.scanEnd, &t.acqEnd) {
		return t
	}
	if r.failed {
		if v.now >= r.end {
			t.err, t.updated = r.err, r.end
		}
		return t
	}
	t.dataSize = 20000 + r.key.sub(drawStats).below(80000)
	if reach(r.crunch, &t.procStart) && reach(r.end, &t.procEnd) {
		t.results = 50000 + r.key.sub(drawStats).sub(1).below(90000)
	}
	return t
}

func (t *task) explorerID() string {
	if t.explorer == nil {
		return zeroUUID
	}
	return t.explorer.id
}

func (t *task) siteID() string {
	if t.site == nil {
		return zeroUUID
	}
	return t.site.id
}

func (t *task) zoneID() string {
	if t.manual == nil || t.manual.zone == nil {
		return zeroUUID
	}
	return t.manual.zone.id
}

// parentID is the id of the schedule of a run.
func (t *task) parentID() string {
	if t.schedule == nil || t.schedule.noParent || t.parent {
		return zeroUUID
	}
	return t.schedule.key.uuid()
}

func (t *task) lastRunID() string {
	if t.lastRun == 0 {
		return zeroUUID
	}
	return t.lastRun.uuid()
}

func (t *task) sourceID() int64 {
	if t.schedule == nil {
		return 1
	}
	return t.schedule.source
}

// joinedNames are the names that lists join to tasks: null where there is none.
func (t *task) joinedNames() (explorer, group, site any) {
	if t.explorer != nil {
		explorer = t.explorer.name
	}
	if t.manual != nil && t.manual.group {
		group = "PLANTED group"
	}
	if t.site != nil {
		site = t.site.name
	}
	return explorer, group, site
}
