package simulator

import (
	"cmp"
	"iter"
	"slices"
)

// task is a schedule, one of its runs, or a scan that somebody started.
type task struct {
	id        key
	org       *org
	schedule  *schedule // nil for a scan started by hand
	parent    bool
	run       run
	manual    *started
	createdAt int64
}

// tasks lists an organization's schedules and runs, newest first (assumed of
// the exports, documented of /org/tasks).
func (v *view) tasks(o *org) []task {
	var list []task
	for _, s := range o.schedules {
		if !s.noParent {
			list = append(list, task{id: s.key, org: o, schedule: s, parent: true, createdAt: s.createdAt(v.c)})
		}
		if s.neverRan {
			continue
		}
		k := s.latest(v.now)
		for range s.history {
			r := s.run(k)
			list = append(list, task{id: r.key, org: o, schedule: s, run: r, createdAt: r.start})
			k = s.before(k)
		}
	}
	for _, m := range v.started {
		if m.org == o {
			list = append(list, task{id: m.run.key, org: o, run: m.run, manual: m, createdAt: m.run.start})
		}
	}
	slices.SortStableFunc(list, newestFirst)
	return list
}

func (v *view) taskRecords(o *org, _ int) iter.Seq2[int, *task] { return pointers(v.tasks(o)) }

// pointers walks a list without copying what is in it.
func pointers[T any](list []T) iter.Seq2[int, *T] {
	return func(yield func(int, *T) bool) {
		for i := range list {
			if !yield(i, &list[i]) {
				return
			}
		}
	}
}

func newestFirst(a, b task) int {
	if n := cmp.Compare(b.createdAt, a.createdAt); n != 0 {
		return n
	}
	return cmp.Compare(a.id, b.id)
}

// statusAt is the status of the schedule itself.
func (s *schedule) statusAt(t int64) string {
	if _, idle := within(s.gaps, t); idle && s.paused {
		return "paused"
	}
	return "active"
}

// createdAt is before every run that is listed.
func (s *schedule) createdAt(c *Console) int64 {
	return c.anchor - (s.history+2)*s.period - 30*day - s.key.below(100*day)
}

func (t *task) status(v *view) string {
	if t.parent {
		return t.schedule.statusAt(v.now)
	}
	return t.run.statusAt(v.now)
}

func (t *task) typ() string {
	if t.schedule == nil {
		return "scan"
	}
	return t.schedule.typ
}

func (t *task) name() string {
	if t.schedule == nil {
		return t.manual.name
	}
	return t.schedule.name
}

func (t *task) site() *site {
	if t.schedule == nil {
		return t.manual.site
	}
	return t.schedule.site
}

func (t *task) explorer() *explorer {
	if t.schedule == nil {
		return t.manual.explorer
	}
	return t.schedule.explorer
}

func (t *task) explorerID() string {
	if e := t.explorer(); e != nil {
		return e.id
	}
	return zeroUUID
}

func (t *task) zoneID() string {
	if t.manual != nil && t.manual.zone != nil {
		return t.manual.zone.id
	}
	return zeroUUID
}

// under is the schedule whose run the task is, nil where it is none's.
func (t *task) under() *schedule {
	if t.schedule == nil || t.schedule.noParent || t.parent {
		return nil
	}
	return t.schedule
}

func (t *task) sourceName() string {
	switch {
	case t.typ() == "sample":
		return "passive"
	case t.schedule == nil || t.schedule.source == 1:
		return "runZero"
	case t.schedule.source == 4:
		return "CrowdStrike"
	}
	return "AzureAD"
}

func (t *task) source() int64 {
	if t.schedule == nil {
		return 1
	}
	return t.schedule.source
}
