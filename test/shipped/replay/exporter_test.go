package replay

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// exporter is one replica: it polls the console and responds to scrapes with its last results.
type exporter struct {
	target   []string // labels that Prometheus adds, in pairs: job, instance and others
	account  string
	console  *console
	interval time.Duration // --cache.interval
	share    float64       // --quota.share

	assetsInterval time.Duration // --collector.assets.max-interval

	started, configured time.Time
	removed             bool // from service discovery
	down                bool
	hidden              bool   // from Prometheus
	crashes             bool   // every 15 minutes
	rejected            bool   // its credential
	invalid             bool   // its configuration file, at the last reload
	excluded            string // organization that the configuration leaves out
	unsupported         string // collector that the credential does not allow

	store  *store // that it shares, instead of a folder
	cutOff bool   // from the store
	leads  bool   // of the replicas that share it, this one

	connected bool
	paused    string // the reason, of those that are not the credential
	spent     float64
	left      float64   // calls of the account, as of the last response
	asOf      time.Time // of that response
	readings  []reading // of the calls left, in the last three hours and since the quota was reset

	jobs          map[job]*state
	organizations map[string]time.Time // that it polls, and since when they are missing
	sites         map[*site]time.Time  // likewise

	series map[string]labels.Labels // that it has exported
}

// reading is how many calls were left at a response.
type reading struct {
	at   time.Time
	left float64
}

// job is a collector for an organization, or for the account.
type job struct{ org, collector string }

// state is that of a job, with the samples of its last success.
type state struct {
	interval               time.Duration
	success, attempt, next time.Time
	failed                 bool
	failures               int
	samples                []sample
}

// newExporter returns one whose first polls are done at the next step.
func newExporter(c *console, now time.Time, target ...string) *exporter {
	e := &exporter{
		target: target, account: "main", console: c, interval: 15 * time.Minute, assetsInterval: 6 * time.Hour, share: 0.1,
		started: now, configured: now, series: map[string]labels.Labels{},
	}
	e.forget()
	return e
}

func (e *exporter) running(now time.Time) bool { return !e.down && !now.Before(e.started) }

// jobsInForce makes the list of jobs that of the configuration and the organizations that are known.
func (e *exporter) jobsInForce(now time.Time) {
	intervals := map[job]time.Duration{
		{"", "discovery"}: time.Hour, {"", "organizations"}: time.Hour, {"", "console"}: time.Hour, {"", "license"}: 6 * time.Hour,
		{"", "explorers"}: e.interval, {"", "sites"}: e.interval, {"", "tasks"}: e.interval,
	}
	for name := range e.organizations {
		intervals[job{name, "tasks"}] = e.interval
		intervals[job{name, "assets"}] = e.assetsInterval // at the latest: a scan's end makes it due
	}
	for j, interval := range intervals {
		if e.jobs[j] == nil {
			e.jobs[j] = &state{next: now}
		}
		e.jobs[j].interval = interval
	}
	maps.DeleteFunc(e.jobs, func(j job, _ *state) bool { return intervals[j] == 0 })
}

func (e *exporter) inOrder() []job {
	return slices.SortedFunc(maps.Keys(e.jobs), func(a, b job) int {
		return cmp.Or(cmp.Compare(a.org, b.org), cmp.Compare(a.collector, b.collector))
	})
}

// poll polls what is due, as far as the quota allows.
func (e *exporter) poll(now time.Time) {
	if e.crashes && now.Minute()%15 == 0 {
		e.started = now.Add(time.Minute)
	}
	if !e.running(now) || e.follow(now) {
		return
	}
	e.jobsInForce(now)
	if now.Truncate(day).Equal(now) {
		e.spent = 0
	}
	e.pause(now)
	failures := 0
	for range 2 { // the second time for organizations that the first has found
		for _, j := range e.inOrder() {
			s := e.jobs[j]
			// Two that have failed for one cause make the others wait.
			if s.next.After(now) || failures == 2 || (e.paused != "" && (j.collector != "discovery" || now.Minute() != 0)) {
				continue
			}
			if !e.attempt(j, s, now) {
				failures++
			}
		}
		e.jobsInForce(now)
	}
	e.readings = append(slices.DeleteFunc(e.readings, func(r reading) bool {
		return r.at.Before(now.Add(-3*time.Hour)) || r.left < e.left
	}), reading{e.asOf, e.left})
}

// pause pauses polling while the share is spent or the reserve is reached.
func (e *exporter) pause(now time.Time) {
	left := e.left
	if e.asOf.Before(now.Truncate(day)) {
		left = e.console.limit // the quota has been reset since
	}
	switch limit := e.console.limit; {
	case e.spent >= e.share*limit || left <= 0:
		e.paused = "quota"
	case left <= 0.1*limit:
		e.paused = "reserve"
	default:
		e.paused = ""
	}
}

// attempt polls once. It returns false if the failure concerns other jobs, too.
func (e *exporter) attempt(j job, s *state, now time.Time) bool {
	s.attempt, s.failed = now.Add(-time.Second), true
	switch {
	case j.collector == e.unsupported:
		s.next = now.Add(day)
		return true
	case e.console.unreachable, e.rejected:
		e.connected = false
		s.failures++
		s.next = now.Add(15 * time.Minute)
		if e.rejected {
			s.next = now.Add(time.Hour)
		}
		return false
	case j.collector == e.console.unavailable:
		s.failures++
		s.next = now.Add(15 * time.Minute)
		return true
	}
	e.connected = true
	if j.org == "" || j.collector != "tasks" { // these come from the list of changes, for all organizations together
		e.spent++
		e.console.spent = min(e.console.limit, e.console.spent+1)
	}
	e.left, e.asOf = e.console.limit-e.console.spent, now
	s.failed, s.failures, s.success, s.next = false, 0, s.attempt, now.Add(s.interval)
	s.samples = e.collect(j, now)
	return true
}

// start starts the process anew. Nothing is lost: it has a cache folder.
func (e *exporter) start(now time.Time) { e.down, e.started, e.configured = false, now, now }

// forget is the loss of the cache folder.
func (e *exporter) forget() {
	e.jobs, e.organizations, e.sites = map[job]*state{}, map[string]time.Time{}, map[*site]time.Time{}
}

// exclude is a reload of a configuration that leaves an organization out.
func (e *exporter) exclude(org string, now time.Time) {
	e.excluded, e.configured = org, now
	delete(e.organizations, org)
	maps.DeleteFunc(e.sites, func(s *site, _ time.Time) bool { return s.org == org })
	e.jobsInForce(now)
	for _, s := range e.jobs {
		s.samples = slices.DeleteFunc(s.samples, func(s sample) bool { return s.series.Get("org_name") == org })
	}
}

// metric returns a sample of a metric with the labels of the target and more, in pairs.
func (e *exporter) metric(value float64, name string, more ...string) sample {
	var buffer [256]byte
	key := append(buffer[:0], name...)
	for _, word := range more {
		key = append(append(key, 0), word...)
	}
	series, known := e.series[string(key)]
	if !known {
		pairs := append([]string{model.MetricNameLabel, name}, e.target...)
		series = labels.FromStrings(append(pairs, more...)...).WithoutEmpty()
		e.series[string(key)] = series
	}
	return sample{series: series, value: value}
}

// of is a metric of the account.
func (e *exporter) of(value float64, name string, more ...string) sample {
	if e.account != "" {
		more = append(more, "account_name", e.account)
	}
	return e.metric(value, name, more...)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
