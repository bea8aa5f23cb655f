package poller

import "github.com/runzero-exporter/runzero_exporter/runzero"

// busy is what polls that go on keep others from.
type busy struct {
	organizations map[organizationOf]bool
	accounts      map[*Account]int64
	targets       map[*target]int
	unnamed       map[*target]bool // whose sites are about to be known
	// Collectors of which nobody knows yet whether the credential is large enough, while
	// one organization is asked: if it is not, the others need not be asked.
	trying, tried map[topic]bool
	tells         map[*Account]bool // whose quota some job's answers tell
}

type topic struct {
	target    *target
	collector string
	wide      bool
}

func (j *job) topic() topic { return topic{j.target, j.collector, j.wide} }

type organizationOf struct {
	target *target
	name   string
}

func (p *Poller) busy() busy {
	b := busy{map[organizationOf]bool{}, map[*Account]int64{}, map[*target]int{}, map[*target]bool{}, map[topic]bool{}, map[topic]bool{}, map[*Account]bool{}}
	for _, j := range p.jobs {
		if j.tells() && !j.never {
			b.tells[j.target.Account] = true
		}
		if j.needs == runzero.OrganizationToken && j.answered() {
			b.tried[j.topic()] = true
		}
		if j.running != nil {
			b.trying[j.topic()] = true
			b.organizations[organizationOf{j.target, j.organization.Name}] = true
			b.accounts[j.target.Account]++
			b.targets[j.target]++
		}
		if j.wide && j.snapshot == nil && j.err == nil && j.feeder == nil && (!j.asked() || j.running != nil) {
			b.unnamed[j.target] = true
		}
	}
	return b
}

// holds tells whether a job must wait for another. An organization is asked one thing
// at a time, so that its sites are known before what names them.
func (b busy) holds(j *job) bool {
	return b.targets[j.target] >= parallel || b.organizations[organizationOf{j.target, j.organization.Name}] ||
		b.unnamed[j.target] && j.organization.Name != "" || b.holdsBack(j)
}

// takesTheLast tells whether a job that learns nothing of the quota would take the calls
// that can tell that a day has turned.
func (b busy) takesTheLast(j *job, s Standing) bool {
	return s.Allowance.Stale && !j.tells() && b.tells[j.target.Account] && s.Allowance.Calls <= max(j.calls, 1)
}

func (b busy) holdsBack(j *job) bool {
	return j.needs == runzero.OrganizationToken && b.trying[j.topic()] && !b.tried[j.topic()]
}
