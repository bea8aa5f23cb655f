package poller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Whatever polls return, what is derived from jobs one by one is what would be derived from all of them: which is polled
// next, when, what polls cost, and what is exposed and shown.
func TestWhatIsDerivedIsUpToDate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := newLoop(1+r.IntN(30), r)
		l.check(t)
		for range 250 {
			var err error
			if r.IntN(3) == 0 {
				err = errorsOfPolls[r.IntN(len(errorsOfPolls))]
			}
			l.poll(err)
			if r.IntN(60) == 0 {
				l.accounts[0].tryNow(l.now)
			}
			l.check(t)
			l.now = l.now.Add(time.Duration(r.Int64N(int64(time.Minute))))
			if r.IntN(40) == 0 {
				l.now = l.now.Add(l.config.MaxAge)
				l.check(t)
			}
		}
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

var errorsOfPolls = []error{
	errors.New("of this poll alone"),
	&runzero.Error{Status: 503},
	&runzero.Error{Status: 401, API: true},
	fmt.Errorf("%w: by the licence", collector.ErrUnsupported),
	collector.ErrIncomplete,
}

// loop is a poller of one account, whose clock and results a test has.
type loop struct {
	*Poller
	now    time.Time
	random *rand.Rand // nil: nothing is random
	reach  reach
}

// newLoop makes a poller of organizations with five polls each and some of the account. With random, calls may be few.
func newLoop(organizations int, random *rand.Rand) *loop {
	l := &loop{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), random: random}
	clock := func() time.Time { return l.now }
	polled := func(name string, spec collector.Spec) schedule.Collector {
		spec.Name, spec.Needs = name, runzero.OrganizationToken
		return schedule.Collector{Spec: spec, Interval: 4 * time.Hour, Weight: 1}
	}
	onChange := polled("assets", collector.Spec{ChangedBy: "tasks"})
	onChange.MaxInterval, onChange.Weight = 24*time.Hour, 2
	changes := func(context.Context, collector.Poll, []collector.Followed) (map[string]collector.Changed, error) {
		return map[string]collector.Changed{}, nil
	}
	account := Account{
		Quota: quota.New(quota.Share{Share: 1}, quota.NewUnlimitedGate(clock)),
		Collectors: []schedule.Collector{
			polled("sites", collector.Spec{AccountWide: func(context.Context, collector.Poll) (collector.Snapshot, error) { return collector.Snapshot{}, nil }}),
			polled("tasks", collector.Spec{Changes: changes}), onChange, polled("software", collector.Spec{}),
			polled("services", collector.Spec{}), polled("findings", collector.Spec{}),
		},
		Credentials: []Credential{{Name: "1"}},
	}
	spread := func() float64 { return 0.5 }
	if random != nil {
		if random.IntN(2) == 0 {
			account.Quota.SetShare(quota.Share{Share: 1, Limit: runzero.Known(int64(10 + 100*random.IntN(20)))})
		}
		spread = random.Float64
	}
	l.reach = reach{AccountWide: true, Kind: runzero.AccountCredential}
	for i := range organizations {
		l.reach.Organizations = append(l.reach.Organizations, runzero.Organization{ID: fmt.Sprint("id", i), Name: fmt.Sprint("Organization ", i)})
	}
	l.Poller = New(Config{Logger: log.NewNopLogger(), MaxAge: 30 * time.Hour, Now: clock, Random: spread}, []Account{account})
	return l
}

// settle makes the first round, and spreads the polls as they are after days.
func (l *loop) settle() {
	jobs := l.accounts[0].jobs
	for slices.ContainsFunc(jobs, func(j *job) bool { return j.lastAttempt.IsZero() && !j.Changes }) {
		l.poll(nil)
		jobs = l.accounts[0].jobs
	}
	for i, j := range jobs {
		j.base = l.now.Add(-j.Interval * time.Duration(i) / time.Duration(len(jobs)))
		j.touch()
	}
}

// poll makes the next poll as soon as one is due, with this result.
func (l *loop) poll(result error) {
	ctx := context.Background()
	for {
		l.refresh(l.now)
		if a := l.startNext(ctx, l.now, nil); a != nil {
			l.publishStatus()
			l.end(a, result)
			l.finish(ctx, a)
			l.publishStatus()
			return
		}
		l.now = l.now.Add(max(l.untilNext(l.now), time.Millisecond))
	}
}

