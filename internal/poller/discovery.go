package poller

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// validFor is how long a reach is valid.
func (a *account) validFor(r reach) time.Duration {
	if r.AccountWide {
		return schedule.DiscoveryInterval(a.Collectors)
	}
	return schedule.RenamedInterval
}

// undiscovered are the credentials whose organizations are unknown, or were listed too long ago.
func (a *account) undiscovered(now time.Time) []Credential {
	var credentials []Credential
	for _, c := range a.Credentials {
		r, known := a.reach[c.Name]
		if !known || now.Sub(r.Polled) >= a.validFor(r) {
			credentials = append(credentials, c)
		}
	}
	return credentials
}

// discoveryInterval is when a discovery is due again after a successful one.
func (a *account) discoveryInterval() time.Duration {
	interval := schedule.RenamedInterval
	for _, c := range a.Credentials {
		if r, known := a.reach[c.Name]; known {
			interval = min(interval, a.validFor(r))
		}
	}
	return interval
}

// discover lists the organizations that credentials reach. What some of them returned counts although others failed.
func (a *attempt) discover() {
	a.found = map[string]reach{}
	for _, c := range a.credentials {
		a.readSum(c)
		a.used = cmp.Or(a.used, c.Name)
		organizations, err := c.Client.Organizations(a.ctx)
		a.results[c.Name] = err
		if err == nil {
			a.found[c.Name] = reach{
				Organizations: organizations, Kind: c.Client.Kind(), AccountWide: c.Client.AccountWide(), Polled: a.poll.Now.Round(0).UTC(),
			}
			continue
		}
		if a.several {
			err = fmt.Errorf("credential %q: %w", c.Name, err)
		}
		if a.err == nil {
			a.err, a.used = err, c.Name
		} else {
			a.err = fmt.Errorf("%w; %w", a.err, err) // on one line, which errors.Join does not
		}
	}
}

// rediscover has discovery find out at once what a credential reaches now.
func (a *account) rediscover(credential string) {
	if r, known := a.reach[credential]; known {
		r.Polled = time.Time{}
		a.reach[credential] = r
	}
	a.discovery().makeDue()
}

// applyReach applies what a discovery found: the account's jobs become those of the organizations that are now known.
func (p *Poller) applyReach(attempt *attempt, now time.Time) {
	a := attempt.job.account
	before := maps.Clone(a.reach)
	for name, r := range attempt.found {
		attempt.found[name] = r.keep(before[name], now, a.validFor(r))
	}
	maps.Copy(a.reach, attempt.found)
	if err := a.selectOrganizations(); err != nil {
		// Not all of those wanted, or none: no reason to forget them.
		a.reach, attempt.found = before, nil
		if attempt.err == nil {
			attempt.err = err
		}
	}
	a.reconcile()
	for name := range attempt.found {
		if _, known := before[name]; !known {
			a.retryUnsupported(name)
		}
	}
	for _, j := range a.jobs {
		if j.FromDiscovery {
			p.applyDiscovery(j, attempt, now)
		}
	}
	if attempt.err == nil {
		p.logUnmatchedLabels(a)
		p.prune()
	}
}

// retryUnsupported has everything unsupported tried again, because a credential is new and its scope may suffice.
func (a *account) retryUnsupported(credential string) {
	maps.DeleteFunc(a.insufficient, func(u use, _ insufficiency) bool { return u.credential == credential })
	for _, j := range a.jobs {
		if j.unsupported {
			j.makeDue()
		}
	}
}

// applyDiscovery derives a job's result from a discovery. Failures of credentials that
// reach no whole account do not concern it.
func (p *Poller) applyDiscovery(j *job, attempt *attempt, now time.Time) {
	a := j.account
	polled, succeeded := false, false
	for _, c := range attempt.credentials {
		polled = polled || a.reach[c.Name].AccountWide
		succeeded = succeeded || attempt.found[c.Name].AccountWide
	}
	if !polled {
		return
	}
	var rows []runzero.Organization
	for _, o := range a.polled {
		if a.accountWide(o.ID) {
			rows = append(rows, o)
		}
	}
	snapshot, err := j.Collector.FromDiscovery(rows, a.names, a.missingOrganizations())
	if !succeeded {
		err = attempt.err
	}
	j.lastAttempt, j.base = attempt.poll.Now, attempt.poll.Now
	j.finish(attempt.poll.Now, now, snapshot, err)
	if err == nil {
		p.save(j)
	}
}

// requestDiscovery makes discovery due when a job that is derived from it has no result yet.
func (a *account) requestDiscovery() {
	for _, j := range a.jobs {
		if j.source == nil || j.snapshot != nil || j.err != nil {
			continue
		}
		for name, r := range a.reach {
			r.Polled = time.Time{}
			a.reach[name] = r
		}
		j.source.makeDue()
	}
}
