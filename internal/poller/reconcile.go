package poller

import (
	"cmp"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// reconcile makes the account's jobs those that it needs now. A job that is needed as
// before keeps its snapshot and its schedule.
func (a *account) reconcile() {
	before := a.byKey()
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
	a.jobs = jobs
	a.takeUnsaved()
	for _, j := range jobs {
		j.touch()
	}
	a.connect()
	discovery.reschedule(a.discoveryInterval())
	if !a.discovered() {
		discovery.Weight = 1 // nothing else can be polled before
	}
}

// connect has jobs find those that they depend on.
func (a *account) connect() {
	byKey := a.byKey()
	for _, j := range a.jobs {
		j.feed, j.trigger = nil, nil
		if j.Daily {
			j.feed = byKey[jobKey{name: j.Name, accountWide: true}]
		}
		if j.MaxInterval > 0 {
			j.trigger = byKey[jobKey{name: j.Collector.ChangedBy, organizationID: j.Organization.ID}]
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