// end ends an attempt with a result.
func (l *loop) end(a *attempt, err error) {
	defer a.cancel()
	j := a.job
	_ = j.account.Quota.Admit(a.ctx)
	a.used, a.err, a.results["1"] = "1", err, err
	switch {
	case errors.Is(err, collector.ErrUnsupported):
		a.insufficient["1"] = err
	case err != nil:
	case j.Name == schedule.Discovery:
		l.reach.Polled = l.now
		a.found = map[string]reach{"1": l.reach}
	case j.Changes:
		a.changed = map[string]collector.Changed{}
		for _, f := range a.followed {
			a.changed[f.Organization.ID] = collector.Changed{Snapshot: f.Snapshot}
			if l.random != nil && l.random.IntN(4) == 0 {
				s := l.result(j)
				a.changed[f.Organization.ID] = collector.Changed{Snapshot: &s, Unclear: l.random.IntN(8) == 0}
			}
		}
	default:
		a.snapshot = l.result(j)
	}
}

func (l *loop) result(j *job) collector.Snapshot {
	s := collector.Snapshot{Families: l.health.Of(collector.PollState{Collector: j.Name, Organization: j.Organization.Name})}
	if j.Name == "tasks" {
		s.Tasks = &collector.Tasks{}
		if l.random != nil {
			s.Tasks.Processed = l.now.Add(-time.Duration(l.random.Int64N(int64(time.Hour))))
		}
	}
	return s
}

// check derives everything from all jobs.
func (l *loop) check(t *testing.T) {
	t.Helper()
	a := l.accounts[0]
	l.publish(l.now)
	got, s, flight := l.next(a, l.now, nil), l.quotaState(a, l.now), a.inFlight()
	l.publish(l.now)
	var want candidate
	var loads schedule.Sum
	live := map[string]int64{}
	for at, j := range a.jobs {
		if due := j.due(); !s.Stopped() && !flight.exhausts(s) && j.source == nil && !j.due().After(l.now) && !flight.blocks(j) && !flight.wouldStarveProbe(j, s) && !j.yields(l.now, allowance(s)) &&
			!j.awaitsOther(l.now) && (!j.comesInARush() || j.mayStartInARush(l.now, s)) {
			if c := (candidate{j, due}); want.job == nil || c.compare(want) < 0 {
				want = c
			}
		}
		if place := j.derivation.queued; place.place != 0 && !place.due.Equal(j.due()) {
			t.Errorf("%s is queued for %s, and due at %s", j.title(), place.due, j.due())
		}
		if oldest := j.oldestFollowed(); j.Changes && !j.everPolled() && !j.derivation.oldest.Equal(oldest) {
			t.Errorf("the oldest that %s follows is of %s, want %s", j.title(), j.derivation.oldest, oldest)
		}
		if j.source == nil && !j.free() {
			loads.Add(j.load())
		}
		if live[j.Name] += 0; j.snapshot != nil {
			live[j.Name] += j.live
		}
		part, end := j.part, j.expiry(l.config.MaxAge)
		if j.silent() || j.snapshot == nil || j.expired(l.now, l.config.MaxAge) {
			part, end = nil, time.Time{}
		}
		if e := a.exposed; e.parts[at] != part || !e.ends[at].Equal(end) {
			t.Errorf("%s is exposed: %v until %s, want %v until %s", j.title(), e.parts[at] != nil, e.ends[at], part != nil, end)
		}
		if shown := a.shown[at]; (shown == nil) != j.silent() {
			t.Errorf("%s is shown: %v", j.title(), shown != nil)
		} else if now := l.status(j, s, l.now); shown != nil && (shown.State != now.State || shown.LastSuccess != now.LastSuccess || shown.Error != now.Error || shown.Held != now.Held || a.resets.IsZero() && !shown.Next.Equal(now.Next)) {
			t.Errorf("%s is shown as %+v, want %+v", j.title(), shown, now)
		}
	}
	if got.job != want.job {
		t.Errorf("next is %s, want %s", titleOf(got), titleOf(want))
	}
	if !slices.Equal(loads, a.loads) {
		t.Errorf("polls cost %v, want %v", a.loads, loads)
	}
	if !maps.Equal(live, a.live) {
		t.Errorf("%v are counted as live, want %v", a.live, live)
	}
}

func titleOf(c candidate) string {
	if c.job == nil {
		return "none"
	}
	return cmp.Or(c.job.title(), "?")
}
