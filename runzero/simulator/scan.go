package simulator

import (
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
	explorer *explorer // nil: a group or a hosted zone
	name     string
	params   map[string]string
	run      run
}

// maxStarted bounds how many started scans are remembered.
const maxStarted = 1000

// startScan accepts the documented scan options. Schedules are not simulated:
// whatever its scan-frequency and scan-start, the scan runs once, now. An
// unknown Explorer is not found and missing options are a bad request (both
// assumed; the documentation names the parameters only).
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
	id := opts["explorer"]
	if id == "" {
		id = opts["agent"]
	}
	switch {
	case id != "":
		i := slices.IndexFunc(q.org.explorers, func(e *explorer) bool { return e.id == id })
		if i < 0 {
			q.fail(http.StatusNotFound, "explorer not found")
			return
		}
		s.explorer = q.org.explorers[i]
	case opts["explorer-group-id"] == "" && opts["hosted-zone-name"] == "" && opts["hosted-zone-id"] == "":
		q.fail(http.StatusBadRequest, "one of explorer, explorer-group-id and hosted-zone-name is required")
		return
	}
	q.c.start(s, q.view.now)
	q.task(&task{id: s.run.key, org: q.org, run: s.run, manual: s, createdAt: s.run.start})
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
