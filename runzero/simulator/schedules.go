package simulator

import "math"

// schedule is a recurring task with all its runs. Run k begins a few seconds after
// offset + k × period: consoles are never exactly on time.
type schedule struct {
	key       key
	org       *org
	site      *site // nil: bound to none
	explorer  *explorer
	name      string
	typ       string // scan, connector, sample, analysis
	frequency string // as the API writes it
	source    int64
	period    int64
	offset    int64
	minRun    int64  // shortest data acquisition
	maxRun    int64  // longest data acquisition
	history   int64  // runs that are still listed
	failing   []span // runs that begin then fail
	failure   string // their error
	gaps      []span // no run begins then
	parentErr string // error of the schedule itself in gaps
	paused    bool   // status of the schedule itself in gaps
	noParent  bool   // the API does not list the schedule: a job of the server
	neverRan  bool
	since     int64 // no run began before
	flawless  bool  // no random failures
}

// run is one execution. Its times are fixed, its status depends on the clock.
type run struct {
	k                int64
	start, scanStart int64
	scanEnd, crunch  int64 // end of the data acquisition, begin of the processing
	end              int64
	outcome          string // final status
	err              string
	failed           bool
	key              key
}

// mishaps are the random failures. Error texts contain the address of a person because real
// ones do: they must never be exported.
var mishaps = []struct {
	permille int64
	status   string
	text     string
}{
	{14, "error", "failed to connect to explorer: context deadline exceeded\nlast attempt by PLANTED.operator@example.com"},
	{8, "canceled", "task canceled by PLANTED.operator@example.com"},
	{8, "stopped", "task stopped by PLANTED.operator@example.com"},
	{5, "error", "scan failed: no route to host 10.66.6.66 (PLANTED)"},
}

func (s *schedule) startOf(k int64) int64 {
	return s.offset + k*s.period + s.key.sub(drawRun).sub(uint64(k)).below(min(45, s.period/8+1))
}

// latest is the number of the last run that began by t.
func (s *schedule) latest(t int64) int64 {
	for {
		k := floorDiv(t-s.offset, s.period)
		if s.startOf(k) > t {
			k--
		}
		gap, idle := within(s.gaps, s.startOf(k))
		if !idle {
			return k
		}
		t = gap.from - 1
	}
}

// before is the number of the run before run k.
func (s *schedule) before(k int64) int64 { return s.latest(s.startOf(k) - 1) }

func (s *schedule) run(k int64) run {
	rk := s.key.sub(drawRun).sub(uint64(k)).sub(drawOutcome)
	stage := rk.sub(drawStage)
	r := run{k: k, key: rk, start: s.startOf(k), outcome: "processed"}
	r.scanStart = r.start + stage.sub(1).between(8, 30)
	r.scanEnd = r.scanStart + stage.sub(2).between(s.minRun, s.maxRun)
	r.crunch = r.scanEnd + stage.sub(3).between(20, 90)
	r.end = r.crunch + stage.sub(4).between(30, 60+(s.maxRun-s.minRun)/4)
	if _, fails := within(s.failing, r.start); fails {
		r.failed, r.outcome, r.err = true, "error", s.failure
	} else if !s.flawless {
		roll := rk.below(1000)
		for _, m := range mishaps {
			if roll < m.permille {
				r.failed, r.outcome, r.err = true, m.status, m.text
				break
			}
			roll -= m.permille
		}
	}
	if r.failed {
		r.scanEnd = r.scanStart + (r.scanEnd-r.scanStart)*stage.sub(5).between(5, 95)/100
		r.end = r.scanEnd + 1
	}
	return r
}

// statusAt is the status of the run as the API shows it.
func (r *run) statusAt(t int64) string {
	switch {
	case t >= r.end:
		return r.outcome
	case t < r.scanStart:
		return "new"
	case t < r.scanEnd || r.failed:
		return "active"
	case t < r.crunch:
		return "scanned"
	default:
		return "processing"
	}
}

// lastGood is the last run that was processed without failure by t. The search is bounded:
// failures in a row are rare where they are not scripted.
func (s *schedule) lastGood(t int64) (run, bool) {
	k := s.latest(t)
	for range 64 {
		r := s.run(k)
		if r.start < s.since {
			break
		}
		if !r.failed && r.end <= t {
			return r, true
		}
		if broken, fails := within(s.failing, r.start); fails {
			k = s.latest(broken.from - 1)
		} else {
			k = s.before(k)
		}
	}
	return run{}, false
}

// lastGoodEnd is when the last good run had its data; t if there was none.
func (s *schedule) lastGoodEnd(t int64) int64 {
	if r, ok := s.lastGood(t); ok {
		return r.scanEnd
	}
	return t
}

// changedAt is when a gap last began or ended by t, or from: status and error of the schedule itself change then.
func (s *schedule) changedAt(from, t int64) int64 {
	for _, gap := range s.gaps {
		for _, at := range []int64{gap.from, gap.to} {
			if at <= t {
				from = max(from, at)
			}
		}
	}
	return from
}

// maxTasks bounds the tasks of an organization, schedules included.
const maxTasks = 3000

