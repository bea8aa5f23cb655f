package simulator

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is one request on its way through the console.
type request struct {
	c     *Console
	view  *view
	grant grant
	usage Usage
	org   *org
	id    string // what stands for {id} in the path
	w     *response
	r     *http.Request
	now   time.Time
	// problem is what is wrong with the form of a token request.
	problem string
}

// ServeHTTP serves everything below /api/v1.0, which may have any prefix. Paths,
// parameters and records are documented unless a comment says otherwise.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, isAPI := apiPath(r.URL.Path)
	q := &request{c: c, r: r, now: c.opts.Now()}
	rt, id, found := c.find(path)
	q.id, found = id, found && isAPI
	if found && rt.scope == scopeToken && r.Method == rt.method {
		q.grant, q.problem = c.clientForm(r)
	} else {
		q.grant = c.authenticate(r, q.now)
	}
	number := c.logCall(Call{Time: q.now, Method: r.Method, Path: path, Query: r.URL.RawQuery, Token: q.grant.kind})
	f := c.takeFault(path, q.now)
	respond := func(w http.ResponseWriter) {
		q.w = &response{ResponseWriter: w, fault: f}
		defer func() { c.logStatus(number, q.w.status) }()
		q.serve(rt, found, f)
	}
	if f.Serve != nil {
		f.Serve(w, r, respond)
		return
	}
	respond(w)
}

func (q *request) serve(rt route, found bool, f Fault) {
	public := found && rt.scope == scopePublic
	charged := q.grant.valid() && !public
	verdict, usage, retry := q.c.admit(q.now, source(q.r), q.grant, charged && !f.Uncounted)
	q.usage = usage
	if !wait(q.r.Context(), f.Delay) || f.Drop {
		panic(http.ErrAbortHandler)
	}
	if charged {
		usage.setHeaders(q.w.Header())
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
		q.send(http.StatusNotFound, "text/plain; charset=utf-8", "404: Not Found")
	case q.r.Method != rt.method:
		q.w.Header().Set("Allow", rt.method)
		q.fail(http.StatusMethodNotAllowed, "method not allowed")
	case q.allowed(rt):
		q.view = q.c.view()
		rt.serve(q)
	}
}

// apiPath cuts off what precedes the API: consoles may be behind proxies with prefixes.
func apiPath(path string) (below string, isAPI bool) {
	if _, below, found := strings.Cut(path, "/api/v1.0"); found {
		return below, strings.HasPrefix(below, "/")
	}
	return path, false
}

// source is the address by which burst limits count.
func source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// allowed checks credential, licence and organization, in this order, and responds with an error where one of them
// does not suffice. Codes and bodies are seen, the order is assumed.
func (q *request) allowed(rt route) bool {
	kind := q.grant.provided()
	switch {
	case rt.scope == scopePublic:
		return true
	case rt.scope == scopeToken && q.problem != "":
		q.fail(http.StatusBadRequest, q.problem)
	case rt.scope == scopeToken && q.grant.kind != tokenClient:
		q.fail(http.StatusUnauthorized, "invalid client")
	case kind == tokenNone:
		q.json(http.StatusUnauthorized, row{"detail": "missing API key", "error": "request failed", "status": "error", "title": "request failed"})
	case kind == tokenInvalid:
		q.json(http.StatusUnauthorized, row{"error": "unauthorized"})
	case !slices.Contains(rt.scope.kinds(), kind):
		q.json(http.StatusUnauthorized, row{
			"error":                "invalid " + kind + " token: invalid account API key",
			"possible_token_types": rt.scope.kinds(), "provided_token_type": kind,
		})
	case q.c.opts.Tier > min(rt.scope.licence(), q.grant.licence()):
		q.json(http.StatusForbidden, row{"title": "NotAllowedForLicense", "status": http.StatusForbidden, "detail": "Action not allowed for this license type"})
	case rt.scope == scopeAccount || rt.scope == scopeToken:
		return true
	default:
		return q.findOrg()
	}
	return false
}

func (q *request) findOrg() bool {
	id := q.r.URL.Query().Get("_oid")
	if q.org = q.grant.org; q.org != nil {
		if id != "" && id != q.org.id {
			q.json(http.StatusUnauthorized, row{"error": "unauthorized"})
			return false
		}
		return true
	}
	if id == "" || q.c.opts.IgnoreOrganization {
		// Seen: account tokens without _oid get the data of some organization.
		q.org = q.c.orgs[0]
		return true
	}
	i := slices.IndexFunc(q.c.orgs, func(o *org) bool { return o.id == id })
	if i < 0 || !q.c.orgs[i].exists.holds(q.now.Unix()) {
		q.fail(http.StatusNotFound, "organization not found")
		return false
	}
	q.org = q.c.orgs[i]
	return true
}

// fail responds with Problem JSON (documented).
func (q *request) fail(status int, detail string) {
	q.json(status, row{"title": http.StatusText(status), "status": status, "detail": detail})
}

func (q *request) json(status int, v any) {
	body := appendJSON(nil, v)
	if status != http.StatusOK {
		q.send(status, "application/json", string(body))
		return
	}
	q.stream(func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

func (q *request) send(status int, contentType, body string) {
	q.w.Header().Set("Content-Type", contentType)
	q.w.WriteHeader(status)
	_, _ = io.WriteString(q.w, body) // fails only when the client is gone
}

// faulty responds as a fault demands.
func (q *request) faulty(f Fault) {
	status := cmp.Or(f.Status, http.StatusOK)
	switch {
	case f.Body != nil:
		q.send(status, cmp.Or(f.ContentType, "application/json"), *f.Body)
	case status < 400:
		q.w.WriteHeader(status)
	default:
		q.fail(status, "injected fault")
	}
}
