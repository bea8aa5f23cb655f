package poller

import (
	"cmp"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// job makes the collector's job for a target; place is where it stands among the
// target's collectors.
func (c *Collector) job(t *target, place int) *job {
	return &job{
		target: t, collector: c.Name, scope: c.Scope, collect: c.Collect, needs: c.Needs, shape: c.Shape,
		interval: c.Interval, place: place + 1,
	}
}

// accountJob makes the collector's job for all organizations of an account at once.
func (c *Collector) accountJob(t *target, place int, discovery *job) *job {
	j := c.job(t, place)
	j.wide = true
	if c.Found != nil {
		j.found, j.feeder, j.collect = c.Found, discovery, nil
		j.never = true
		return j
	}
	j.collect = c.Wide.Collect
	return j
}

// wanted are the jobs that a target takes. What can be asked for a whole account at
// once is, and the organizations that are covered so are not asked one by one.
func (p *Poller) wanted(t *target) []*job {
	discovery := p.job(t, Discovery, false, "")
	if discovery == nil {
		discovery = &job{target: t, collector: Discovery}
	}
	jobs := []*job{discovery}
	for place, c := range t.Collectors {
		if c.Scope != collector.PerOrganization {
			jobs = append(jobs, c.job(t, place))
			continue
		}
		account := c.accountWide() && slices.ContainsFunc(t.chosen, func(o runzero.Organization) bool { return t.whole(o.ID) })
		if account {
			jobs = append(jobs, c.accountJob(t, place, discovery))
			if there := p.job(t, c.Name, true, ""); there != nil && there.unsupported {
				account = false
			}
		}
		for _, o := range t.chosen {
			if account && t.whole(o.ID) {
				continue
			}
			j := c.job(t, place)
			j.organization = collector.Organization{ID: o.ID, Name: t.names[o.ID]}
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// job finds a job; nil when there is none.
func (p *Poller) job(t *target, name string, wide bool, organizationID string) *job {
	for _, j := range p.jobs {
		if j.target == t && j.collector == name && j.wide == wide && j.organization.ID == organizationID {
			return j
		}
	}
	return nil
}

// reconcile makes the jobs of a target those that it takes now. What is the same keeps
// its job, and with it its answer and its schedule.
func (p *Poller) reconcile(t *target) {
	type key struct {
		collector, organizationID string
		wide                      bool
	}
	of := func(j *job) key { return key{j.collector, j.organization.ID, j.wide} }
	before, wanted := map[key]*job{}, p.wanted(t)
	p.jobs = slices.DeleteFunc(p.jobs, func(j *job) bool {
		if j.target == t {
			before[of(j)] = j
		}
		return j.target == t
	})
	for _, j := range wanted {
		there := before[of(j)]
		switch {
		case there == nil:
		case there.organization != j.organization || there.shape != j.shape:
			// Renamed, or with other settings: what was found is asked for anew, with what the
			// old knew of scans long ago.
			j.previous = cmp.Or(there.snapshot, there.previous)
		default:
			there.adopt(j)
			j = there
			delete(before, of(j))
		}
		p.jobs = append(p.jobs, j)
	}
	for _, gone := range before {
		gone.abandon()
	}
	discovery := p.job(t, Discovery, false, "")
	discovery.reschedule(t.discoveryInterval())
	order := map[*target]int{}
	for i, each := range p.targets {
		order[each] = i
	}
	slices.SortStableFunc(p.jobs, func(a, b *job) int {
		return cmp.Or(cmp.Compare(order[a.target], order[b.target]),
			cmp.Compare(a.organization.Name, b.organization.Name), cmp.Compare(a.place, b.place))
	})
}

// adopt takes over how the job is to be polled from now on.
func (j *job) adopt(wanted *job) {
	if j == wanted {
		return
	}
	j.collect, j.found, j.feeder, j.needs, j.place = wanted.collect, wanted.found, wanted.feeder, wanted.needs, wanted.place
	j.reschedule(wanted.interval)
}

// reschedule sets the interval of a job, which holds from its last poll on.
func (j *job) reschedule(interval time.Duration) {
	if j.interval == interval {
		return
	}
	j.interval, j.health = interval, nil
	if !j.asked() || j.err != nil || j.feeder != nil {
		return
	}
	j.never = interval == 0
	j.wait = min(max(j.wait, interval), longestWait(interval))
}

// hurry makes a job due now.
func (j *job) hurry() {
	j.never = false
	j.base, j.wait = time.Time{}, 0
}

// abandon ends the poll of a job that is no more.
func (j *job) abandon() {
	if j.running != nil {
		j.running.cancel()
	}
}
