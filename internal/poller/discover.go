package poller

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Discovery is the name under which the polls that learn the organizations are told
// of.
const Discovery = "discovery"

const (
	// DiscoveryInterval is how often an account's organizations are asked for, as they
	// come and go.
	DiscoveryInterval = time.Hour
	// An organization's name can be had from its first asset only. Without one, the
	// token is asked again from time to time; with one, never again.
	namelessInterval = 24 * time.Hour
)

// holds is how long what was found holds: 0 is for good.
func (r reach) holds(whole time.Duration) time.Duration {
	switch {
	case r.Whole:
		return whole
	case len(r.Organizations) == 1 && r.Organizations[0].Name == "":
		return namelessInterval
	}
	return 0
}

// undiscovered are the credentials whose organizations are to be asked for: those that
// nothing is known of, and those of which what is known no longer holds.
func (t *target) undiscovered(now time.Time) []Credential {
	var unknown []Credential
	for _, c := range t.Credentials {
		r, known := t.reaches[c.Name]
		if holds := r.holds(t.wholeInterval()); !known || holds > 0 && now.Sub(r.Asked) >= holds {
			unknown = append(unknown, c)
		}
	}
	return unknown
}

// wholeInterval is how often an account's organizations are asked for. The collector
// that exports them, if any, sets it: it is fed with what is found.
func (t *target) wholeInterval() time.Duration {
	for _, c := range t.Collectors {
		if c.Found != nil {
			return c.Interval
		}
	}
	return DiscoveryInterval
}

// discoveryInterval is when a discovery is due again after a good one: 0 is never.
// Where something is not known yet, it is tried as often as anything is polled,
// because nothing else is asked before that.
func (t *target) discoveryInterval() time.Duration {
	shortest := time.Duration(0)
	for _, c := range t.Credentials {
		r, known := t.reaches[c.Name]
		holds := r.holds(t.wholeInterval())
		if !known {
			holds = t.shortest()
		}
		if holds > 0 && (shortest == 0 || holds < shortest) {
			shortest = holds
		}
	}
	return shortest
}

// shortest is how often anything is polled.
func (t *target) shortest() time.Duration {
	shortest := DiscoveryInterval
	for _, c := range t.Collectors {
		shortest = min(shortest, c.Interval)
	}
	return shortest
}

// discover learns what credentials reach. What some of them told counts, although
// others fail.
func discover(ctx context.Context, credentials []Credential, several bool, now time.Time) (map[string]reach, error) {
	found := map[string]reach{}
	var failed failures
	for _, c := range credentials {
		organizations, err := c.Client.Organizations(ctx)
		if err != nil {
			if several {
				err = fmt.Errorf("credential %q: %w", c.Name, err)
			}
			failed = append(failed, err)
			continue
		}
		found[c.Name] = reach{Organizations: organizations, Kind: c.Client.Kind(), Whole: c.Client.AccountWide(), Asked: now.Round(0).UTC()}
	}
	if len(failed) > 0 {
		return found, failed
	}
	return found, nil
}

// failures are several errors as one of one line.
type failures []error

func (f failures) Error() string {
	var texts []string
	for _, err := range f {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (f failures) Unwrap() []error { return f }

// discovered takes what a discovery found: the jobs are those of the organizations
// that are now known, and what is told of the organizations themselves is told anew.
func (p *Poller) discovered(a *attempt, now time.Time) {
	t := a.job.target
	before := maps.Clone(t.reaches)
	maps.Copy(t.reaches, a.found)
	if err := t.choose(); err != nil {
		// None, or not all, of those wanted: this is no reason to forget them.
		t.reaches, a.found = before, nil
		if a.err == nil {
			a.err = err
		}
	}
	p.reconcile(t)
	for name := range a.found {
		if _, known := before[name]; !known {
			p.allow(t, name)
		}
	}
	for _, follower := range p.jobs {
		if follower.target == t && follower.found != nil {
			p.follow(follower, a, now)
		}
	}
	if a.err == nil {
		p.forget(t)
		p.forgetStates(now)
	}
}

// allow has everything that was not supported tried again, because a credential is new
// that may be large enough.
func (p *Poller) allow(t *target, credential string) {
	maps.DeleteFunc(t.refusals, func(r refused, _ refusal) bool { return r.credential == credential })
	for _, j := range p.jobs {
		if j.target == t && j.unsupported {
			j.hurry()
		}
	}
}

// follow gives a job that is fed by discoveries what one found. What becomes of
// credentials that reach no whole account is nothing to it.
func (p *Poller) follow(j *job, a *attempt, now time.Time) {
	t := j.target
	fed, asked := false, false
	for _, c := range a.credentials {
		asked = asked || t.reaches[c.Name].Whole
		fed = fed || a.found[c.Name].Whole
	}
	if !asked {
		return
	}
	var rows []runzero.Organization
	for _, o := range t.chosen {
		if t.whole(o.ID) {
			rows = append(rows, o)
		}
	}
	snapshot, err := j.found(rows, t.names)
	if !fed {
		err = a.err
	}
	j.attempt, j.base = a.poll.Now, a.poll.Now
	j.finish(a.poll.Now, now, t.named(snapshot), err)
	p.keep(j)
}

// feed sees to it that a job that is fed by discoveries, and has nothing, is fed
// soon.
func (p *Poller) feed(t *target) {
	for _, j := range p.jobs {
		if j.target != t || j.feeder == nil || j.snapshot != nil || j.err != nil || !j.feeder.asked() {
			continue
		}
		for name, r := range t.reaches {
			r.Asked = time.Time{}
			t.reaches[name] = r
		}
		j.feeder.hurry()
	}
}
