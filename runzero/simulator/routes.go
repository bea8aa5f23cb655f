package simulator

import (
	"net/http"
	"slices"
	"strings"
)

func (c *Console) buildRoutes() {
	get := func(s scope, f func(*request)) route { return route{http.MethodGet, s, f} }
	released := func(id, version string) route {
		return get(scopePublic, func(q *request) { q.json(http.StatusOK, release(id, version)) })
	}
	// A list of one organization, or joined over all of them.
	own := func(s scope, f func(*view, *org) []row) route {
		return get(s, func(q *request) { q.rows(f(q.view, q.org)) })
	}
	all := func(f func(*view, *org) []row) route {
		return get(scopeAccount, func(q *request) {
			q.rows(q.view.each(func(o *org) []row { return f(q.view, o) }))
		})
	}
	c.routes = map[string]route{
		"/health":                    get(scopePublic, func(q *request) { q.json(http.StatusOK, row{"status": "ok", "version": c.opts.Version}) }),
		"/releases/agent/version":    released("agent", c.opts.ExplorerVersion),
		"/releases/scanner/version":  released("scanner", c.opts.Version),
		"/releases/platform/version": released("platform", c.opts.Version),

		"/account/api/token": {http.MethodPost, scopeToken, func(q *request) { q.json(http.StatusOK, c.issue(q.now)) }},
		"/account/orgs":      all(func(v *view, o *org) []row { return []row{v.orgRow(o)} }),
		"/account/sites":     all((*view).accountSiteRows),
		"/account/agents":    all((*view).explorerRows),
		"/account/tasks":     get(scopeAccount, func(q *request) { q.taskList(c.orgs) }),
		"/account/license":   get(scopeAccount, func(q *request) { q.json(http.StatusOK, q.view.licenseRow()) }),

		"/org":                 get(scopeOrganization, (*request).organization),
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
		for _, form := range []string{".json", ".jsonl"} {
			c.routes["/export/org/"+name+form] = get(scopeExport, e.serve)
		}
	}
}

// organization answers with the organization's record, or with a list of
// those within reach where the console is one that does.
func (q *request) organization() {
	if !q.c.opts.OrganizationList {
		q.json(http.StatusOK, q.view.orgRow(q.org))
		return
	}
	within := []*org{q.org}
	if q.grant.wholeAccount() {
		within = q.c.orgs
	}
	var rows []row
	for _, o := range within {
		rows = append(rows, q.view.orgRow(o))
	}
	q.json(http.StatusOK, rows)
}

// rows answers with a bare array, without those that the search leaves out.
func (q *request) rows(rows []row) {
	_, match, ok := search(q, rowKeywords())
	if !ok {
		return
	}
	send(q, layout{}, matching(slices.All(rows), match), rowWriter(q.view, nil))
}

// maxListed is how many tasks /org/tasks and /account/tasks show (documented).
const maxListed = 1000

func (q *request) taskList(orgs []*org) {
	_, match, ok := search(q, taskKeywords())
	if !ok {
		return
	}
	status := q.r.URL.Query().Get("status")
	var list []task
	for _, o := range orgs {
		for _, t := range q.view.tasks(o) {
			if (match == nil || match(&t)) && (status == "" || strings.EqualFold(status, t.status(q.view))) {
				list = append(list, t)
			}
		}
	}
	slices.SortStableFunc(list, newestFirst)
	send(q, layout{}, pointers(list[:min(len(list), maxListed)]), taskWriter(q.c.listFields)(q.view, nil))
}

func (q *request) oneTask() {
	for _, t := range q.view.tasks(q.org) {
		if t.id.uuid() == q.id {
			q.task(&t)
			return
		}
	}
	q.fail(http.StatusNotFound, "task not found")
}

// task answers with one task, without the names that lists join to it (seen).
func (q *request) task(t *task) {
	q.stream(func(write func([]byte) error) error {
		return write(appendRecord(nil, q.view.state(t), q.c.taskFields))
	})
}