func (c *Console) buildSchedules(o *org) {
	add := o.add
	for j, st := range o.sites {
		st.schedule = add(c.siteSchedule(o, st, j))
	}
	first := o.sites[0]
	anchor := c.anchor
	if o.index == 0 {
		gone := o.explorers[len(o.explorers)-1]
		add(&schedule{site: first, explorer: gone, name: "Guest Wi-Fi sweep", typ: "scan", period: day, offset: 6 * hour, minRun: 10 * minute, maxRun: 20 * minute,
			frequency: "daily,monday|tuesday|wednesday|thursday|friday|saturday|sunday;-300", history: 60, gaps: []span{since(anchor - 2*day)}, parentErr: "explorer unavailable (PLANTED)"})
		add(&schedule{site: first, explorer: o.explorers[0], name: "Quarterly deep scan (paused)", typ: "scan", period: 7 * day, offset: 2*day + 22*hour,
			minRun: hour, maxRun: 3 * hour, frequency: "weekly", history: 20, gaps: []span{since(anchor - 33*day)}, paused: true})
		add(&schedule{site: o.sites[min(1, len(o.sites)-1)], explorer: o.explorers[1], name: "Change-freeze sweep", typ: "scan", period: 7 * day,
			minRun: hour, maxRun: 2 * hour, frequency: "weekly", neverRan: true})
	}
	o.syncs = add(&schedule{site: first, name: "CrowdStrike sync", typ: "connector", frequency: "hourly", source: 4, period: 4 * hour, offset: 25 * minute,
		minRun: minute, maxRun: 6 * minute, history: 180, flawless: true})
	azure := add(&schedule{site: first, name: "Azure AD sync", typ: "connector", frequency: "daily", source: 16, period: 12 * hour, offset: 100 * minute,
		minRun: 2 * minute, maxRun: 5 * minute, history: 90})
	if o.index == 0 {
		azure.failing = []span{since(anchor - 3*day)}
		azure.failure = "failed to load azure data: ClientSecretCredential authentication failed for PLANTED.connector@example.com"
	}
	o.directory = azure
	add(&schedule{name: "Outlier calculation", typ: "analysis", period: day, offset: 4*hour + 30*minute, minRun: 20, maxRun: 90, history: 14, noParent: true, flawless: true})

	if c.opts.Quiet {
		o.quieten()
	}
	var listed int64
	for _, s := range o.schedules {
		listed += s.history + 1
	}
	if listed > maxTasks {
		room := maxTasks - 2*int64(len(o.schedules))
		for _, s := range o.schedules {
			s.history = max(1, s.history*room/listed)
		}
	}
}

func (o *org) add(s *schedule) *schedule {
	s.org = o
	s.key = o.key.sub(drawSchedule).sub(uint64(len(o.schedules)))
	if s.source == 0 {
		s.source = 1
	}
	o.schedules = append(o.schedules, s)
	return s
}

func (c *Console) siteSchedule(o *org, st *site, j int) *schedule {
	s := &schedule{site: st, explorer: o.explorers[j%min(2, len(o.explorers))], typ: "scan", name: "Daily scan of " + st.name, frequency: "daily", period: day,
		offset: 9*hour + 30*minute + int64(j)*17*minute%(3*hour), minRun: 20 * minute, maxRun: 45 * minute, history: 180}
	switch {
	case st.role == rolePassive:
		s.typ, s.name, s.frequency, s.period, s.history = "sample", "Traffic sampling at "+st.name, "continuous", 2*hour, 540
		s.explorer = o.explorers[2] // which is there
		s.minRun, s.maxRun, s.offset, s.flawless = 90*minute, 100*minute, 11*minute, true
	case st.role == roleStale:
		s.failing = []span{since(c.anchor - 12*day)}
		s.failure = "explorer could not reach any target: permission denied\nreported by PLANTED.operator@example.com from 10.66.6.66"
	case o.index == 0 && j == 0:
		s.name, s.frequency, s.period, s.offset, s.history = "Hourly scan of "+st.name, "hourly", hour, 7*minute, 45*24
		s.minRun, s.maxRun = 8*minute, 15*minute
	case o.index == 2 && j == 1:
		s.name, s.frequency, s.period, s.history = "Monthly scan of "+st.name, "monthly", 30*day, 12
		s.minRun, s.maxRun = hour, 2*hour
	case o.index > 0 && j%2 == 1:
		s.name, s.frequency, s.period, s.history = "Weekly subnet sweep of "+st.name, "weekly", 7*day, 52
		// Day 0 of the epoch was a Thursday.
		s.offset += (int64(j)%5 + 4) * day
		s.minRun, s.maxRun = hour, 2*hour
	}
	return s
}

// quieten spreads the runs of the schedules over the week.
func (o *org) quieten() {
	for _, s := range o.schedules {
		if s.typ != "sample" {
			s.period, s.frequency, s.offset = 7*day, "weekly", s.key.sub(drawPhase).below(7*day)
		}
		s.history = 2
	}
}

// keptSince is since when runs are never dropped.
func (c *Console) keptSince() int64 {
	if !c.opts.Quiet {
		return math.MaxInt64
	}
	return c.anchor - 14*day
}
