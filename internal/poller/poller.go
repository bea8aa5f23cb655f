package poller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Config is what a Poller needs besides its accounts.
type Config struct {
	Logger log.Logger
	// MaxAge is the age at which a snapshot is no longer exposed; 0: never.
	MaxAge time.Duration
	// Advise says what a user can do about an error; empty when nothing. Nil: nothing ever.
	Advise func(error) string
	// Store caches snapshots and schedules for the next start; nil: nothing is cached.
	Store store.Store
	// Now is the clock, and Random in [0, 1) spreads polls.
	Now    func() time.Time
	Random func() float64
}

// A poll that takes longer than this, over all its requests, is cancelled.
const pollTimeout = time.Hour

// Poller runs collectors when they are due. Run, Once and Step must not run at the same
// time; everything else may be called at any time.
type Poller struct {
	config    Config
	merger    *exposition.Merger
	health    collector.HealthFamilies
	published atomic.Pointer[publication]
	results   chan *attempt
	reloads   chan reload
	changes   chan change

	// Owned by the loop.
	store    store.Store // that it may write to; nil: nothing is cached, or another exporter has the store
	turn     turn
	accounts []*account
	expires  time.Time // when the next exposed snapshot becomes too old; zero: never
	ready    bool

	publishedAt time.Time
	unpublished bool // there are results that publishedAt is older than
}

// New makes a Poller of accounts, with what the store has cached of them. No request is made yet.
func New(config Config, accounts []Account) *Poller {
	if config.Advise == nil {
		config.Advise = func(error) string { return "" }
	}
	p := &Poller{
		config: config, merger: exposition.NewMerger(collector.Catalogue(), collector.AgeOf()), health: collector.NewHealthFamilies(),
		results: make(chan *attempt), reloads: make(chan reload), changes: make(chan change),
	}
	p.turn.loaded, p.turn.ended = make(chan loaded), make(chan struct{})
	if config.Store != nil {
		if p.turn.state = config.Store.State(); p.turn.state.Term != 0 {
			p.turn.term, p.turn.led, p.store = p.turn.state.Term, true, config.Store
		}
	}
	p.apply(p.prepare(accounts))
	return p
}

// Run polls until ctx ends, and returns when the last poll has ended.
func (p *Poller) Run(ctx context.Context) { p.loop(ctx, nil) }

