package poller

import (
	"cmp"
	"maps"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// reconcile makes the account's jobs those that it needs now. A job that is needed as
// before keeps its snapshot and its schedule.
func (a *account) reconcile() {
	before := maps.Clone(a.index.byKey)
	discovery := before[jobKey{name: schedule.Discovery}]
	var jobs []*job
	for _, poll := range schedule.Polls(a.needs()) {
		wanted := &job{Poll: poll, account: a}
		existing := before[wanted.key()]
		switch {
		case existing == nil:
		case existing.Organization != poll.Organization || poll.Collector != nil && existing.Collector.Fingerprint != poll.Collector.Fingerprint:
			// Renamed, or with other settings: it is polled again, with what the old one knew of
			// scans that the API no longer lists.
			wanted.previous = cmp.Or(existing.snapshot, existing.previous)
		default:
			existing.adopt(poll)
			wanted = existing
			delete(before, wanted.key())
		}
		if poll.Name == schedule.Discovery {
			discovery = wanted
		}
		if poll.FromDiscovery {
			wanted.source = discovery
		} else {
			wanted.source = nil
		}
		jobs = append(jobs, wanted)
	}
	for _, gone := range before {
		gone.abandon()
	}
	slices.SortStableFunc(jobs, func(x, y *job) int {
		return cmp.Or(cmp.Compare(x.Organization.Name, y.Organization.Name), cmp.Compare(x.Place, y.Place))
	})
	a.running = slices.DeleteFunc(a.running, func(j *job) bool { return !slices.Contains(jobs, j) })
	a.renew(jobs)
	discovery.reschedule(a.discoveryInterval())
	if !a.discovered() {
		discovery.Weight = 1 // nothing else can be polled before
	}
}

// index has an account's jobs by what they are looked for with.
type index struct {
	byKey        map[jobKey]*job
	accountWide  []*job
	alike        map[jobKey][]*job // of different organizations, by probe
	reportsUsage bool              // some job's responses report the quota
}

func newIndex(jobs []*job) index {
	i := index{byKey: make(map[jobKey]*job, len(jobs)), alike: map[jobKey][]*job{}}
	for _, j := range jobs {
		i.byKey[j.key()] = j
		i.alike[j.probe()] = append(i.alike[j.probe()], j)
		if j.AccountWide {
			i.accountWide = append(i.accountWide, j)
		}
		i.reportsUsage = i.reportsUsage || j.reportsUsage() && j.source == nil
	}
	return i
}

// connect has jobs find those that they depend on.
func (a *account) connect() {
	a.index = newIndex(a.jobs)
	byKey := a.index.byKey
	for _, j := range a.jobs {
		j.feed, j.trigger = nil, nil
		if j.Daily {
			j.feed = byKey[jobKey{name: j.Name, accountWide: true}]
		}
		if j.MaxInterval > 0 {
			j.trigger = byKey[jobKey{name: j.Collector.ChangedBy, organizationID: j.Organization.ID}]
		}
	}
	depend := func(j, on *job) {
		if on != nil {
			on.derivation.dependents = append(on.derivation.dependents, j)
		}
	}
	for _, j := range a.jobs {
		depend(j, j.feed)
		if depend(j, j.trigger); j.trigger != nil {
			depend(j, j.trigger.feed)
		}
		if feed := byKey[jobKey{name: j.Name, accountWide: true}]; feed != j && feed != nil && feed.Changes {
			depend(feed, j) // which is first polled after what has the changes
		}
	}
}

// handOver gives each organization its part of the last snapshot of an account-wide form that is unsupported by now,
// so that nothing disappears before the organization's own poll has succeeded.
func (a *account) handOver(j *job) (heirs []*job) {
	if !j.superseded() || j.snapshot == nil || j.Changes {
		return nil
	}
	for _, heir := range a.jobs {
		if heir.Name != j.Name || heir.AccountWide || heir.snapshot != nil || !a.accountWide(heir.Organization.ID) {
			continue
		}
		part := j.snapshot.Of(heir.Organization)
		heir.setSnapshot(&part)
		heir.lastSuccess = j.lastSuccess
		heir.changed()
		heirs = append(heirs, heir)
	}
	j.snapshot, j.part = nil, nil
	j.touch()
	return heirs
}

// adopt takes over how the job is polled from now on.
func (j *job) adopt(p schedule.Poll) {
	interval := p.Interval
	p.Interval = j.Interval
	j.Poll = p
	if j.Name != schedule.Discovery { // whose interval follows from what it finds
		j.reschedule(interval)
	}
}
