package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// started is a scan that a caller started.
type started struct {
	org      *org
	site     *site
	explorer *explorer // nil: a hosted zone
	zone     *zone     // nil: an Explorer
	group    bool      // the Explorer was chosen from a group
	typ      string    // scan when empty
	name     string
	params   map[string]string
	run      run
}

// maxStarted bounds how many started scans are stored.
const maxStarted = 10_000

// startScan accepts the documented scan options. Schedules are not simulated: whatever
// scan-frequency and scan-start are, the scan runs once, now. The responses to missing and
// unknown options are assumed: only the names of the options are documented.
func (q *request) startScan() {
	s := &started{org: q.org, site: q.org.siteByID(q.id), params: map[string]string{}}
	if s.site == nil || !s.site.exists.holds(q.view.now) {
		q.fail(http.StatusNotFound, "site not found")
		return
	}
	err := json.NewDecoder(http.MaxBytesReader(q.w, q.r.Body, 1<<20)).Decode(&s.params)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		q.fail(http.StatusRequestEntityTooLarge, "request body too large")
	case err != nil:
		q.fail(http.StatusBadRequest, "invalid scan options: an object of strings is expected")
	case strings.TrimSpace(s.params["targets"]) == "":
		q.fail(http.StatusBadRequest, "targets are required")
	case q.chooseScanner(s):
		s.name = cmp.Or(s.params["scan-name"], "Scan of "+s.site.name)
		q.c.start(s, q.view.now)
		q.task(q.view.startedTask(s))
	}
}

// chooseScanner finds the Explorer, the Explorer of a group, or the hosted zone that is to scan. Groups are not
// simulated beyond that: every id is one. It responds with an error and returns false when there is no scanner.
func (q *request) chooseScanner(s *started) bool {
	id, group := cmp.Or(s.params["explorer"], s.params["agent"]), s.params["explorer-group-id"]
	zone := cmp.Or(s.params["hosted-zone-name"], s.params["hosted-zone-id"])
	switch {
	case id != "":
		i := slices.IndexFunc(q.org.explorers, func(e *explorer) bool { return e.id == id })
		if i < 0 {
			q.fail(http.StatusNotFound, "explorer not found")
			return false
		}
		s.explorer = q.org.explorers[i]
	case group != "":
		s.explorer, s.group = q.view.available(q.org), true
	case zone != "":
		if s.zone = q.view.zone(zone); s.zone == nil {
			q.fail(http.StatusNotFound, "hosted zone not found")
			return false
		}
		if !s.zone.enabled {
			q.fail(http.StatusBadRequest, "hosted zone is disabled")
			return false
		}
	default:
		q.fail(http.StatusBadRequest, "one of explorer, explorer-group-id and hosted-zone-name is required")
		return false
	}
	return true
}

func (c *Console) start(s *started, now int64) {
	k := c.seed.sub(drawScan).sub(drawStage).sub(uint64(now))
	r := run{start: now, scanStart: now + k.sub(1).between(10, 30)}
	r.scanEnd = r.scanStart + k.sub(2).between(2*minute, 4*minute)
	r.crunch = r.scanEnd + k.sub(3).between(15, 45)
	r.end = r.crunch + k.sub(4).between(30, 90)
	c.add(s, r)
}

// add adds a run that succeeds.
func (c *Console) add(s *started, r run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := int64(1)
	if n := len(c.started); n > 0 {
		number = c.started[n-1].run.k + 1
	}
	s.run, s.run.k, s.run.key, s.run.outcome = r, number, c.seed.sub(drawScan).sub(uint64(number)), "processed"
	if len(c.started) >= maxStarted {
		c.started = slices.Clone(c.started[1:])
	}
	c.started = append(c.started, s)
}