// Once polls everything once, and returns what failed.
func (p *Poller) Once(ctx context.Context) error {
	p.loop(ctx, map[*job]bool{})
	var failed []error
	for _, a := range p.accounts {
		for _, j := range a.jobs {
			switch {
			case j.err != nil && !j.unsupported:
				failed = append(failed, fmt.Errorf("%s: %w", j.title(), j.err))
			case !j.settled() && ctx.Err() == nil: // an interruption is no fault of each poll
				why := p.quotaState(a, p.config.Now()).Explain()
				level.Error(j.logger(p.config.Logger)).Log("msg", "not polled", "why", why)
				failed = append(failed, fmt.Errorf("%s: not polled: %s", j.title(), why))
			}
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// Step makes every poll that is due, one after the other, publishes what has changed, and
// returns for how long nothing is due. It is for those who drive the clock themselves.
func (p *Poller) Step(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		a := p.startNext(ctx, p.config.Now(), nil)
		if a == nil {
			break
		}
		a.run()
		p.finish(ctx, a)
	}
	now := p.config.Now()
	if p.unpublished {
		p.publish(now)
	}
	p.refresh(now)
	return p.untilNext(now)
}

// loop starts polls and applies their results. With once, each job is polled at most once,
// and the loop ends when nothing is left to poll.
func (p *Poller) loop(ctx context.Context, once map[*job]bool) {
	for _, a := range p.accounts {
		now := p.config.Now()
		p.logAccount(a, p.quotaState(a, now), now)
	}
	var storeChanged <-chan struct{}
	if p.config.Store != nil {
		storeChanged = p.config.Store.Changed()
	}
	defer close(p.turn.ended)
	p.lookAtStore()
	running := 0
	for {
		now := p.config.Now()
		// Looked at once per round: whatever ends ctx later is noticed below.
		stopping := ctx.Err() != nil
		for !stopping && p.mayPoll() && running < parallel {
			a := p.startNext(ctx, now, once)
			if a == nil {
				break
			}
			running++
			go func() {
				p.run(a)
				p.results <- a
			}()
		}
		if running == 0 && (once != nil && p.mayPoll() || stopping) {
			if p.unpublished {
				p.publish(now)
			}
			return
		}
		if once == nil && !p.follows() {
			p.watchSecrets(ctx)
		}
		p.publishStatus()
		wake := time.NewTimer(p.untilNext(now))
		stop := ctx.Done()
		if stopping {
			stop = nil // wait for the running polls
		}
		select {
		case a := <-p.results:
			running--
			p.finish(ctx, a)
		case r := <-p.reloads:
			p.apply(r)
			close(r.applied)
		case <-storeChanged:
			p.lookAtStore()
		case l := <-p.turn.loaded:
			p.takeOver(l)
		case <-p.turn.again:
			p.turn.again = nil
			p.lookAtStore()
		case c := <-p.changes:
			c.account.secretChanged(c, p.config.Now())
		case <-wake.C:
			p.refresh(p.config.Now())
		case <-stop:
		}
		wake.Stop()
	}
}

// quotaState is the account's quota with the demand of its jobs. It sets the intervals in force.
func (p *Poller) quotaState(a *account, now time.Time) quota.State {
	s := a.Quota.State(now)
	if as := (pacing{now, s.Allowance, s.Budget}); as != a.paced {
		a.paced = as
		a.pace(now, s)
	}
	s.Demand, s.Stretch = schedule.Demand(a.loads, 24*time.Hour), schedule.Ratio(a.loads, a.floor)
	return s
}

// untilNext is how long there is nothing to do: no job becomes due, no pause ends, and no exposed snapshot is too old. Jobs that are
// due and may not start wait for a running poll, or for the next minute.
func (p *Poller) untilNext(now time.Time) time.Duration {
	// Bounded, because the clock may jump, and yesterday's calls become available again.
	wait := time.Minute
	if p.unpublished {
		wait = p.untilPublished(now)
	} else if !p.ready && p.follows() {
		wait = publishPause
	}
	for _, a := range p.accounts {
		if s := p.quotaState(a, now); s.Resumes.After(now) {
			wait = min(wait, s.Resumes.Sub(now))
		}
		if unsettled := a.started.unsettled(now); unsettled > 0 {
			wait = min(wait, unsettled)
		}
		a.update()
		a.queue.wake(now)
		if next := a.queue.next(); !next.IsZero() {
			wait = min(wait, next.Sub(now))
		}
	}
	if !p.expires.IsZero() {
		wait = min(wait, max(p.expires.Sub(now.Round(0)), 0))
	}
	return wait
}

// finish applies the result of a poll, and sets when the job is due again.
func (p *Poller) finish(ctx context.Context, attempt *attempt) {
	now := p.config.Now()
	j := attempt.job
	a := j.account
	a.running = slices.DeleteFunc(a.running, func(running *job) bool { return running == j })
	if !slices.Contains(p.accounts, a) || a.job(j.key()) != j {
		return // it no longer exists
	}
	j.running = nil
	j.touch()
	maps.Copy(a.sums, attempt.sums)
	if cut := ctx.Err() != nil || attempt.stopped; attempt.err != nil && (cut || quota.Paused(attempt.err) || errors.Is(attempt.err, errNotRecorded) || errors.Is(attempt.err, store.ErrNotLeading)) {
		// We stopped it: that is no failure of the console. What made no request is still due, and so is what the end
		// of this process cuts short.
		if attempt.calls.Load() == 0 {
			j.retry = attempt.poll.Now
		} else if cut {
			j.cutShort()
		}
		j.status = nil
		j.touch()
		p.saveState(a)
		p.lookAtStore() // or what cannot be recorded would be started again and again
		return
	}
	before, superseded := j.err, j.superseded()
	// It is unsupported if no credential is left that could have reached it.
	if errors.Is(attempt.err, collector.ErrUnsupported) && attempt.used != "" && j.works(now, p.config.MaxAge) {
		attempt.err, attempt.insufficient = lost(attempt.err), nil
		attempt.results[attempt.used] = attempt.err
	}
	for credential, err := range attempt.insufficient {
		a.insufficient[use{j.Name, credential, j.AccountWide}] = insufficiency{at: attempt.poll.Now, err: err}
	}
	if j.Name == schedule.Discovery {
		p.applyReach(attempt, now)
	}
	j.finish(attempt.poll.Now, now, attempt.snapshot, attempt.err)
	j.calls = attempt.calls.Load()
	if j.superseded() != superseded {
		a.reconcile()
		for _, heir := range a.handOver(j) {
			p.save(heir)
		}
	}
	if attempt.used != "" {
		j.credential = attempt.used
	}
	j.cut = 0
	p.learn(attempt, now)
	switch {
	case j.unsupported:
		j.retry = attempt.poll.Now.Add(schedule.UnsupportedInterval + schedule.Spread(schedule.UnsupportedInterval, p.config.Random()))
	case j.err != nil:
		p.retryLater(attempt, now)
	default:
		j.wait = j.Interval + schedule.Spread(j.Interval, p.config.Random())
		if now.Sub(attempt.poll.Now) > j.wait {
			// The poll outlasted its interval: it is not repeated at once.
			j.base, j.wait = now, schedule.Spread(j.Interval, p.config.Random())
		}
	}
	if errors.Is(j.err, runzero.ErrWrongOrganization) && j.failures == 1 {
		a.rediscover(j.credential)
	}
	p.finishChanges(attempt)
	a.update()
	a.updateEstimate()
	p.quotaState(a, now)
	p.logResult(j, before, j.due())
	p.logDropped(j)
	if j.err == nil {
		p.save(j)
	}
	p.saveState(a)
	p.publishSoon(now)
}
