package simulator

import (
	"slices"
	"strconv"
)

// taskState is a task as of one moment. What has not happened yet is 0 (seen).
type taskState struct {
	*task
	v                                    *view
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
	s.progress()
	return s
}

// recur fills in what only schedules have.
func (s *taskState) recur() {
	sc := s.schedule
	s.frequency = sc.frequency
	if _, idle := within(sc.gaps, s.v.now); idle {
		s.err = sc.parentErr
	}
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

// taskFields is a task without the names that lists join to it. About a dozen
// of its keys are not in the published schema but in real records (seen).
func taskFields() []field[*taskState] {
	none := raw[*taskState](`"` + zeroUUID + `"`)
	return sorted([]field[*taskState]{
		{"agent_id", text(func(s *taskState) string { return s.explorerID() })},
		{"client_id", text(func(s *taskState) string { return s.v.c.clientID })},
		{"created_at", number(func(s *taskState) int64 { return s.createdAt })},
		{"created_by", raw[*taskState](`"PLANTED.operator@example.com"`)},
		{"created_by_user_id", uuid(func(s *taskState) key { return s.v.c.seed.sub(drawUser).sub(1) })},
		{"cruncher_id", none},
		{"custom_integration_id", raw[*taskState]("null")},
		{"data_acquisition_ended_at", number(func(s *taskState) int64 { return s.acqEnd })},
		{"data_acquisition_started_at", number(func(s *taskState) int64 { return s.acqStart })},
		{"data_processing_ended_at", number(func(s *taskState) int64 { return s.procEnd })},
		{"data_processing_started_at", number(func(s *taskState) int64 { return s.procStart })},
		{"description", raw[*taskState](`"PLANTED description"`)},
		{"error", text(func(s *taskState) string { return s.err })},
		{"grace_period", raw[*taskState](`"4"`)},
		{"hidden", raw[*taskState]("false")},
		{"hosted_zone_id", text(func(s *taskState) string { return s.zoneID() })},
		{"id", uuid(func(s *taskState) key { return s.id })},
		{"name", text(func(s *taskState) string { return s.name() })},
		{"organization_id", text(func(s *taskState) string { return s.org.id })},
		{"params", (*taskState).appendParams},
		{"parent_id", func(s *taskState, b []byte) []byte {
			if under := s.under(); under != nil {
				return appendKeyUUID(b, under.key)
			}
			return appendString(b, zeroUUID)
		}},
		{"recur", flag(func(s *taskState) bool { return s.parent })},
		{"recur_frequency", text(func(s *taskState) string { return s.frequency })},
		{"recur_last", number(func(s *taskState) int64 { return s.recurLast })},
		{"recur_last_task_id", func(s *taskState, b []byte) []byte {
			if s.lastRun == 0 {
				return appendString(b, zeroUUID)
			}
			return appendKeyUUID(b, s.lastRun)
		}},
		{"recur_next", number(func(s *taskState) int64 { return s.recurNext })},
		{"site_id", text(func(s *taskState) string {
			if st := s.site(); st != nil {
				return st.id
			}
			return zeroUUID
		})},
		{"size_data", number(func(s *taskState) int64 { return s.data })},
		{"size_results", number(func(s *taskState) int64 { return s.results })},
		{"size_site", raw[*taskState]("0")},
		{"source_id", number(func(s *taskState) int64 { return s.source() })},
		{"start_time", number(func(s *taskState) int64 { return s.start })},
		{"stats", (*taskState).appendStats},
		{"status", text(func(s *taskState) string { return s.status })},
		{"template_id", none},
		{"type", text(func(s *taskState) string { return s.typ() })},
		{"updated_at", number(func(s *taskState) int64 { return s.updated })},
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
		{"explorer_group_name", func(s *taskState, b []byte) []byte {
			if s.manual != nil && s.manual.group {
				return append(b, `"PLANTED group"`...)
			}
			return append(b, "null"...)
		}},
		{"site_name", func(s *taskState, b []byte) []byte {
			if st := s.site(); st != nil {
				return appendString(b, st.name)
			}
			return append(b, "null"...)
		}},
		{"template_name", raw[*taskState]("null")},
	}
}

// taskWriter writes tasks as lists have them.
func taskWriter(fields []field[*taskState]) func(*view, []string) func([]byte, *task) []byte {
	return func(v *view, names []string) func([]byte, *task) []byte {
		some := project(fields, names)
		return func(b []byte, t *task) []byte { return appendRecord(b, v.state(t), some) }
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
		b = append(b, `"excludes":"10.66.6.66","nameservers":"10.66.6.66","rate":"1000","scan-tags":"note=PLANTED","targets":"10.66.6.66/32"`...)
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
