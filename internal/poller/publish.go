package poller

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
)

// demand tells the accounts what is asked of them.
func (p *Poller) demand() {
	p.mu.Lock()
	defer p.mu.Unlock()
	jobs := map[*Account][]quota.Job{}
	for _, j := range p.jobs {
		interval := j.interval
		if j.unsupported {
			interval = unsupportedPause
		}
		// What none of the credentials may be asked costs nothing.
		if free := j.unsupported && j.calls == 0; !j.never && !free {
			jobs[j.target.Account] = append(jobs[j.target.Account], quota.Job{Calls: float64(max(j.calls, 1)), Interval: interval})
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
	reset   time.Time // until when nothing is asked, where that has stopped
}

// Less than this is not worth telling anew.
const stretchShown = 0.01

func (s shown) differs(now Standing) bool {
	return s.stopped != now.Stopped() || s.stopped && !s.reset.Equal(now.Reset) || math.Abs(now.Stretch-s.stretch) > stretchShown*now.Stretch
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
			t.shown = shown{stretch: s.Stretch, stopped: s.Stopped(), reset: s.Reset}
		}
		p.tell(t, standings[t.Account])
	}
	var health [][]*dto.MetricFamily
	var found []*part
	ready := len(p.jobs) > 0
	p.expires = time.Time{}
	for _, j := range p.jobs {
		if j.health == nil || anew[j.target] {
			j.describe(p.health, standings[j.target.Account])
		}
		health = append(health, j.health)
		if j.snapshot != nil && !j.expired(now, p.config.MaxAge) {
			found = append(found, j.part())
			// The millisecond is for expired, which asks for more than the age.
			if end := j.success.Add(p.config.MaxAge + time.Millisecond); p.config.MaxAge > 0 && (p.expires.IsZero() || end.Before(p.expires)) {
				p.expires = end
			}
		}
		ready = ready && j.answered()
	}
	p.view.Store(merge(health, found, p.known))
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
