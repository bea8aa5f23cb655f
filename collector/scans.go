package collector

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// scans are those of an organization, by the keys of their sites.
type scans map[string]*siteScans

// siteScans is what is known about the scans of one site.
type siteScans struct {
	lastRuns

	Duration time.Duration      `json:",omitempty"` // of the last successful scan
	Changes  map[string]float64 `json:",omitempty"` // of the last successful scan
	Running  time.Time          `json:",omitzero"`  // start of the oldest running scan
	// Failures are the ends of those that failed after the last successful scan, by their ids: the last maxFailures, and
	// maybe some of before.
	Failures map[string]time.Time `json:",omitempty"`
}

const maxFailures = 100 // that are counted

// entry returns the value of a key. It adds a zero value if there is none.
func entry[T any](m map[string]*T, key string) *T {
	if m[key] == nil {
		m[key] = new(T)
	}
	return m[key]
}

// add adds a run of a scan, of the site with this key.
func (s scans) add(key string, task *runzero.Task, o outcome, now time.Time) {
	site, start := entry(s, key), task.Start()
	if o == running {
		site.run(start)
	}
	end := finishedAt(task, o, now)
	if end.IsZero() {
		return
	}
	latest := site.add(end, task.ID, o)
	if o == failed {
		site.fail(end, task.ID)
	}
	if !latest {
		return
	}
	site.forgetFailures()
	site.Changes, site.Duration = changes(task.Changes), 0
	if !start.IsZero() {
		site.Duration = max(end.Sub(start), 0)
	}
}

// fail adds a failed scan, unless a later one was successful.
func (s *siteScans) fail(end time.Time, id string) {
	if compareRuns(end, id, s.Success, s.SuccessID) < 0 {
		return
	}
	if s.Failures == nil {
		s.Failures = map[string]time.Time{}
	}
	s.Failures[id] = end
	if len(s.Failures) > 2*maxFailures {
		byEnd := slices.SortedFunc(maps.Keys(s.Failures), func(a, b string) int { return compareRuns(s.Failures[a], a, s.Failures[b], b) })
		for _, id := range byEnd[:len(byEnd)-maxFailures] {
			delete(s.Failures, id)
		}
	}
}

// forgetFailures forgets those before the last successful scan.
func (s *siteScans) forgetFailures() {
	maps.DeleteFunc(s.Failures, func(id string, end time.Time) bool { return compareRuns(end, id, s.Success, s.SuccessID) < 0 })
}

// run adds the start of a scan that is running.
func (s *siteScans) run(start time.Time) {
	if !start.IsZero() && (s.Running.IsZero() || start.Before(s.Running)) {
		s.Running = start
	}
}

func changes(c runzero.Changes) map[string]float64 {
	known := map[string]float64{}
	for name, count := range map[string]runzero.Count{
		"new": c.New, "online": c.Online, "offline": c.Offline, "changed": c.Changed,
		"unchanged": c.Unchanged, "ignored": c.Ignored, "total": c.Total,
	} {
		if n, ok := count.Get(); ok {
			known[name] = float64(n)
		}
	}
	return known
}

