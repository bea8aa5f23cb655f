package simulator

import (
	"slices"
	"strconv"
)

// taskState is a task as of one moment. What has not happened yet is 0 (seen).
type taskState struct {
	*task
	v                                    *view
	under                                *schedule // whose run it is
	status, err, frequency               string
	updated, start                       int64
	recurLast, recurNext                 int64
	lastRun                              key // 0: never
	acqStart, acqEnd, procStart, procEnd int64
	data, results                        int64
}

func (v *view) state(t *task) *taskState {
	s := &taskState{task: t, v: v, status: t.status(v), start: t.createdAt, updated: t.createdAt}
	if t.parent {
		s.recur()
		return s
	}
	if t.schedule != nil && !t.schedule.noParent {
		s.under = t.schedule
	}
	s.progress()
	return s
}

// recur fills in what only schedules have.
func (s *taskState) recur() {
	sc := s.schedule
	s.frequency, s.err = sc.frequency, sc.parentErr
	if sc.neverRan {
		// The first run is always still to come.
		s.start = (floorDiv(s.v.now, 30*day)+1)*30*day + 3*day
		return
	}
	last := sc.run(sc.latest(s.v.now))
	s.start = s.createdAt + 600
	s.recurLast, s.lastRun, s.updated = last.start, last.key, last.start+2
	s.recurNext = sc.offset + (last.k+1)*sc.period
}

// progress fills in how far a run has come.
func (s *taskState) progress() {
	r := &s.run
	reach := func(at int64, field *int64) bool {
		if s.v.now < at {
			return false
		}
		*field, s.updated = at, at
		return true
	}
	if !reach(r.scanStart, &s.acqStart) || !reach(r.scanEnd, &s.acqEnd) {
		return
	}
	if r.failed {
		if s.v.now >= r.end {
			s.err, s.updated = r.err, r.end
		}
		return
	}
	s.data = 20000 + r.key.sub(drawStats).below(80000)
	if reach(r.crunch, &s.procStart) && reach(r.end, &s.procEnd) {
		s.results = 50000 + r.key.sub(drawStats).sub(1).below(90000)
	}
}

func tStr(f func(*taskState) string) func(*taskState, []byte) []byte {
	return func(s *taskState, b []byte) []byte { return appendString(b, f(s)) }
}

func tInt(f func(*taskState) int64) func(*taskState, []byte) []byte {
	return func(s *taskState, b []byte) []byte { return appendInt(b, f(s)) }
}

func tLit(text string) func(*taskState, []byte) []byte {
	return func(_ *taskState, b []byte) []byte { return append(b, text...) }
}

