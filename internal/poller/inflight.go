package poller

import (
	"slices"

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
	account *account
	// sitesPending: the account's site names are about to be known, and everything that names sites waits for them.
	sitesPending bool
	supported    map[jobKey]bool // see supports; without organizations
}

func (a *account) inFlight() inFlight {
	return inFlight{account: a, supported: map[jobKey]bool{}, sitesPending: slices.ContainsFunc(a.index.accountWide, func(j *job) bool {
		return !j.Changes && j.snapshot == nil && j.err == nil && j.source == nil && (!j.everPolled() || j.running != nil)
	})}
}

// supports reports whether a collector was supported for an organization so far.
func (f inFlight) supports(probe jobKey) bool {
	supported, known := f.supported[probe]
	if !known {
		supported = slices.ContainsFunc(f.account.index.alike[probe], func(j *job) bool { return j.snapshot != nil && !j.unsupported && j.everPolled() })
		f.supported[probe] = supported
	}
	return supported
}

// probe is the key that the job shares with those of other organizations.
func (j *job) probe() jobKey { return jobKey{name: j.Name, accountWide: j.AccountWide} }

func (j *job) needsProbe() bool {
	return j.Collector != nil && j.Collector.Needs == runzero.OrganizationToken
}

// blocks reports whether a job must wait for a running poll. An organization is polled for
// one thing at a time, so that its sites are known before other collectors name them.
func (f inFlight) blocks(j *job) bool {
	running := f.account.running
	if len(running) >= parallelPerAccount || f.sitesPending && j.Organization.Name != "" {
		return true
	}
	fault := j.faultOf()
	for _, other := range running {
		if fault != nil && other.running.probe == fault || other.Organization.Name == j.Organization.Name {
			return true
		}
		// A collector that only some credentials reach is tried with one organization at a time until it is supported for
		// one: if the scope is insufficient, the others need not be tried.
		if j.needsProbe() && other.probe() == j.probe() && !f.supports(j.probe()) {
			return true
		}
	}
	return false
}

// wouldStarveProbe reports whether a job whose responses do not report the quota would
// spend the last calls with which a reset can be noticed.
func (f inFlight) wouldStarveProbe(j *job, s quota.State) bool {
	return s.Allowance.Stale && !j.reportsUsage() && f.account.index.reportsUsage && s.Allowance.Calls <= max(j.calls, 1)
}

// exhausts reports whether the running polls will want all calls that are left.
func (f inFlight) exhausts(s quota.State) bool {
	return len(f.account.running) > 0 && s.Allowance.Known && (s.Allowance.Stale || int64(len(f.account.running)) >= s.Allowance.Calls)
}
