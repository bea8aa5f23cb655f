package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// started is a scan that somebody started through the API.
type started struct {
	org      *org
	site     *site
	explorer *explorer // nil: a hosted zone
	zone     *zone     // nil: an Explorer
	group    bool      // whether the Explorer is one of a group's
	name     string
	params   map[string]string
	run      run
}

// maxStarted bounds how many started scans are remembered.
const maxStarted = 1000

// startScan accepts the documented scan options. Schedules are not simulated:
// whatever its scan-frequency and scan-start, the scan runs once, now. What is
// answered to options that are missing or name nothing is assumed; the
// documentation names the parameters only.
func (q *request) startScan() {
	site := q.org.siteByID(q.id)
	if site == nil {
		q.fail(http.StatusNotFound, "site not found")
		return
	}
	opts := map[string]string{}
	err := json.NewDecoder(http.MaxBytesReader(q.w, q.r.Body, 1<<20)).Decode(&opts)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		q.fail(http.StatusRequestEntityTooLarge, "request body too large")
		return
	case err != nil:
		q.fail(http.StatusBadRequest, "invalid scan options: an object of strings is expected")
		return
	case strings.TrimSpace(opts["targets"]) == "":
		q.fail(http.StatusBadRequest, "targets are required")
		return
	}
	s := &started{org: q.org, site: site, name: opts["scan-name"], params: opts}
	if s.name == "" {
		s.name = "Scan of " + site.name
	}
	if status, problem := q.scanner(s); problem != "" {
		q.fail(status, problem)
		return
	}
	q.c.start(s, q.view.now)
	q.task(&task{id: s.run.key, org: q.org, run: s.run, manual: s, createdAt: s.run.start})
}

// scanner finds what is to scan: an Explorer, one of a group's, or a hosted
// zone. Groups are not simulated beyond that: any id is one.
func (q *request) scanner(s *started) (status int, problem string) {
	id, group := cmp.Or(s.params["explorer"], s.params["agent"]), s.params["explorer-group-id"]
	zone := cmp.Or(s.params["hosted-zone-name"], s.params["hosted-zone-id"])
	switch {
	case id != "":
		i := slices.IndexFunc(q.org.explorers, func(e *explorer) bool { return e.id == id })
		if i < 0 {
			return http.StatusNotFound, "explorer not found"
		}
		s.explorer = q.org.explorers[i]
	case group != "":
		s.explorer, s.group = q.view.available(q.org), true
	case zone != "":
		if s.zone = q.view.zone(zone); s.zone == nil {
			return http.StatusNotFound, "hosted zone not found"
		}
		if !s.zone.enabled {
			return http.StatusBadRequest, "hosted zone is disabled"
		}
	default:
		return http.StatusBadRequest, "one of explorer, explorer-group-id and hosted-zone-name is required"
	}
	return 0, ""
}

func (c *Console) start(s *started, now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := uint64(1)
	if n := len(c.started); n > 0 {
		number = uint64(c.started[n-1].run.k) + 1
	}
	k := c.seed.sub(drawScan).sub(number)
	r := run{k: int64(number), key: k, start: now, outcome: "processed"}
	r.scanStart = now + k.sub(1).between(10, 30)
	r.scanEnd = r.scanStart + k.sub(2).between(2*minute, 4*minute)
	r.crunch = r.scanEnd + k.sub(3).between(15, 45)
	r.end = r.crunch + k.sub(4).between(30, 90)
	s.run = r
	if len(c.started) >= maxStarted {
		c.started = slices.Clone(c.started[1:])
	}
	c.started = append(c.started, s)
}
