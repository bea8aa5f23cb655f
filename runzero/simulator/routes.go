package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

type route struct {
	method string
	scope  scope
	serve  func(*request)
}

func (c *Console) buildRoutes() {
	get := func(s scope, serve func(*request)) route { return route{http.MethodGet, s, serve} }
	release := func(id string) route {
		return get(scopePublic, func(q *request) { q.json(http.StatusOK, row{"id": id, "version": c.opts.Version}) })
	}
	// A list of the organization, and one of all organizations.
	own := func(s scope, rows func(*view, *org) []row) route {
		return get(s, func(q *request) { q.rows(layout{}, rows(q.view, q.org)) })
	}
	all := func(rows func(*view, *org) []row) route {
		return get(scopeAccount, func(q *request) {
			var list []row
			for _, o := range c.exist(q.view.now) {
				list = append(list, rows(q.view, o)...)
			}
			q.rows(layout{}, list)
		})
	}
	c.routes = map[string]route{
		"/health":                    get(scopePublic, func(q *request) { q.json(http.StatusOK, row{"status": "ok", "version": c.opts.Version}) }),
		"/releases/agent/version":    release("agent"),
		"/releases/scanner/version":  release("scanner"),
		"/releases/platform/version": release("platform"),

		"/account/api/token": {http.MethodPost, scopeToken, func(q *request) { q.json(http.StatusOK, c.issue(q.now)) }},
		"/account/orgs":      all(func(v *view, o *org) []row { return []row{v.orgRow(o)} }),
		"/account/sites":     all((*view).siteRows),
		"/account/agents":    all((*view).explorerRows),
		"/account/tasks":     get(scopeAccount, func(q *request) { q.taskList(c.exist(q.view.now)) }),
		"/account/keys":      get(scopeAccount, (*request).apiKeys),
		"/account/license":   get(scopeAccount, func(q *request) { q.json(http.StatusOK, q.view.licenseRow()) }),

		"/org":                 get(scopeOrganization, func(q *request) { q.json(http.StatusOK, q.view.orgRow(q.org)) }),
		"/org/key":             get(scopeOrganization, func(q *request) { q.json(http.StatusOK, q.view.keyRow(q.org, q.usage)) }),
		"/org/explorers":       own(scopeOrganization, (*view).explorerRows),
		"/org/agents":          own(scopeOrganization, (*view).explorerRows),
		"/org/sites":           own(scopeOrganization, (*view).siteRows),
		"/org/hosted-zones":    own(scopeZones, (*view).zoneRows),
		"/org/tasks":           get(scopeOrganization, func(q *request) { q.taskList([]*org{q.org}) }),
		"/org/tasks/{id}":      get(scopeOrganization, (*request).oneTask),
		"/org/sites/{id}/scan": {http.MethodPut, scopeOrganization, (*request).startScan},
	}
	for name, e := range c.exports {
		forms := []string{".json", ".jsonl", ".csv"}
		if name == "tasks" {
			forms = forms[:2]
		}
		for _, form := range forms {
			c.routes["/export/org/"+name+form] = get(scopeExport, e.serve)
		}
	}
	// Documented by runZero's examples of the API alone, which call it the list of completed scans. That its rows are
	// tasks is assumed.
	c.routes["/export/org/scans.json"] = get(scopeExport, exporting(export[*task]{fields: c.taskFields, records: (*view).completedScans}).serve)
}

// find looks up the route of a path and the {id} in the path.
func (c *Console) find(path string) (rt route, id string, found bool) {
	pattern := path
	if parts := strings.Split(path, "/"); len(parts) > 3 && parts[1] == "org" && parts[3] != "" {
		id, parts[3] = parts[3], "{id}"
		pattern = strings.Join(parts, "/")
	}
	if slices.Contains(c.opts.Missing, path) || slices.Contains(c.opts.Missing, pattern) {
		return rt, "", false
	}
	rt, found = c.routes[pattern]
	return rt, id, found
}

// maxListed is how many tasks /org/tasks and /account/tasks list (documented).
const maxListed = 1000

func (q *request) taskList(orgs []*org) {
	match, ok := search(q, q.c.taskFields)
	if !ok {
		return
	}
	status := q.r.URL.Query().Get("status")
	var list []*task
	for _, o := range orgs {
		for _, t := range q.view.tasks(o) {
			if (match == nil || match(t)) && (status == "" || strings.EqualFold(status, t.status)) {
				list = append(list, t)
			}
		}
	}
	slices.SortStableFunc(list, newestFirst)
	send(q, layout{}, slices.All(list[:min(len(list), maxListed)]), q.c.taskFields)
}

func (q *request) oneTask() {
	for _, t := range q.view.tasks(q.org) {
		if t.id.uuid() == q.id {
			q.task(t)
			return
		}
	}
	q.fail(http.StatusNotFound, "task not found")
}

// task sends one task, without the names that lists join to tasks (seen).
func (q *request) task(t *task) {
	q.json(http.StatusOK, json.RawMessage(appendRecord(nil, t, taskFields())))
}
