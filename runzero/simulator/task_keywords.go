package simulator

// taskKeywords are those seen in use.
func taskKeywords() keywords[*task] {
	name := byText(func(k *task) string { return k.name() })
	site := bySite(func(k *task) *site { return k.site() })
	return keywords[*task]{
		"": name, "name": name,
		"id": byText(func(k *task) string { return k.id.uuid() }),
		"parent_id": byText(func(k *task) string {
			if under := k.under(); under != nil {
				return under.key.uuid()
			}
			return zeroUUID
		}),
		"organization_id": byText(func(k *task) string { return k.org.id }),
		"site":            site, "site_id": site, "site_name": site,
		"template_id": byText(func(*task) string { return zeroUUID }),
		"desc":        byText(func(*task) string { return "PLANTED description" }),
		"params":      byState(func(s *taskState) string { return string(s.appendParams(nil)) }),
		"agent_id":    byText(func(k *task) string { return k.explorerID() }),
		"type":        byText(func(k *task) string { return k.typ() }),
		"source":      byText(func(k *task) string { return k.sourceName() }),
		"status":      byStatus,
		"error":       byState(func(s *taskState) string { return s.err }),
		"recur":       byFlag(func(k *task) bool { return k.parent }),
		"created_at":  bySince(func(k *task) int64 { return k.createdAt }),
		"updated_at":  byUpdate,
	}
}

// byStatus wants the whole status: a part would do for other texts, but
// processed must not match processing.
func byStatus(v *view, t *term) (func(*task) bool, error) {
	whole := term{value: t.value, exact: true}
	in := whole.text()
	return func(k *task) bool { return in(k.status(v)) }, nil
}

func byState(f func(*taskState) string) keyword[*task] {
	return func(v *view, t *term) (func(*task) bool, error) {
		in := t.text()
		return func(k *task) bool { return in(f(v.state(k))) }, nil
	}
}

func byUpdate(v *view, t *term) (func(*task) bool, error) {
	in, err := t.since(v.now)
	return func(k *task) bool { return in(v.state(k).updated) }, err
}

// rowKeywords are for records of which there are few, which have some of these.
func rowKeywords() keywords[row] {
	field := func(name string) keyword[row] { return byText(func(r row) string { return r.text(name) }) }
	flag := func(name string) keyword[row] {
		return byFlag(func(r row) bool { b, ok := r[name].(bool); return ok && b })
	}
	named := keyword[row](func(_ *view, t *term) (func(row) bool, error) {
		in := t.text()
		return func(r row) bool { return r.text("id") == t.value || in(r.text("name")) }, nil
	})
	return keywords[row]{
		"": named, "site": named,
		"id": field("id"), "name": field("name"), "organization_id": field("organization_id"), "site_id": field("site_id"), "os": field("os"), "version": field("version"),
		"connected": flag("connected"), "inactive": flag("inactive"), "demo": flag("demo"), "project": flag("project"),
	}
}
