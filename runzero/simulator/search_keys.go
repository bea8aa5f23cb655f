package simulator

import "slices"

func (v *view) assetSearch(t *term) (func(*asset) bool, error) {
	flag := func(f func(*asset) bool) (func(*asset) bool, error) {
		want, err := t.bool()
		return func(a *asset) bool { return f(a) == want }, err
	}
	text := func(f func(*asset) string) (func(*asset) bool, error) {
		return func(a *asset) bool { return t.text(f(a)) }, nil
	}
	aged := func(f func(*asset) int64) (func(*asset) bool, error) {
		in, err := t.age(v.now)
		return func(a *asset) bool { return in(f(a)) }, err
	}
	switch t.key {
	case "id":
		return text(func(a *asset) string { return a.key.uuid() })
	case "type":
		return text((*asset).typ)
	case "os":
		return text((*asset).osName)
	case "risk":
		return text(func(a *asset) string { return a.risk().name })
	case "criticality":
		return text(func(a *asset) string { return a.criticality().name })
	case "", "name":
		return text(func(a *asset) string { return string(a.appendName(nil)) })
	case "organization_id":
		return text(func(a *asset) string { return a.f.org.id })
	case "site", "site_id", "site_name":
		return func(a *asset) bool { return a.site.id == t.value || t.text(a.site.name) }, nil
	case "source":
		return func(a *asset) bool { return slices.ContainsFunc(a.sources(), t.text) }, nil
	case "alive":
		return flag(func(a *asset) bool { return a.alive })
	case "scanned":
		return flag((*asset).scanned)
	case "first_seen":
		return aged(func(a *asset) int64 { return a.born })
	case "last_seen":
		return aged(func(a *asset) int64 { return a.seen })
	}
	return nil, unknownKeyword(t)
}

func (v *view) taskSearch(t *term) (func(*task) bool, error) {
	switch t.key {
	case "id":
		return func(k *task) bool { return t.text(k.id.uuid()) }, nil
	case "parent_id":
		return func(k *task) bool { return k.schedule != nil && !k.parent && t.text(k.schedule.key.uuid()) }, nil
	case "type":
		return func(k *task) bool { return t.text(k.typ()) }, nil
	case "status":
		// A part would do for other texts; processed must not match processing.
		exact := term{value: t.value, exact: true}
		return func(k *task) bool { return exact.text(k.status(v)) }, nil
	case "recur":
		want, err := t.bool()
		return func(k *task) bool { return k.parent == want }, err
	case "", "name":
		return func(k *task) bool { return t.text(k.name()) }, nil
	case "organization_id":
		return func(k *task) bool { return t.text(k.org.id) }, nil
	case "site", "site_id", "site_name":
		return func(k *task) bool { s := k.site(); return s != nil && (s.id == t.value || t.text(s.name)) }, nil
	case "source":
		return func(k *task) bool { return t.text(k.sourceName()) }, nil
	case "created_at":
		in, err := t.age(v.now)
		return func(k *task) bool { return in(k.createdAt) }, err
	}
	return nil, unknownKeyword(t)
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

// rowSearch is for records of which there are few.
func rowSearch(t *term) (func(row) bool, error) {
	switch t.key {
	case "id", "name", "organization_id", "site_id", "os", "version":
		return func(r row) bool { s, ok := r[t.key].(string); return ok && t.text(s) }, nil
	case "", "site":
		return func(r row) bool {
			name, _ := r["name"].(string)
			id, _ := r["id"].(string)
			return t.text(name) || t.value == id
		}, nil
	case "connected", "inactive", "demo", "project":
		want, err := t.bool()
		return func(r row) bool { b, ok := r[t.key].(bool); return ok && b == want }, err
	}
	return nil, unknownKeyword(t)
}