// taskFields is a task without the names that lists join to it. About a dozen
// of its keys are not in the published schema but in real records (seen).
func taskFields() []field[*taskState] {
	none := tLit(`"` + zeroUUID + `"`)
	return sorted([]field[*taskState]{
		{"agent_id", tStr(func(s *taskState) string {
			if e := s.explorer(); e != nil {
				return e.id
			}
			return zeroUUID
		})},
		{"client_id", tStr(func(s *taskState) string { return s.v.c.clientID })},
		{"created_at", tInt(func(s *taskState) int64 { return s.createdAt })},
		{"created_by", tLit(`"PLANTED.operator@example.com"`)},
		{"created_by_user_id", func(s *taskState, b []byte) []byte { return appendKeyUUID(b, s.v.c.seed.sub(drawUser).sub(1)) }},
		{"cruncher_id", none},
		{"custom_integration_id", tLit("null")},
		{"data_acquisition_ended_at", tInt(func(s *taskState) int64 { return s.acqEnd })},
		{"data_acquisition_started_at", tInt(func(s *taskState) int64 { return s.acqStart })},
		{"data_processing_ended_at", tInt(func(s *taskState) int64 { return s.procEnd })},
		{"data_processing_started_at", tInt(func(s *taskState) int64 { return s.procStart })},
		{"description", tLit(`""`)},
		{"error", tStr(func(s *taskState) string { return s.err })},
		{"grace_period", tLit(`"4"`)},
		{"hidden", tLit("false")},
		{"hosted_zone_id", none},
		{"id", func(s *taskState, b []byte) []byte { return appendKeyUUID(b, s.id) }},
		{"name", tStr(func(s *taskState) string { return s.name() })},
		{"organization_id", tStr(func(s *taskState) string { return s.org.id })},
		{"params", (*taskState).appendParams},
		{"parent_id", func(s *taskState, b []byte) []byte {
			if s.under == nil {
				return appendString(b, zeroUUID)
			}
			return appendKeyUUID(b, s.under.key)
		}},
		{"recur", func(s *taskState, b []byte) []byte { return appendBool(b, s.parent) }},
		{"recur_frequency", tStr(func(s *taskState) string { return s.frequency })},
		{"recur_last", tInt(func(s *taskState) int64 { return s.recurLast })},
		{"recur_last_task_id", func(s *taskState, b []byte) []byte {
			if s.lastRun == 0 {
				return appendString(b, zeroUUID)
			}
			return appendKeyUUID(b, s.lastRun)
		}},
		{"recur_next", tInt(func(s *taskState) int64 { return s.recurNext })},
		{"site_id", tStr(func(s *taskState) string {
			if st := s.site(); st != nil {
				return st.id
			}
			return zeroUUID
		})},
		{"size_data", tInt(func(s *taskState) int64 { return s.data })},
		{"size_results", tInt(func(s *taskState) int64 { return s.results })},
		{"size_site", tLit("0")},
		{"source_id", tInt(func(s *taskState) int64 { return s.source() })},
		{"start_time", tInt(func(s *taskState) int64 { return s.start })},
		{"stats", (*taskState).appendStats},
		{"status", tStr(func(s *taskState) string { return s.status })},
		{"template_id", none},
		{"type", tStr(func(s *taskState) string { return s.typ() })},
		{"updated_at", tInt(func(s *taskState) int64 { return s.updated })},
	})
}

// joinedFields are in lists, not in single tasks (seen).
func joinedFields() []field[*taskState] {
	return []field[*taskState]{
		{"agent_name", func(s *taskState, b []byte) []byte {
			if e := s.explorer(); e != nil {
				return appendString(b, e.name)
			}
			return append(b, "null"...)
		}},
		{"explorer_group_name", tLit("null")},
		{"site_name", func(s *taskState, b []byte) []byte {
			if st := s.site(); st != nil {
				return appendString(b, st.name)
			}
			return append(b, "null"...)
		}},
		{"template_name", tLit("null")},
	}
}

func (s *taskState) appendParams(b []byte) []byte {
	b = append(b, '{')
	switch {
	case s.manual != nil:
		keys := make([]string, 0, len(s.manual.params))
		for k := range s.manual.params {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendString(b, s.manual.params[k])
		}
	case s.typ() == "scan":
		b = append(b, `"excludes":"","nameservers":"10.66.6.66","rate":"1000","scan-tags":"note=PLANTED","targets":`...)
		b = appendString(b, s.site().scope)
	}
	return append(b, '}')
}

// appendStats writes numbers in strings (seen), and none before the end.
func (s *taskState) appendStats(b []byte) []byte {
	st, typ := s.site(), s.typ()
	if s.procEnd == 0 || st == nil || typ != "scan" && typ != "sample" {
		return append(b, "{}"...)
	}
	k := s.run.key.sub(drawStats)
	total := max(1, int64(st.share*float64(s.org.slots))-k.sub(2).below(3))
	part := func(n uint64, permille int64) int64 { return total * k.sub(n).below(permille) / 1000 }
	fresh, online, offline, changed, ignored := part(3, 12), part(4, 60), part(5, 60), part(6, 150), part(7, 8)
	for i, e := range [...]struct {
		name  string
		value int64
	}{
		{"Recv", total * 41}, {"ResultCount", total * 7}, {"Sent", total * 300},
		{"change.changedAssets", changed}, {"change.ignoredAssets", ignored}, {"change.newAssets", fresh}, {"change.offlineAssets", offline},
		{"change.onlineAssets", online}, {"change.totalAssets", total}, {"change.unchangedAssets", total - fresh - online - offline - changed - ignored},
	} {
		if i == 0 {
			b = append(b, '{')
		} else {
			b = append(b, ',')
		}
		b = append(appendString(b, e.name), ':', '"')
		b = append(strconv.AppendInt(b, e.value, 10), '"')
	}
	return append(b, '}')
}
