package poller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Config is what a Poller needs besides its targets.
type Config struct {
	Logger log.Logger
	// MaxAge is how old an answer may get before it is withdrawn; 0 keeps it.
	MaxAge time.Duration
	// Advise says what a user can do about an error; empty when nothing.
	Advise func(error) string
}

// parallel is how many polls go on at once, each of another organization. It bounds
// memory and sockets; the quota, not this, bounds how much is asked.
const parallel = 4

// A poll that takes longer than this, over all its pages, is given up.
const longestPoll = time.Hour

// Poller runs collectors when they are due. Gather, Ready and Status may be called
// while Run goes on.
type Poller struct {
	config  Config
	targets []*target
	help    map[string]string // of families it makes itself
	view    atomic.Pointer[view]
	ready   atomic.Bool
	done    chan finished

	mu      sync.Mutex
	jobs    []*job
	expires time.Time // when something published becomes too old; zero: never
}

// finished is a poll that has come to its end.
type finished struct {
	job      *job
	began    time.Time
	snapshot collector.Snapshot
	err      error
}

// New makes a Poller of targets. Nothing is asked yet.
func New(config Config, targets []Target) *Poller {
	p := &Poller{config: config, help: map[string]string{}, done: make(chan finished)}
	for _, m := range collector.Catalogue() {
		p.help[m.Name] = m.HELP()
	}
	for i := range targets {
		t := &target{Target: targets[i]}
		p.targets = append(p.targets, t)
		p.jobs = append(p.jobs, &job{target: t, collector: Discovery, collect: t.discover, interval: t.shortest()})
		for place, c := range t.Collectors {
			if c.Scope == collector.PerConsole {
				p.jobs = append(p.jobs, &job{target: t, collector: c.Name, collect: c.Collect, interval: c.Interval, place: place + 1})
			}
		}
	}
	p.publish(time.Now())
	return p
}

// Run polls until ctx ends, and returns when the last poll has.
func (p *Poller) Run(ctx context.Context) { p.run(ctx, false) }

