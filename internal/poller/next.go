package poller

import (
	"cmp"
	"context"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// startNext starts the job that has been due the longest, of several the cheapest; nil when none may start now.
func (p *Poller) startNext(ctx context.Context, now time.Time, once map[*job]bool) *attempt {
	var best candidate
	for _, a := range p.accounts {
		if c := p.next(a, now, once); c.job != nil && (best.job == nil || c.compare(best) < 0) {
			best = c
		}
	}
	j := best.job
	if j == nil {
		return nil
	}
	if once != nil {
		once[j] = true
	}
	a := j.account
	if j.comesInARush() {
		a.lastFirst = now
		for _, feed := range a.index.accountWide {
			feed.outdate(scheduling) // see firstChanges
		}
	}
	fault := j.faultOf()
	j.countReason(fault, p.quotaState(a, now))
	j.start(now)
	a.paced = pacing{}
	attempt := j.newAttempt(ctx)
	attempt.probe = fault
	j.running = attempt
	a.running = append(a.running, j)
	p.saveState(a)
	return attempt
}

// candidate is a job that may start.
type candidate struct {
	job *job
	due time.Time
}

// compare orders candidates by when they should start.
func (c candidate) compare(other candidate) int {
	return cmp.Or(c.due.Compare(other.due), cmp.Compare(c.job.turn(), other.job.turn()), cmp.Compare(c.job.Place, other.job.Place))
}

// next returns the job of an account that should start first of those that may start now; none: a candidate without one.
func (p *Poller) next(a *account, now time.Time, once map[*job]bool) (best candidate) {
	s := p.quotaState(a, now)
	a.update()
	flight := a.inFlight()
	if s.Stopped() || flight.exhausts(s) {
		return best
	}
	a.queue.wake(now)
	jobs := a.queue.ready
	if once != nil {
		jobs = a.jobs // each is tried once, whatever others have found
	}
	for _, j := range jobs {
		if j.running != nil || j.source != nil || once[j] || once != nil && j.Changes || flight.blocks(j) || flight.wouldStarveProbe(j, s) || once == nil && j.yields(now, allowance(s)) {
			continue
		}
		due := j.due()
		if once != nil && j.waits == nil {
			due = j.ownDue()
		}
		if now.Before(due) || once == nil && (j.awaitsOther(now) || j.comesInARush() && !j.mayStartInARush(now, s)) {
			continue
		}
		c := candidate{j, due}
		if best.job == nil || cmp.Or(c.compare(best), cmp.Compare(j.derivation.at, best.job.derivation.at)) < 0 {
			best = c
		}
	}
	return best
}

// mayStartInARush reports whether a job may start that is one of many which come at once. Rushes that come later on the
// day find calls that were saved.
func (j *job) mayStartInARush(now time.Time, s quota.State) bool {
	spent, a := s.Spent, allowance(s)
	if j.everPolled() {
		spent = schedule.Ahead(spent, s.Budget, a.Left)
	}
	return schedule.MayStartFirst(now, j.account.lastFirst, j.account.floor, spent, s.Budget, a)
}

// allowance is what the quota permits. Instead of a stale one it is that of a whole day: if the quota has reset, the
// next response reports it.
func allowance(s quota.State) schedule.Allowance {
	if s.Allowance.Stale {
		return schedule.Allowance{Limited: true, Calls: s.Budget, Left: 24 * time.Hour}
	}
	return schedule.Allowance{Limited: s.Allowance.Known, Calls: s.Allowance.Calls, Left: s.Left}
}
