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

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// Config is what a Poller needs besides its targets.
type Config struct {
	Logger log.Logger
	// MaxAge is how old an answer may get before it is withdrawn; 0 keeps it.
	MaxAge time.Duration
	// Advise says what a user can do about an error; empty when nothing.
	Advise func(error) string
	// Store keeps answers and the schedule for the next start; nil keeps nothing.
	Store *store.Store
}

// How many polls go on at once, each of another organization: of one account, so that
// a slow console does not hold up the others, and in all. It bounds memory and
// sockets; the quota, not this, bounds how much is asked.
const (
	parallel    = 4
	parallelAll = 64
)

// A poll that takes longer than this, over all its pages, is given up.
const longestPoll = time.Hour

// Poller runs collectors when they are due. Gather, Ready and Status may be called
// while Run goes on.
type Poller struct {
	config  Config
	targets []*target
	known   map[string]known // families
	health  collector.HealthFamilies
	view    atomic.Pointer[view]
	ready   atomic.Bool
	done    chan *attempt
	changed chan struct{} // wakes the loop

	mu      sync.Mutex
	jobs    []*job
	expires time.Time // when something published becomes too old; zero: never
}

// New makes a Poller of targets and gives it what the store kept of them. Nothing is
// asked yet.
func New(config Config, targets []Target) *Poller {
	p := &Poller{
		config: config, known: catalogue(), health: collector.NewHealthFamilies(),
		done: make(chan *attempt), changed: make(chan struct{}, 1),
	}
	p.Reload(targets)
	return p
}

// Run polls until ctx ends, and returns when the last poll has.
func (p *Poller) Run(ctx context.Context) { p.run(ctx, false) }