// restore adds what the previous snapshot knew and the task list no longer shows. Consoles
// list a limited number of tasks and delete old ones, and a site whose last successful scan
// has dropped out is the one that the stale-scan alert is for.
func (s scans) restore(poll Poll) {
	previous := poll.Previous
	ids := map[string]string{}
	for _, sites := range []SiteNames{poll.Sites, previous.Sites} { // the last takes precedence: it names the families' sites
		for id, name := range sites {
			if _, known := ids[name]; !known || !isNameKey(id) {
				ids[name] = id
			}
		}
	}
	if previous.Tasks != nil {
		for key, before := range previous.Tasks.Scans {
			if id, ok := ids[previous.Sites[key]]; ok && !before.Attempt.IsZero() {
				entry(s, id).restore(before)
			}
		}
		return
	}
	// It is of a version that did not keep them, or not like that.
	before := map[string]*siteScans{}
	each := func(family string, set func(site *siteScans, value float64, labels map[string]string)) {
		eachSample(previous.Families, family, func(value float64, labels map[string]string) {
			if id, ok := ids[labels[siteLabel]]; ok {
				set(entry(before, id), value, labels)
			}
		})
	}
	each("runzero_scan_last_success_timestamp_seconds", func(b *siteScans, v float64, _ map[string]string) { b.Success = timestampOf(v) })
	each("runzero_scan_last_duration_seconds", func(b *siteScans, v float64, _ map[string]string) {
		b.Duration = time.Duration(math.Round(v * float64(time.Second)))
	})
	each("runzero_scan_last_assets", func(b *siteScans, v float64, l map[string]string) {
		if b.Changes == nil {
			b.Changes = map[string]float64{}
		}
		b.Changes[l["change"]] = v
	})
	each("runzero_scan_last_attempt_timestamp_seconds", func(b *siteScans, v float64, _ map[string]string) { b.Attempt = timestampOf(v) })
	each("runzero_scan_last_success", func(b *siteScans, v float64, _ map[string]string) { b.Failed = v == 0 })
	for id, b := range before {
		entry(s, id).restore(b)
	}
}

func (s *siteScans) restore(before *siteScans) {
	if before.Success.After(s.Success) {
		s.Success, s.SuccessID, s.Duration, s.Changes = before.Success, before.SuccessID, before.Duration, before.Changes
		s.forgetFailures()
	}
	if before.Attempt.After(s.Attempt) {
		s.Attempt, s.AttemptID, s.Failed = before.Attempt, before.AttemptID, before.Failed
	}
	for id, end := range before.Failures {
		if _, listed := s.Failures[id]; !listed {
			s.fail(end, id)
		}
	}
}

// samples exports scans. scheduled are the ages that scans of sites may have by their schedules.
func (s scans) samples(out *samples, poll Poll, names SiteNames, scheduled map[string]time.Duration) {
	org := poll.Organization.Name
	for id, name := range names {
		if _, scanned := s[id]; id == zeroID && !scanned {
			continue // nothing is scanned without a site
		}
		age := poll.Settings.scanMaxAge(poll.Organization, id, name, scheduled[id])
		out.gauge("runzero_scan_max_age_seconds", age.Seconds(), org, name)
	}
	for id, site := range s {
		name, ok := names[id]
		if !ok {
			continue
		}
		out.timestamp("runzero_scan_running_start_timestamp_seconds", site.Running, org, name)
		out.timestamp("runzero_scan_last_success_timestamp_seconds", site.Success, org, name)
		if site.Duration > 0 {
			out.gauge("runzero_scan_last_duration_seconds", site.Duration.Seconds(), org, name)
		}
		for change, n := range site.Changes {
			out.gauge("runzero_scan_last_assets", n, org, name, change)
		}
		if !site.Attempt.IsZero() {
			out.timestamp("runzero_scan_last_attempt_timestamp_seconds", site.Attempt, org, name)
			out.boolean("runzero_scan_last_success", !site.Failed, org, name)
			failures := max(min(len(site.Failures), maxFailures), int(oneIf(site.Failed))) // the last may be known by its metrics alone
			out.gauge("runzero_scan_consecutive_failures", float64(failures), org, name)
		}
	}
}

// scanMaxAge returns the age at which a site's last successful scan becomes stale. site is its site_name, scheduled the
// age by its schedules, zero if it has none.
func (s Settings) scanMaxAge(org Organization, siteID, site string, scheduled time.Duration) time.Duration {
	for _, rule := range s.ScanMaxAges {
		if matches(rule.Organization, org.ID, org.Name) && matches(rule.Site, siteID, site) {
			return rule.MaxAge
		}
	}
	return cmp.Or(scheduled, s.ScanMaxAge)
}

// matches reports whether the pattern of a rule is empty, or is the id, the label or the
// name in the console, which several things can have.
func matches(pattern, id, label string) bool {
	if pattern == "" || strings.EqualFold(pattern, id) {
		return true
	}
	name := Label(pattern)
	return name == label || name == baseName(label, id)
}
