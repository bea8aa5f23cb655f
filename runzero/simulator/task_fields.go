package simulator

import "fmt"

// taskFields are the fields of a task without the names that lists join to it. About a
// dozen are not in the published schema but in real records (seen).
func taskFields() []field[*task] {
	return table(fixed[*task](`{"created_by":"PLANTED.operator@example.com","cruncher_id":"`+zeroUUID+`","custom_integration_id":null,
		"description":"PLANTED description","grace_period":"4","size_site":0,"template_id":"`+zeroUUID+`"}`), []field[*task]{
		{"agent_id", text((*task).explorerID)},
		{"client_id", text(func(t *task) string { return t.v.c.clientID })},
		{"created_at", number(func(t *task) int64 { return t.createdAt })},
		{"created_by_user_id", uuid(func(t *task) key { return t.v.c.seed.sub(drawUser).sub(1) })},
		{"data_acquisition_ended_at", number(func(t *task) int64 { return t.acqEnd })},
		{"data_acquisition_started_at", number(func(t *task) int64 { return t.acqStart })},
		{"data_processing_ended_at", number(func(t *task) int64 { return t.procEnd })},
		{"data_processing_started_at", number(func(t *task) int64 { return t.procStart })},
		{"error", text(func(t *task) string { return t.err })},
		{"hidden", flag(func(t *task) bool { return t.hidden })},
		{"hosted_zone_id", text((*task).zoneID)},
		{"id", uuid(func(t *task) key { return t.id })},
		{"name", text(func(t *task) string { return t.name })},
		{"organization_id", text(func(t *task) string { return t.org.id })},
		{"params", raw((*task).params)},
		{"parent_id", text((*task).parentID)},
		{"recur", flag(func(t *task) bool { return t.parent })},
		{"recur_frequency", text(func(t *task) string { return t.frequency })},
		{"recur_last", number(func(t *task) int64 { return t.recurLast })},
		{"recur_last_task_id", text((*task).lastRunID)},
		{"recur_next", number(func(t *task) int64 { return t.recurNext })},
		{"site_id", text((*task).siteID)},
		{"size_data", number(func(t *task) int64 { return t.dataSize })},
		{"size_results", number(func(t *task) int64 { return t.results })},
		{"source_id", number((*task).sourceID)},
		{"start_time", number(func(t *task) int64 { return t.start })},
		{"stats", raw((*task).stats)},
		{"status", text(func(t *task) string { return t.status })},
		{"type", text(func(t *task) string { return t.typ })},
		{"updated_at", number(func(t *task) int64 { return t.updated })},
	})
}

// joinedFields are in lists of tasks, not in single tasks (seen).
func joinedFields() []field[*task] {
	return table(fixed[*task](`{"template_name":null}`), []field[*task]{
		{"agent_name", encoded(func(t *task) any { name, _, _ := t.joinedNames(); return name })},
		{"explorer_group_name", encoded(func(t *task) any { _, name, _ := t.joinedNames(); return name })},
		{"site_name", encoded(func(t *task) any { _, _, name := t.joinedNames(); return name })},
	})
}

func (t *task) params() string {
	switch {
	case t.manual != nil:
		return string(appendJSON(nil, t.manual.params))
	case t.typ == "scan":
		return `{"excludes":"10.66.6.66","nameservers":"10.66.6.66","rate":"1000","scan-tags":"note=PLANTED","targets":"10.66.6.66/32"}`
	}
	return "{}"
}

// stats are numbers in strings (seen), and none before the end.
func (t *task) stats() string {
	s, typ := t.site, t.typ
	if t.procEnd == 0 || s == nil || typ != "scan" && typ != "sample" {
		return "{}"
	}
	k := t.run.key.sub(drawStats)
	total := max(1, int64(s.share*float64(t.org.slots))-k.sub(2).below(3))
	part := func(n uint64, permille int64) int64 { return total * k.sub(n).below(permille) / 1000 }
	fresh, online, offline, changed, ignored := part(3, 12), part(4, 60), part(5, 60), part(6, 150), part(7, 8)
	return fmt.Sprintf(`{"Recv":"%d","ResultCount":"%d","Sent":"%d","change.changedAssets":"%d","change.ignoredAssets":"%d","change.newAssets":"%d",`+
		`"change.offlineAssets":"%d","change.onlineAssets":"%d","change.totalAssets":"%d","change.unchangedAssets":"%d"}`,
		total*41, total*7, total*300, changed, ignored, fresh, offline, online, total, total-fresh-online-offline-changed-ignored)
}
