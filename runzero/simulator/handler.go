package simulator

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scope is the API a route belongs to, and thereby what may call it.
type scope int

const (
	scopePublic scope = iota
	scopeExport
	scopeOrganization
	scopeZones // of the organization API, but for the largest licence alone
	scopeAccount
	scopeToken
)

// licence is the smallest tier that has a scope (documented).
func (s scope) licence() Tier {
	return [...]Tier{Community, Community, Professional, Platform, Platform, Platform}[s]
}

type route struct {
	method string
	scope  scope
	serve  func(*request)
}

// request is one request on its way through the console.
type request struct {
	c     *Console
	view  *view
	grant grant
	usage Usage
	org   *org
	id    string // what stands for {id} in the path
	w     *reply
	r     *http.Request
	now   time.Time
	// problem is what is wrong with a token request's form.
	problem string
}

// ServeHTTP answers everything below <any prefix>/api/v1.0. Paths, parameters
// and records are documented, but for what comments at each say.
func (c *Console) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	path, ours := below(r.URL.Path)
	q := &request{c: c, r: r, now: c.opts.Now()}
	rt, found := c.find(path, q)
	found = found && ours
	if found && rt.scope == scopeToken && r.Method == rt.method {
		q.grant, q.problem = c.clientForm(r)
	} else {
		q.grant = c.authenticate(r, q.now)
	}
	number := c.logCall(Call{Time: q.now, Method: r.Method, Path: path, Query: r.URL.RawQuery, Token: q.grant.kind})
	f := c.takeFault(path, q.now)
	q.w = &reply{ResponseWriter: rw, fault: f}
	if f.Raw != nil {
		kept := &recording{header: http.Header{}}
		q.w.ResponseWriter = kept
		defer kept.play(rw, r, f.Raw)
	}
	defer func() { c.logStatus(number, q.w.status) }()

	public := found && rt.scope == scopePublic
	verdict, usage, retry := c.admit(q.now, source(r), q.grant.valid() && !public && !f.Uncounted)
	q.usage = usage
	if !wait(r.Context(), f.Delay) || f.Drop {
		panic(http.ErrAbortHandler)
	}
	if q.grant.valid() && !public {
		usage.header(q.w.Header())
	}
	switch {
	case f.Status != 0 || f.Body != nil:
		q.faulty(f)
	case verdict == overBurst:
		q.w.Header().Set("Retry-After", strconv.Itoa(retry))
		q.json(http.StatusTooManyRequests, row{"error": "request limit exceeded"})
	case verdict == overQuota:
		q.json(http.StatusTooManyRequests, row{"error": "daily API limit exceeded", "status": "error", "title": "request failed"})
	case !found:
		q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		q.text(http.StatusNotFound, "404: Not Found")
	case r.Method != rt.method:
		q.w.Header().Set("Allow", rt.method)
		q.fail(http.StatusMethodNotAllowed, "method not allowed")
	case q.allowed(rt):
		q.view = c.view()
		rt.serve(q)
	}
}

// source is the address that burst limits count by.
func source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// find looks a path up. Paths with an id are few enough to try one by one.
func (c *Console) find(path string, q *request) (route, bool) {
	pattern := path
	if rest, ok := strings.CutPrefix(path, "/org/tasks/"); ok && rest != "" && !strings.Contains(rest, "/") {
		pattern, q.id = "/org/tasks/{id}", rest
	} else if rest, ok := strings.CutPrefix(path, "/org/sites/"); ok {
		if id, ok := strings.CutSuffix(rest, "/scan"); ok && id != "" && !strings.Contains(id, "/") {
			pattern, q.id = "/org/sites/{id}/scan", id
		}
	}
	if slices.Contains(c.opts.Missing, path) || slices.Contains(c.opts.Missing, pattern) {
		return route{}, false
	}
	rt, ok := c.routes[pattern]
	return rt, ok
}

// allowed checks credential, licence and organization, in this order, and
// answers when something is amiss. Codes and bodies are those seen; which
// check comes first is assumed.
func (q *request) allowed(rt route) bool {
	g := q.grant
	if rt.scope == scopePublic {
		return true
	}
	switch {
	case rt.scope == scopeToken:
		if q.problem != "" {
			q.fail(http.StatusBadRequest, q.problem)
			return false
		}
		if g.kind != tokenClient {
			q.fail(http.StatusUnauthorized, "invalid client")
			return false
		}
	case g.kind == tokenNone:
		q.json(http.StatusUnauthorized, row{"detail": "missing API key", "error": "request failed", "status": "error", "title": "request failed"})
		return false
	case g.kind == tokenInvalid:
		q.json(http.StatusUnauthorized, row{"error": "unauthorized"})
		return false
	case !slices.Contains(rt.scope.kinds(), g.provided()):
		q.json(http.StatusUnauthorized, wrongKind(g.provided(), rt.scope.kinds()))
		return false
	}
	if q.c.opts.Tier > min(rt.scope.licence(), g.licence()) {
		q.json(http.StatusForbidden, row{"title": "NotAllowedForLicense", "status": http.StatusForbidden, "detail": "Action not allowed for this license type"})
		return false
	}
	if rt.scope == scopeAccount || rt.scope == scopeToken {
		return true
	}
	return q.findOrg()
}

func (q *request) findOrg() bool {
	id := q.r.URL.Query().Get("_oid")
	q.org = q.grant.org
	switch {
	case q.org != nil:
		if id == "" || id == q.org.id {
			return true
		}
		q.json(http.StatusUnauthorized, row{"error": "unauthorized"})
		return false
	case id == "", q.c.opts.IgnoreOrganization:
		// Seen: account tokens without _oid get some organization's data.
		q.org = q.c.orgs[0]
		return true
	}
	if q.org = q.c.orgByID(id); q.org == nil {
		q.fail(http.StatusNotFound, "organization not found")
		return false
	}
	return true
}

// fail answers with the documented Problem JSON.
func (q *request) fail(status int, detail string) {
	q.json(status, row{"title": http.StatusText(status), "status": status, "detail": detail})
}

func (q *request) json(status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // rows hold nothing that cannot be marshalled
	}
	q.w.Header().Set("Content-Type", "application/json")
	if status == http.StatusOK {
		q.stream(func(write func([]byte) error) error { return write(b) })
		return
	}
	q.text(status, string(b))
}

func (q *request) text(status int, body string) {
	q.w.WriteHeader(status)
	// A client that went away wants no answer, here and below.
	_, _ = q.w.Write([]byte(body))
}

func (q *request) faulty(f Fault) {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case f.Body != nil:
		media := f.ContentType
		if media == "" {
			media = "application/json"
		}
		q.w.Header().Set("Content-Type", media)
		q.text(status, *f.Body)
	case status < 400:
		q.w.WriteHeader(status)
	default:
		q.fail(status, "injected fault")
	}
}