// Once polls everything once, and returns what went wrong.
func (p *Poller) Once(ctx context.Context) error {
	p.run(ctx, true)
	p.mu.Lock()
	defer p.mu.Unlock()
	var failed []error
	for _, j := range p.jobs {
		switch {
		case j.err != nil && !j.unsupported:
			failed = append(failed, fmt.Errorf("%s: %w", j.title(), j.err))
		case !j.answered():
			why := j.target.Account.Standing(time.Now()).Explain()
			level.Error(j.target.logger(p.config.Logger)).Log("msg", "not polled", "collector", j.collector, "org_name", j.organization.Name, "why", why)
			failed = append(failed, fmt.Errorf("%s: not polled: %s", j.title(), why))
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// run is the one loop that starts polls and takes their answers.
func (p *Poller) run(ctx context.Context, once bool) {
	running := 0
	polled := map[*job]bool{}
	for {
		now := time.Now()
		// Looked at once: whoever ends it after that is heard below.
		stopping := ctx.Err() != nil
		if !stopping {
			for running < parallelAll {
				a := p.next(ctx, now, once, func(j *job) bool { return !once || !polled[j] })
				if a == nil {
					break
				}
				if once {
					polled[a.job] = true // not for months, in which jobs come and go
				}
				running++
			}
		}
		if running == 0 && (once || stopping) {
			return
		}
		wake := time.NewTimer(p.untilNext(now))
		stop := ctx.Done()
		if stopping {
			stop = nil // wait for the polls that go on
		}
		select {
		case a := <-p.done:
			running--
			p.finish(ctx, a)
		case <-p.changed:
		case <-wake.C:
			p.look(time.Now())
		case <-stop:
		}
		wake.Stop()
	}
}

// next picks a job that is due, the one due first and of those the cheapest, and
// begins its poll; nil when there is none.
func (p *Poller) next(ctx context.Context, now time.Time, once bool, wanted func(*job) bool) *attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	busy := p.busy()
	standings := p.standings(now)
	var best *job
	var bestDue time.Time
	for _, j := range p.jobs {
		s := standings[j.target.Account]
		if j.running != nil || j.never || !wanted(j) || s.Stopped() || busy.holds(j) || busy.takesTheLast(j, s) {
			continue
		}
		// Polls that are on their way will want calls too.
		if on := busy.accounts[j.target.Account]; on > 0 && s.Allowance.Known && (s.Allowance.Stale || on >= s.Allowance.Calls) {
			continue
		}
		due := j.due(s.Stretch)
		if now.Before(due) || !once && !j.asked() && !j.target.Account.mayBegin(now, s) {
			continue
		}
		if best == nil || cmp.Or(due.Compare(bestDue), cmp.Compare(j.place, best.place)) < 0 {
			best, bestDue = j, due
		}
	}
	if best == nil {
		return nil
	}
	if !best.asked() {
		best.target.Account.begin(now)
	}
	best.start(now)
	a := p.brief(best)
	ctx = context.WithValue(ctx, callsKey{}, &a.calls)
	ctx, a.cancel = context.WithTimeout(ctx, longestPoll)
	best.running = a
	p.keepState(best.target)
	go func() {
		defer a.cancel()
		a.run(ctx)
		p.done <- a
	}()
	return a
}

// standings is how each account stands.
func (p *Poller) standings(now time.Time) map[*Account]Standing {
	all := map[*Account]Standing{}
	for _, t := range p.targets {
		if _, ok := all[t.Account]; !ok {
			all[t.Account] = t.Account.Standing(now)
		}
	}
	return all
}

// untilNext is how long there is nothing to do: no job becomes due, and nothing that
// is served expires. Jobs that are due and may not start yet wait for a poll to end,
// or for the next look.
func (p *Poller) untilNext(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A bound, because the clock may jump, and calls of yesterday become free again.
	wait := time.Minute
	standings := p.standings(now)
	for _, j := range p.jobs {
		if until := j.due(standings[j.target.Account].Stretch).Sub(now); j.running == nil && !j.never && until > 0 {
			wait = min(wait, until)
		}
	}
	if !p.expires.IsZero() {
		wait = min(wait, max(p.expires.Sub(now.Round(0)), 0))
	}
	return wait
}

// look publishes anew when time alone has changed something: an answer has become too
// old, or a day has turned.
func (p *Poller) look(now time.Time) {
	p.mu.Lock()
	changed := !p.expires.IsZero() && !now.Round(0).Before(p.expires)
	for account, s := range p.standings(now) {
		for _, t := range p.targets {
			changed = changed || t.Account == account && t.shown.differs(s)
		}
	}
	p.mu.Unlock()
	if changed {
		p.publish(now)
	}
}

// finish takes what a poll found, and sets when the job is due again.
func (p *Poller) finish(ctx context.Context, a *attempt) {
	now := time.Now()
	p.mu.Lock()
	j := a.job
	if !slices.Contains(p.jobs, j) {
		p.mu.Unlock()
		return // it is no more
	}
	j.running = nil
	if a.err != nil && (ctx.Err() != nil || paused(a.err)) {
		// We stopped it: that says nothing of the console. What was not asked is still due.
		if a.calls == 0 {
			j.base, j.wait = a.poll.Now, 0
		}
		p.keepState(j.target)
		p.mu.Unlock()
		return
	}
	before, alone := j.err, j.wide && j.unsupported
	first := j.snapshot == nil
	for credential, err := range a.refused {
		j.target.refusals[refused{j.collector, credential, j.wide}] = refusal{at: a.poll.Now, err: err}
	}
	if j.collector == Discovery {
		p.discovered(a, now)
	}
	j.finish(a.poll.Now, now, j.target.named(a.snapshot), a.err)
	j.calls = a.calls
	if j.collector == Discovery && j.err == nil {
		j.interval = j.target.discoveryInterval()
	}
	if j.wide && j.unsupported != alone {
		p.reconcile(j.target)
	}
	j.never = j.err == nil && j.interval == 0
	j.wait = pause(j.err, j.failures, j.interval)
	j.wait += jitter(j.wait, rand.Float64())
	if first && j.err == nil {
		j.wait += spread(j.interval, slices.Index(p.jobs, j), len(p.jobs))
	}
	// A poll that outlasted its interval is not asked again at once.
	if now.Sub(a.poll.Now) > j.wait {
		j.base, j.wait = now, jitter(j.interval, rand.Float64())
	}
	p.report(j, before, j.due(j.target.Account.Standing(now).Stretch))
	p.keep(j)
	p.keepState(j.target)
	p.mu.Unlock()
	p.demand()
	p.publish(now)
}
