package poller

import (
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// At most this many polls run at once, each for another organization: for one account, so that a slow console does
// not hold up the others, and in all. It bounds memory and sockets; how much is polled is the quota's business.
const (
	parallelPerAccount = 4
	parallel           = 64
)

// inFlight records what the running polls of an account occupy.
type inFlight struct {
	polls         int
	organizations map[string]bool // by org_name
	// sitesPending: the account's site names are about to be known, and everything that names sites waits for them.
	sitesPending bool
	// A collector that only some credentials reach is tried with one organization at a time until it is supported for
	// one: if the scope is insufficient, the others need not be tried.
	trying, supported map[jobKey]bool // without organizations
	reportsUsage      bool            // some job's responses report the quota
	probing           map[*fault]bool // a running poll finds out whether it is over
}

func (a *account) inFlight() inFlight {
	f := inFlight{organizations: map[string]bool{}, trying: map[jobKey]bool{}, supported: map[jobKey]bool{}, probing: map[*fault]bool{}}
	for _, j := range a.jobs {
		if j.reportsUsage() && j.source == nil {
			f.reportsUsage = true
		}
		if j.snapshot != nil && !j.unsupported && j.everPolled() {
			f.supported[j.probe()] = true
		}
		if j.running != nil {
			f.trying[j.probe()] = true
			f.probing[j.running.probe] = true
			f.organizations[j.Organization.Name] = true
			f.polls++
		}
		if j.AccountWide && !j.Changes && j.snapshot == nil && j.err == nil && j.source == nil && (!j.everPolled() || j.running != nil) {
			f.sitesPending = true
		}
	}
	return f
}

// probe is the key that the job shares with those of other organizations.
func (j *job) probe() jobKey { return jobKey{name: j.Name, accountWide: j.AccountWide} }

func (j *job) needsProbe() bool {
	return j.Collector != nil && j.Collector.Needs == runzero.OrganizationToken
}

// blocks reports whether a job must wait for a running poll. An organization is polled for
// one thing at a time, so that its sites are known before other collectors name them.
func (f inFlight) blocks(j *job) bool {
	if fault := j.faultOf(); fault != nil && f.probing[fault] {
		return true
	}
	return f.polls >= parallelPerAccount || f.organizations[j.Organization.Name] ||
		f.sitesPending && j.Organization.Name != "" ||
		j.needsProbe() && f.trying[j.probe()] && !f.supported[j.probe()]
}

// wouldStarveProbe reports whether a job whose responses do not report the quota would
// spend the last calls with which a reset can be noticed.
func (f inFlight) wouldStarveProbe(j *job, s quota.State) bool {
	return s.Allowance.Stale && !j.reportsUsage() && f.reportsUsage && s.Allowance.Calls <= max(j.calls, 1)
}

// exhausts reports whether the running polls will want all calls that are left.
func (f inFlight) exhausts(s quota.State) bool {
	return f.polls > 0 && s.Allowance.Known && (s.Allowance.Stale || int64(f.polls) >= s.Allowance.Calls)
}
