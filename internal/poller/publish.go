package poller

import (
	"cmp"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/budget"
)

// reconcile makes the jobs of a target's organizations those of the organizations
// found. Known organizations keep their jobs, and with them their answers.
func (p *Poller) reconcile(t *target) {
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
			fresh := &job{target: t, collector: c.Name, organization: organization, collect: c.Collect, interval: c.Interval, place: place + 1}
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

// demand tells the accounts what is asked of them.
func (p *Poller) demand() {
	p.mu.Lock()
	defer p.mu.Unlock()
	jobs := map[*Account][]budget.Job{}
	for _, j := range p.jobs {
		interval := j.interval
		if j.unsupported {
			interval = unsupportedPause
		}
		if !j.never {
			jobs[j.target.Account] = append(jobs[j.target.Account], budget.Job{Calls: float64(max(j.calls, 1)), Interval: interval})
		}
	}
	for account, of := range jobs {
		account.demand(of)
	}
}

// shown is what of an account's standing is told in its jobs' families.
type shown struct {
	stretch float64
	stopped bool
}

// Less than this is not worth telling anew.
const stretchShown = 0.01

func (s shown) differs(now Standing) bool {
	return s.stopped != now.Stopped() || math.Abs(now.Stretch-s.stretch) > stretchShown*now.Stretch
}

// publish makes the view that scrapes are answered from.
func (p *Poller) publish(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	standings := p.standings(now)
	anew := map[*target]bool{}
	for _, t := range p.targets {
		if s := standings[t.Account]; t.shown.differs(s) {
			anew[t] = true
			t.shown = shown{stretch: s.Stretch, stopped: s.Stopped()}
		}
		p.tell(t, standings[t.Account])
	}
	var parts [][]*dto.MetricFamily
	ready := len(p.jobs) > 0
	p.expires = time.Time{}
	for _, j := range p.jobs {
		if j.health == nil || anew[j.target] {
			j.describe(p.health, standings[j.target.Account])
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