// Once polls everything once and returns what went wrong.
func (p *Poller) Once(ctx context.Context) error {
	p.run(ctx, true)
	p.mu.Lock()
	defer p.mu.Unlock()
	var failed []error
	for _, j := range p.jobs {
		switch {
		case j.rounds == 0:
			failed = append(failed, fmt.Errorf("%s: not polled", j.title()))
		case j.err != nil && !j.unsupported:
			failed = append(failed, fmt.Errorf("%s: %w", j.title(), j.err))
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// run is the one loop that starts polls and takes their answers.
func (p *Poller) run(ctx context.Context, once bool) {
	start := time.Now()
	p.mu.Lock()
	for _, j := range p.jobs {
		j.due, j.health = start, nil
	}
	p.mu.Unlock()
	running := 0
	for {
		now := time.Now()
		if ctx.Err() == nil {
			for running < parallel {
				j := p.next(now, once)
				if j == nil {
					break
				}
				running++
				go p.poll(ctx, j, p.brief(j, now))
			}
		}
		if running == 0 && (once || ctx.Err() != nil) {
			return
		}
		wake := time.NewTimer(p.untilNext(now))
		stop := ctx.Done()
		if ctx.Err() != nil {
			stop = nil // already stopping: wait for the polls that go on
		}
		select {
		case f := <-p.done:
			running--
			p.finish(ctx, f)
		case <-wake.C:
			p.withdraw(time.Now())
		case <-stop:
		}
		wake.Stop()
	}
}

// next picks a job that is due, the cheapest first, and marks it running. An
// organization is asked one thing at a time, so that its sites are known before what
// names them.
func (p *Poller) next(now time.Time, once bool) *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	type of struct {
		target *target
		name   string
	}
	busy := map[of]bool{}
	for _, j := range p.jobs {
		if j.running {
			busy[of{j.target, j.organization.Name}] = true
		}
	}
	var best *job
	for _, j := range p.jobs {
		if j.running || j.never || now.Before(j.due) || busy[of{j.target, j.organization.Name}] || once && j.rounds > 0 {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(j.place, best.place), j.due.Compare(best.due)) < 0 {
			best = j
		}
	}
	if best != nil {
		best.running = true
	}
	return best
}

// untilNext is how long there is nothing to do: no job becomes due, and nothing that
// is served expires. Jobs that are due and may not start yet wait for a poll to end.
func (p *Poller) untilNext(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A bound, because the clock may jump.
	wait := time.Minute
	for _, j := range p.jobs {
		if until := j.due.Sub(now); !j.running && !j.never && until > 0 {
			wait = min(wait, until)
		}
	}
	if !p.expires.IsZero() {
		wait = min(wait, max(p.expires.Sub(now.Round(0)), 0))
	}
	return wait
}

// withdraw publishes anew when something published has become too old.
func (p *Poller) withdraw(now time.Time) {
	p.mu.Lock()
	expired := !p.expires.IsZero() && !now.Round(0).Before(p.expires)
	p.mu.Unlock()
	if expired {
		p.publish(now)
	}
}

// brief is what a job's poll is handed.
func (p *Poller) brief(j *job, now time.Time) collector.Poll {
	p.mu.Lock()
	defer p.mu.Unlock()
	poll := collector.Poll{API: j.target.Client, Organization: j.organization, Now: now, Previous: cmp.Or(j.snapshot, j.previous)}
	for _, other := range p.jobs {
		if other.collector == "sites" && other.target == j.target && other.organization == j.organization && other.snapshot != nil {
			poll.Sites = other.snapshot.Sites
		}
	}
	return poll
}

func (p *Poller) poll(ctx context.Context, j *job, brief collector.Poll) {
	ctx, cancel := context.WithTimeout(ctx, longestPoll)
	defer cancel()
	snapshot, err := j.run(ctx, brief)
	p.done <- finished{job: j, began: brief.Now, snapshot: snapshot, err: err}
}

// finish takes what a poll found, and sets when the job is due again.
func (p *Poller) finish(ctx context.Context, f finished) {
	now := time.Now()
	p.mu.Lock()
	j := f.job
	if f.err != nil && ctx.Err() != nil {
		j.running = false // we stopped it: that says nothing of the console
		p.mu.Unlock()
		return
	}
	failedBefore := j.err
	j.finish(f.began, now, f.snapshot, f.err)
	if j.collector == Discovery && j.err == nil {
		j.interval = j.target.rediscover()
		p.reconcile(j.target, now)
	}
	j.never = j.err == nil && j.interval == 0
	wait := pause(j.err, j.failures, j.interval)
	wait += jitter(wait, rand.Float64())
	if j.rounds == 1 && j.err == nil {
		wait += spread(j.interval, slices.Index(p.jobs, j), len(p.jobs))
	}
	// A poll that outlasted its interval is not asked again at once.
	j.due = f.began.Add(wait)
	if j.due.Before(now) {
		j.due = now.Add(jitter(wait, rand.Float64()))
	}
	p.report(j, failedBefore)
	p.mu.Unlock()
	p.publish(now)
}

// reconcile makes the jobs of a target's organizations those of the organizations
// found. Known organizations keep their jobs, and with them their answers.
func (p *Poller) reconcile(t *target, now time.Time) {
	ids := map[string]string{}
	for _, o := range t.found {
		ids[o.ID] = organizationName(o)
	}
	names := collector.Distinguish(ids)
	p.jobs = slices.DeleteFunc(p.jobs, func(j *job) bool {
		_, found := names[j.organization.ID]
		return j.target == t && j.organization != (collector.Organization{}) && !found
	})
	for _, o := range t.found {
		organization := collector.Organization{ID: o.ID, Name: names[o.ID]}
		for place, c := range t.Collectors {
			if c.Scope != collector.PerOrganization {
				continue
			}
			at := slices.IndexFunc(p.jobs, func(j *job) bool {
				return j.target == t && j.collector == c.Name && j.organization.ID == o.ID && j.organization.Name != ""
			})
			if at >= 0 && p.jobs[at].organization == organization {
				continue
			}
			fresh := &job{target: t, collector: c.Name, organization: organization, collect: c.Collect, interval: c.Interval, place: place + 1, due: now}
			if at >= 0 {
				// Renamed: what was found bears the old name and is asked for anew, with what the
				// old knew of scans long ago.
				p.jobs[at].never = true
				fresh.previous = cmp.Or(p.jobs[at].snapshot, p.jobs[at].previous)
				p.jobs[at] = fresh
				continue
			}
			p.jobs = append(p.jobs, fresh)
		}
	}
	slices.SortStableFunc(p.jobs, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.organization.Name, b.organization.Name), cmp.Compare(a.place, b.place))
	})
}

// publish makes the view that scrapes are answered from.
func (p *Poller) publish(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts [][]*dto.MetricFamily
	ready := len(p.jobs) > 0
	p.expires = time.Time{}
	for _, j := range p.jobs {
		if j.health == nil {
			if err := j.describe(); err != nil {
				level.Error(p.config.Logger).Log("msg", "a job cannot tell of itself, which is a bug of this exporter", "err", err)
			}
		}
		parts = append(parts, j.health)
		if j.snapshot != nil && !j.expired(now, p.config.MaxAge) {
			parts = append(parts, j.snapshot.Families)
			// The millisecond is for expired, which asks for more than the age.
			if end := j.success.Add(p.config.MaxAge + time.Millisecond); p.config.MaxAge > 0 && (p.expires.IsZero() || end.Before(p.expires)) {
				p.expires = end
			}
		}
		ready = ready && j.answered()
	}
	p.view.Store(merge(parts, p.help))
	if ready {
		p.ready.Store(true)
	}
}

// Gather implements prometheus.Gatherer. It asks nobody and cannot fail.
func (p *Poller) Gather() ([]*dto.MetricFamily, error) {
	return p.view.Load().gather(time.Now()), nil
}

// Ready tells whether every collector has had an answer, or is not supported. Once
// true it stays so: an organization that is added later does not make the others'
// data unready.
func (p *Poller) Ready() bool { return p.ready.Load() }
