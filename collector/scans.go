package collector

import (
	"math"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// scans finds the last scans of each site.
type scans struct {
	poll  Poll
	sites map[string]*siteScans
	seen  *seenSites // shared with schedules
}

// siteScans is what is known about the scans of one site.
type siteScans struct {
	lastRuns
	duration time.Duration      // of the last successful scan
	changes  map[string]float64 // of the last successful scan
	running  time.Time          // start of the oldest running scan
}

func newScans(poll Poll, seen *seenSites) *scans {
	return &scans{poll: poll, sites: map[string]*siteScans{}, seen: seen}
}

// entry returns the value of a key. It adds a zero value if there is none.
func entry[T any](m map[string]*T, key string) *T {
	if m[key] == nil {
		m[key] = new(T)
	}
	return m[key]
}

func (s *scans) add(task *runzero.Task, o outcome) error {
	key, err := s.seen.note(task.SiteID, task.SiteName)
	if err != nil {
		return err
	}
	site, start := entry(s.sites, key), task.Start()
	if o == running && !start.IsZero() && (site.running.IsZero() || start.Before(site.running)) {
		site.running = start
	}
	end := finishedAt(task, o, s.poll.Now)
	if end.IsZero() || !site.add(end, task.ID, o) {
		return nil
	}
	site.changes, site.duration = changes(task.Changes), 0
	if !start.IsZero() {
		site.duration = max(end.Sub(start), 0)
	}
	return nil
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
func (s *scans) restore() {
	previous := s.poll.Previous
	if previous == nil {
		return
	}
	ids := map[string]string{}
	for _, sites := range []SiteNames{s.poll.Sites, previous.Sites} { // the last takes precedence: it names the families' sites
		for id, name := range sites {
			if _, known := ids[name]; !known || !isNameKey(id) {
				ids[name] = id
			}
		}
	}
	before := map[string]*siteScans{}
	each := func(family string, set func(site *siteScans, value float64, labels map[string]string)) {
		eachSample(previous.Families, family, func(value float64, labels map[string]string) {
			if id, ok := ids[labels[siteLabel]]; ok {
				set(entry(before, id), value, labels)
			}
		})
	}
	each("runzero_scan_last_success_timestamp_seconds", func(b *siteScans, v float64, _ map[string]string) { b.success = timestampOf(v) })
	each("runzero_scan_last_duration_seconds", func(b *siteScans, v float64, _ map[string]string) {
		b.duration = time.Duration(math.Round(v * float64(time.Second)))
	})
	each("runzero_scan_last_assets", func(b *siteScans, v float64, l map[string]string) {
		if b.changes == nil {
			b.changes = map[string]float64{}
		}
		b.changes[l["change"]] = v
	})
	each("runzero_scan_last_attempt_timestamp_seconds", func(b *siteScans, v float64, _ map[string]string) { b.attempt = timestampOf(v) })
	each("runzero_scan_last_success", func(b *siteScans, v float64, _ map[string]string) { b.failed = v == 0 })
	for id, b := range before {
		site := entry(s.sites, id)
		if b.success.After(site.success) {
			site.success, site.duration, site.changes = b.success, b.duration, b.changes
		}
		if b.attempt.After(site.attempt) {
			site.attempt, site.failed = b.attempt, b.failed
		}
	}
}

func (s *scans) samples(out *samples, names SiteNames) {
	s.restore()
	org := s.poll.Organization.Name
	for id, name := range names {
		if _, scanned := s.sites[id]; id == zeroID && !scanned {
			continue // nothing is scanned without a site
		}
		maxAge := s.poll.Settings.scanMaxAge(s.poll.Organization, id, name)
		out.gauge("runzero_scan_max_age_seconds", maxAge.Seconds(), org, name)
	}
	for id, site := range s.sites {
		name, ok := names[id]
		if !ok {
			continue
		}
		out.timestamp("runzero_scan_running_start_timestamp_seconds", site.running, org, name)
		out.timestamp("runzero_scan_last_success_timestamp_seconds", site.success, org, name)
		if site.duration > 0 {
			out.gauge("runzero_scan_last_duration_seconds", site.duration.Seconds(), org, name)
		}
		for change, n := range site.changes {
			out.gauge("runzero_scan_last_assets", n, org, name, change)
		}
		if !site.attempt.IsZero() {
			out.timestamp("runzero_scan_last_attempt_timestamp_seconds", site.attempt, org, name)
			out.boolean("runzero_scan_last_success", !site.failed, org, name)
		}
	}
}

// scanMaxAge returns the age at which a site's last successful scan becomes stale. site is its site_name.
func (s Settings) scanMaxAge(org Organization, siteID, site string) time.Duration {
	for _, rule := range s.ScanMaxAges {
		if matches(rule.Organization, org.ID, org.Name) && matches(rule.Site, siteID, site) {
			return rule.MaxAge
		}
	}
	return s.ScanMaxAge
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
