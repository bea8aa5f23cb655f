package poller

import (
	"math"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/exposition"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// publication is everything that the outside sees. It is replaced, never changed.
type publication struct {
	view          *exposition.View
	ready         bool
	status        []AccountStatus
	accounts      []identity
	organizations []Organization
	targets       []accountTargets // by account
}

// identity distinguishes accounts at a reload.
type identity struct {
	name, fingerprint string
	quota             *quota.Quota
}

func (a *account) identity() identity { return identity{a.Name, a.Fingerprint, a.Quota} }

// load is what the job costs.
func (j *job) load() schedule.Load {
	load := schedule.Load{Calls: float64(max(j.calls, 1)), Interval: j.Interval, Weight: j.Weight}
	switch {
	case j.unsupported:
		load.Interval = schedule.UnsupportedInterval
	case j.followed() || !j.everPolled() && j.Daily:
		load.Interval = j.wholeInterval()
	case j.onChange() || !j.everPolled() && j.trigger != nil:
		gap := j.MaxInterval
		if j.meanGap > 0 {
			gap = roughly(j.meanGap)
		}
		load.Interval = min(max(gap, j.Interval), j.longest())
	}
	return load
}

// roughly rounds a duration to one of 16 in each octave: of thousands of jobs, few are to cost something different.
func roughly(d time.Duration) time.Duration {
	const steps = 16
	return time.Duration(math.Exp2(math.Round(math.Log2(float64(d))*steps) / steps))
}

// updateEstimate reports to the quota how many live assets the account has. Several collectors count them, each for itself,
// and each may lack some.
func (a *account) updateEstimate() {
	if !a.EstimateLimit {
		return
	}
	most := int64(0)
	for _, n := range a.live {
		most = max(most, n)
	}
	a.Quota.Estimate(most)
}

// publishedQuota is the part of the quota's state that the families of an account's jobs show.
type publishedQuota struct {
	stretch float64
	reason  string
	resumes time.Time
}

// Changes smaller than this factor are not worth another publication.
const republishFactor = 0.01

func (q publishedQuota) differs(s quota.State) bool {
	return q.reason != s.Reason() || q.reason != "" && !q.resumes.Equal(s.Resumes) || math.Abs(s.Stretch-q.stretch) > republishFactor*s.Stretch
}

// refresh publishes when time alone has changed something: a snapshot has become too old, or the quota has reset.
func (p *Poller) refresh(now time.Time) {
	changed := !p.expires.IsZero() && !now.Round(0).Before(p.expires) || p.unpublished && p.untilPublished(now) == 0 || p.becomesReady(now)
	for _, a := range p.accounts {
		s := p.quotaState(a, now)
		changed = changed || a.published.differs(s)
		p.logAccount(a, s, now)
		p.logNotPolled(a, now)
	}
	if changed {
		p.publish(now)
	}
}

// becomesReady reports whether this replica is ready by now because time has passed.
func (p *Poller) becomesReady(now time.Time) bool {
	return !p.ready && p.follows() && len(p.accounts) > 0 && p.leadersReady(now)
}

// publishPause is the time between two publications. Results come in bursts, and each publication has its pages encoded
// again that have changed.
const publishPause = time.Second

// untilPublished is how long results wait to be published.
func (p *Poller) untilPublished(now time.Time) time.Duration {
	return min(max(p.publishedAt.Add(publishPause).Sub(now), 0), publishPause)
}

// publishSoon publishes a result.
func (p *Poller) publishSoon(now time.Time) {
	if p.unpublished = true; p.untilPublished(now) == 0 {
		p.publish(now)
	}
}

// publish makes what scrapes and the status page are answered from.
func (p *Poller) publish(now time.Time) {
	var health, parts []*exposition.Part
	next := &publication{}
	p.publishedAt, p.unpublished = now, false
	settled := true
	p.expires = time.Time{}
	for _, a := range p.accounts {
		s := p.quotaState(a, now)
		a.update()
		a.Quota.SetPace(s.Demand, s.Stretch)
		settled = settled && (p.ready || p.follows() && p.leaderReady(a, now) || !p.follows() && a.settled(s))
		if a.published.differs(s) {
			a.published = publishedQuota{stretch: s.Stretch, reason: s.Reason(), resumes: s.Resumes}
			for _, j := range a.jobs {
				j.redraw()
			}
		}
		if p.published.Load() != nil { // else there is no loop yet, which logs this when it begins
			p.logAccount(a, s, now)
		}
		p.expose(a, s, now)
		if end := a.exposed.firstEnd(); !end.IsZero() && (p.expires.IsZero() || end.Before(p.expires)) {
			p.expires = end
		}
		health = append(append(health, exposition.NewPart(p.health.Reasons(a.Name, a.reasons))), a.exposed.health...)
		parts = append(parts, a.exposed.parts...)
		next.accounts = append(next.accounts, a.identity())
		next.targets = append(next.targets, a.foundTargets())
		next.organizations = append(next.organizations, a.organizations()...)
	}
	p.ready = p.ready || settled && len(p.accounts) > 0
	next.ready = p.ready
	next.view = p.merger.Merge(now, health, parts)
	next.status = p.statuses(now)
	p.published.Store(next)
}

// exposed is what scrapes see of an account's jobs, in their order; nil for those of which they see nothing.
type exposed struct {
	health []*exposition.Part
	parts  []*exposition.Part
	ends   []time.Time // when a part is too old; zero: never
}

func newExposed(jobs int) exposed {
	return exposed{make([]*exposition.Part, jobs), make([]*exposition.Part, jobs), make([]time.Time, jobs)}
}

// firstEnd is when the first part becomes too old; zero: never.
func (e exposed) firstEnd() (first time.Time) {
	for _, end := range e.ends {
		if !end.IsZero() && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	return first
}

// expose makes again what scrapes see of jobs that have changed, and withdraws what is too old.
func (p *Poller) expose(a *account, s quota.State, now time.Time) {
	for at, end := range a.exposed.ends {
		if !end.IsZero() && !now.Round(0).Before(end) {
			a.jobs[at].outdate(exposing)
		}
	}
	for _, j := range a.takeStale(exposing) {
		at := j.derivation.at
		if j.discovers() != "" {
			a.targets = nil
		}
		withdrawn := a.exposed.parts[at] == nil
		a.exposed.health[at], a.exposed.parts[at], a.exposed.ends[at] = nil, nil, time.Time{}
		if j.silent() {
			continue
		}
		if j.health == nil {
			j.describe(p.health, s)
		}
		a.exposed.health[at] = j.health
		if j.snapshot != nil && !j.expired(now, p.config.MaxAge) {
			a.exposed.parts[at], a.exposed.ends[at] = j.part, j.expiry(p.config.MaxAge)
		}
		if (a.exposed.parts[at] == nil) != withdrawn {
			j.status = nil
			j.outdate(showing)
		}
	}
}

// settled reports whether each job has had a result. While polling is paused, none can: that must not hold up a rollout.
func (a *account) settled(s quota.State) bool {
	return s.Stopped() || !slices.ContainsFunc(a.jobs, func(j *job) bool { return !j.silent() && !j.settled() })
}

// publishStatus publishes that polls have started.
func (p *Poller) publishStatus() {
	next := *p.published.Load()
	next.status = p.statuses(p.config.Now())
	p.published.Store(&next)
}

// Ready reports whether every poll has succeeded or failed once, or polling is paused. Once true it stays true: an
// organization that is added later does not make the data of the others unready, nor does a console that is down.
func (p *Poller) Ready() bool { return p.published.Load().ready }

// View returns the families of what is published.
func (p *Poller) View() *exposition.View { return p.published.Load().view }
