package collector

import (
	"cmp"
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// scans finds each site's last scans.
type scans struct {
	poll  Poll
	sites map[string]*siteScans
	seen  map[string]string // sites by id, with the name the record gave
}

// siteScans is what is known of the scans of one site.
type siteScans struct {
	good      time.Time // when the last good one ended
	goodID    string
	duration  time.Duration
	changes   map[string]float64
	attempt   time.Time // when the last finished one ended
	attemptID string
	failed    bool      // whether that one failed
	running   time.Time // when the oldest that is going on began
}

// later tells whether a task that ended at end is a later one than another. Of tasks
// that ended at once one is the later whatever the order they are listed in.
func later(end time.Time, id string, other time.Time, otherID string) bool {
	return cmp.Or(end.Compare(other), cmp.Compare(id, otherID)) > 0
}

func newScans(poll Poll) *scans {
	return &scans{poll: poll, sites: map[string]*siteScans{}, seen: map[string]string{}}
}

func (s *scans) site(id string) *siteScans {
	if s.sites[id] == nil {
		s.sites[id] = &siteScans{}
	}
	return s.sites[id]
}

// Ends later than this after now are not instants but faults; believed once, they
// would hide a stale site for ever.
const skewMost = day

func (s *scans) add(task *runzero.Task, o outcome) error {
	key := siteKey(task.SiteID)
	if err := see(s.seen, key, task.SiteName); err != nil {
		return err
	}
	site := s.site(key)
	end := task.End()
	if end.After(s.poll.Now.Add(skewMost)) {
		end = time.Time{}
	}
	if o == going {
		if start := task.Start(); !start.IsZero() && (site.running.IsZero() || start.Before(site.running)) {
			site.running = start
		}
		return nil
	}
	if o == waiting || end.IsZero() {
		return nil
	}
	if o == succeeded && later(end, task.ID, site.good, site.goodID) {
		site.good, site.goodID = end, task.ID
		site.duration = 0
		if start := task.Start(); !start.IsZero() {
			site.duration = max(end.Sub(start), 0)
		}
		site.changes = changes(task.Changes)
	}
	if later(end, task.ID, site.attempt, site.attemptID) {
		site.attempt, site.attemptID, site.failed = end, task.ID, o == failed
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

// recall brings back what an earlier poll knew and the task list no longer tells:
// consoles list a bounded number of tasks and delete old ones, and a site whose last
// good scan has dropped out is the very one the stale-scan alert is for.
func (s *scans) recall() {
	if s.poll.Previous == nil {
		return
	}
	previous := s.poll.Previous
	ids := map[string]string{}
	for id, name := range s.poll.Sites {
		ids[name] = id
	}
	for id, name := range previous.Sites { // wins: it is how the families below name sites
		ids[name] = id
	}
	before := map[string]*siteScans{}
	each := func(family string, set func(site *siteScans, value float64, labels map[string]string)) {
		eachSample(previous.Families, family, func(value float64, labels map[string]string) {
			id, ok := ids[labels[siteLabel]]
			if !ok {
				return
			}
			if before[id] == nil {
				before[id] = &siteScans{changes: map[string]float64{}}
			}
			set(before[id], value, labels)
		})
	}
	each("runzero_scan_last_success_timestamp_seconds", func(b *siteScans, v float64, _ map[string]string) { b.good = instantOf(v) })
	each("runzero_scan_last_duration_seconds", func(b *siteScans, v float64, _ map[string]string) {
		b.duration = time.Duration(math.Round(v * float64(time.Second)))
	})
	each("runzero_scan_last_assets", func(b *siteScans, v float64, l map[string]string) { b.changes[l["change"]] = v })
	each("runzero_scan_last_attempt_timestamp_seconds", func(b *siteScans, v float64, _ map[string]string) { b.attempt = instantOf(v) })
	each("runzero_scan_last_success", func(b *siteScans, v float64, _ map[string]string) { b.failed = v == 0 })
	for id, b := range before {
		site := s.site(id)
		if b.good.After(site.good) {
			site.good, site.duration, site.changes = b.good, b.duration, b.changes
		}
		if b.attempt.After(site.attempt) {
			site.attempt, site.failed = b.attempt, b.failed
		}
	}
}

func (s *scans) samples(out *samples, names SiteNames, settings Settings) {
	s.recall()
	org := s.poll.Organization.Name
	for id, name := range names {
		if _, scanned := s.sites[id]; id == zeroID && !scanned {
			continue // nothing scans what is in no site
		}
		maxAge := settings.scanMaxAge(s.poll.Organization, id, name)
		out.gauge("runzero_scan_max_age_seconds", maxAge.Seconds(), org, name)
	}
	for id, site := range s.sites {
		name, ok := names[id]
		if !ok {
			continue
		}
		out.instant("runzero_scan_running_start_timestamp_seconds", site.running, org, name)
		out.instant("runzero_scan_last_success_timestamp_seconds", site.good, org, name)
		if site.duration > 0 {
			out.gauge("runzero_scan_last_duration_seconds", site.duration.Seconds(), org, name)
		}
		for change, n := range site.changes {
			out.gauge("runzero_scan_last_assets", n, org, name, change)
		}
		if !site.attempt.IsZero() {
			out.instant("runzero_scan_last_attempt_timestamp_seconds", site.attempt, org, name)
			out.flag("runzero_scan_last_success", !site.failed, org, name)
		}
	}
}

// eachSample reads a gauge's samples back from families.
func eachSample(families []*dto.MetricFamily, name string, f func(value float64, labels map[string]string)) {
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := make(map[string]string, len(metric.GetLabel()))
			for _, pair := range metric.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			f(metric.GetGauge().GetValue(), labels)
		}
	}
}

// instantOf is the instant of a sample. It is rounded, or a value that is recalled at
// each poll would creep into the past by a millisecond a time.
func instantOf(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000)))
}
