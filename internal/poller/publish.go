package poller

import (
	"cmp"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

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
}

// identity distinguishes accounts at a reload.
type identity struct {
	name, fingerprint string
	quota             *quota.Quota
}

func (a *account) identity() identity { return identity{a.Name, a.Fingerprint, a.Quota} }

// updateLoads works out what the account's jobs cost.
func (a *account) updateLoads() {
	var loads []schedule.Load
	for _, j := range a.jobs {
		if j.source == nil && !j.free() {
			loads = append(loads, j.load())
		}
	}
	a.loads, a.paced = schedule.Merge(loads), pacing{}
}

// load is what the job costs.
func (j *job) load() schedule.Load {
	load := schedule.Load{Calls: float64(max(j.calls, 1)), Interval: j.Interval, Weight: j.Weight}
	switch {
	case j.unsupported:
		load.Interval = schedule.UnsupportedInterval
	case j.followed() || !j.everPolled() && j.Daily:
		load.Interval = j.wholeInterval()
	case j.onChange() || !j.everPolled() && j.trigger != nil:
		load.Interval = min(max(cmp.Or(j.meanGap, j.MaxInterval), j.Interval), j.longest())
	}
	return load
}

// updateEstimate reports to the quota how many live assets the account has. Several collectors count them, each for itself,
// and each may lack some.
func (a *account) updateEstimate() {
	if !a.EstimateLimit {
		return
	}
	live := map[string]int64{}
	for _, j := range a.jobs {
		if j.snapshot != nil {
			live[j.Name] += j.live
		}
	}
	most := int64(0)
	for _, n := range live {
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

// publishPause is the time between two publications. With thousands of jobs each costs milliseconds, and results come in
// bursts.
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
		health = append(health, exposition.NewPart(p.health.Reasons(a.Name, a.reasons)))
		next.accounts = append(next.accounts, a.identity())
		next.organizations = append(next.organizations, a.organizations()...)
		s := p.quotaState(a, now)
		a.Quota.SetPace(s.Demand, s.Stretch)
		settled = settled && (p.follows() && p.leaderReady(a, now) || !p.follows() && a.settled(s))
		changed := a.published.differs(s)
		if changed {
			a.published = publishedQuota{stretch: s.Stretch, reason: s.Reason(), resumes: s.Resumes}
		}
		if p.published.Load() != nil { // else there is no loop yet, which logs this when it begins
			p.logAccount(a, s, now)
		}
		for _, j := range a.jobs {
			if j.silent() {
				continue
			}
			if changed {
				j.changed()
			}
			if j.health == nil {
				j.describe(p.health, s)
			}
			health = append(health, j.health)
			if j.snapshot == nil {
				continue
			}
			if j.expired(now, p.config.MaxAge) {
				j.status = nil
				continue
			}
			parts = append(parts, j.part)
			if end := j.expiry(p.config.MaxAge); !end.IsZero() && (p.expires.IsZero() || end.Before(p.expires)) {
				p.expires = end
			}
		}
	}
	p.ready = p.ready || settled && len(p.accounts) > 0
	next.ready = p.ready
	next.view = p.merger.Merge(now, health, parts)
	next.status = p.statuses(now)
	p.published.Store(next)
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

// Gather implements prometheus.Gatherer. It makes no request, waits for nothing and cannot fail.
func (p *Poller) Gather() ([]*dto.MetricFamily, error) {
	return p.published.Load().view.Gather(p.config.Now()), nil
}

// Ready reports whether every poll has succeeded or failed once, or polling is paused. Once true it stays true: an
// organization that is added later does not make the data of the others unready, nor does a console that is down.
func (p *Poller) Ready() bool { return p.published.Load().ready }

// View returns the families of what is published.
func (p *Poller) View() *exposition.View { return p.published.Load().view }
