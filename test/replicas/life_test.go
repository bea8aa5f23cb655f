package replicas

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// life is a group that is disturbed again and again, beside a single exporter that is not.
type life struct {
	*group
	random *rand.Rand
	alone  *harness.World
	events map[string]int
}

// Whatever happens to replicas and to their Redis: no poll is made twice, nothing disappears, and all serve the same.
func TestLife(t *testing.T) {
	for seed := range uint64(lives) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			story(t, func(t *testing.T) {
				setup := small()

				l := &life{group: newGroup(t, setup), random: rand.New(rand.NewPCG(seed, 7)), events: map[string]int{}}
				l.alone = harness.Start(t, setup)
				for _, console := range []*simulator.Console{l.console, l.alone.Console} {
					console.Inject(simulator.Fault{Delay: 2 * time.Second})
				}
				l.settle()
				l.live(lasts)
				l.expectNoPollTwice()
				most := int(1.02*float64(l.alone.Console.Count())) + 1 + len(l.ended)
				if n := l.console.Count(); n > most {
					t.Errorf("%d calls, a single exporter has made %d, and %d polls were cut short", n, l.alone.Console.Count(), len(l.ended))
				}
				t.Logf("%d calls, a single exporter %d, polls cut short: %d; %v", l.console.Count(), l.alone.Console.Count(), len(l.ended), l.events)
			})
		})
	}
}

func (l *life) live(lasts time.Duration) {
	done := make(chan struct{})
	defer close(done)
	go l.watch(done)
	end := time.Now().Add(lasts)
	for time.Now().Before(end) && !l.t.Failed() {
		l.happen()
		l.restore()
		l.pass(time.Duration(l.random.IntN(600)) * time.Second)
		l.check()
	}
}

// happen lets something go wrong.
func (l *life) happen() {
	what := []struct {
		name string
		do   func()
	}{
		{"kill of the leader", func() { l.takeover(45*time.Second, (*replica).kill) }},
		{"SIGTERM of the leader", func() { l.takeover(3*time.Second, (*replica).stop) }},
		{"kill of a follower", func() { l.follower().kill() }},
		{"SIGTERM of a follower", func() { l.follower().stop() }},
		{"rollout", func() {
			for _, r := range l.running() {
				next := l.start(nil)
				l.until("the new one is ready", 10*time.Second, next.Exporter.Ready)
				r.stop()
			}
		}},
		{"all are killed", func() {
			for _, r := range l.running() {
				r.kill()
			}
			l.pass(l.upTo(time.Minute))
			l.start(nil)
		}},
		{"Redis is away", func() { l.breakRedis((*harness.Way).Cut, l.upTo(10*time.Minute), false) }},
		{"Redis hangs", func() { l.breakRedis((*harness.Way).Silence, l.upTo(5*time.Minute), false) }},
		{"Redis restarts empty", func() { l.breakRedis((*harness.Way).Cut, l.upTo(time.Minute), true) }},
		{"FLUSHALL", func() {
			l.eachCutShort()
			l.redis.FlushAll()
		}},
		{"Redis is full", func() { l.fail(harness.Full) }},
		{"Redis is read-only", func() { l.fail(harness.ReadOnly) }},
		{"the leader is cut off", func() { l.cutOff(l.leader(), (*harness.Way).Cut) }},
		{"the leader's packets are lost", func() { l.cutOff(l.leader(), (*harness.Way).Silence) }},
		{"a follower is cut off", func() { l.cutOff(l.follower(), (*harness.Way).Silence) }},
		{"reload", func() {
			for _, r := range l.running() {
				if err := r.Reload(); err != nil {
					l.t.Error(err)
				}
			}
		}},
	}[l.random.IntN(16)]
	if l.random.IntN(2) == 0 {
		l.until("a poll is running", 6*time.Minute, func() bool { return l.callsSince(time.Now().Add(-2*time.Second)) > 0 })
	}
	l.events[what.name]++
	l.t.Logf("%s: %s", now(), what.name)
	what.do()
}

func (l *life) upTo(d time.Duration) time.Duration { return time.Duration(l.random.Int64N(int64(d))) }

// takeover ends the leader. Another one takes over.
func (l *life) takeover(within time.Duration, end func(*replica)) {
	end(l.leader())
	l.until("another replica leads", within, func() bool { return l.leader() != nil })
}

// breakRedis breaks the ways of all replicas to the Redis, and heals them.
func (l *life) breakRedis(how func(*harness.Way), lasts time.Duration, empty bool) {
	l.eachCutShort()
	all := l.running()
	for _, r := range all {
		how(r.cache)
	}
	if empty {
		l.redis.FlushAll()
	}
	l.pass(lasts)
	l.eachCutShort()
	for _, r := range all {
		r.cache.Heal()
	}
}

func (l *life) eachCutShort() {
	for _, r := range l.running() {
		r.cutShort()
	}
}

// fail has the Redis refuse things for some time.
func (l *life) fail(how func(string, []string) string) {
	l.eachCutShort()
	l.redis.Fail(how)
	l.pass(l.upTo(5 * time.Minute))
	l.eachCutShort()
	l.redis.Repair()
}

// cutOff cuts a replica off the Redis for some time.
func (l *life) cutOff(r *replica, how func(*harness.Way)) {
	r.cutShort()
	how(r.cache)
	l.pass(l.upTo(5 * time.Minute))
	r.cache.Heal()
}

// restore starts replicas until there are two or three, and waits until all are ready.
func (l *life) restore() {
	for n := 2 + l.random.IntN(2); len(l.running()) < n; {
		l.start(nil)
	}
	l.until("there is a leader, and all replicas are ready", time.Minute, func() bool {
		return l.leader() != nil && !slices.ContainsFunc(l.running(), func(r *replica) bool { return !r.Exporter.Ready() })
	})
}

// check expects that all replicas serve the same.
func (l *life) check() {
	l.t.Helper()
	l.pass(10 * time.Second)
	l.expectEqual(l.running()...)
}

// watch expects, all the time, that every replica that is ready serves all families. What is new comes later to replicas
// that cannot poll for a while.
func (l *life) watch(done <-chan struct{}) {
	since := map[string]time.Time{}
	for {
		expected := families(l.t, l.alone)
		maps.DeleteFunc(since, func(name string, _ time.Time) bool { return !expected[name] })
		for name := range expected {
			if since[name].IsZero() {
				since[name] = time.Now()
			}
		}
		for _, r := range l.running() {
			if !r.Exporter.Ready() {
				continue
			}
			has := families(l.t, r.World)
			for name, began := range since {
				if !has[name] && time.Since(began) > 30*time.Minute && !r.gone.Load() {
					l.t.Errorf("%s: %s does not serve %s", now(), r.name, name)
				}
			}
		}
		select {
		case <-done:
			return
		case <-time.After(time.Minute):
		}
	}
}

// families are those that a scrape gets, but for scans that are running, which come and go.
func families(t *testing.T, w *harness.World) map[string]bool {
	t.Helper()
	has := map[string]bool{}
	all, err := w.Exporter.Gather()
	if err != nil {
		t.Error(err)
	}
	for _, f := range all {
		if name := f.GetName(); !own(name) && !strings.HasPrefix(name, "runzero_scan_running") {
			has[name] = true
		}
	}
	return has
}
