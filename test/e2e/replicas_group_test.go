//go:build e2e

package e2e

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// group are two replicas that share a Redis and poll a console.
type group struct {
	t        *testing.T
	redis    *redisServer
	console  *sharedConsole
	a, b     *replica
	password string // the file
	began    time.Time
	shared   map[string]bool // families with the console's data

	mu     sync.Mutex
	faults []time.Time          // when something was done to a replica, to Redis or to the network
	polled map[string]time.Time // when each series of the console's data was first seen on any replica
}

// intervals are the collectors' own. The longer ones show that nothing is polled again by the next leader, which has to
// poll at once what has the shorter ones.
func intervals() map[string]time.Duration {
	return map[string]time.Duration{
		"sites": 2 * time.Second, "tasks": 3 * time.Second, "assets": 10 * time.Second, "explorers": 20 * time.Second,
		"console": time.Minute, "license": time.Hour, "api_keys": time.Hour, "discovery": time.Hour,
	}
}

const (
	// takeoverLimit is how long a group may be without a leader when one is killed.
	takeoverLimit = 45 * time.Second
	// leaseTime is for how long a leader leads without renewing.
	leaseTime = 30 * time.Second
	// handoverLimit is how long it may be without a leader when one is asked to end.
	handoverLimit = 3 * time.Second
	// followLimit is within what time a follower has what the leader has.
	followLimit = 10 * time.Second
	// thinking is how long the console takes for a response, so that faults come while it does.
	thinking  = 250 * time.Millisecond
	lookEvery = 200 * time.Millisecond
)

func newGroup(t *testing.T) *group {
	return &group{t: t, console: newSharedConsole(), began: time.Now(), shared: sharedFamilies(), polled: map[string]time.Time{}}
}

func startGroup(t *testing.T, program string) *group {
	t.Helper()
	const password = "correct-horse"
	g := newGroup(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("requests:\n%s", g.console.text())
		}
	})
	g.redis, g.password = startRedis(t, password), writeFile(t, "password", password+"\n")
	g.a, g.b = g.replica("a", program), g.replica("b", program)
	g.a.start()
	g.a.waitToLead()
	g.b.start()
	g.b.waitToFollow()
	return g
}

// roles are the replicas as they are now.
func (g *group) roles() (leader, follower *replica) {
	g.t.Helper()
	eventually(g.t, func() error {
		leader, follower = g.a, g.b
		if follower.leads() {
			leader, follower = follower, leader
		}
		if !leader.leads() || follower.leads() {
			return errors.New("not exactly one replica leads")
		}
		return nil
	})
	return leader, follower
}

// disturb notes that something is done, which may cut a poll short.
func (g *group) disturb() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, time.Now())
}

// pass lets time pass.
func (g *group) pass(d time.Duration) { <-time.After(d) }

// within is a random time.
func within(d time.Duration) time.Duration { return time.Duration(rand.Int64N(int64(d))) }

// expect requires that what follows holds for all that the group has done. It ends the test's story.
func (g *group) expect(order string) {
	g.t.Helper()
	all := g.console.requests(g.began)
	if got := turns(all); order != "" && got != order {
		g.t.Errorf("the replicas polled in the order %s, want %s", got, order)
	}
	g.nothingTwice(all)
	for _, r := range []*replica{g.a, g.b} {
		for _, line := range strings.Split(r.log(), "\n") {
			if strings.Contains(line, "level=error") || strings.Contains(line, "panic:") || strings.Contains(line, "DATA RACE") {
				g.t.Errorf("%s logged: %s", r.name, line)
			}
		}
	}
}

// margin is by how much requests may come together: for so long a poll that is due waits until Redis knows of it.
const margin = 5 * time.Second

// nothingTwice requires that nothing is requested before it is due, but what was cut short, and that this costs no more
// calls than one exporter makes: it polls when it starts, and then once an interval.
func (g *group) nothingTwice(all []asked) {
	g.t.Helper()
	single, cut := 0, 0
	for what, requests := range byWhat(all) {
		interval, known := intervals()[collectorOf(what)]
		if !known {
			g.t.Errorf("no collector is known to request %s", what)
		}
		for i, r := range requests[1:] {
			last := requests[i]
			switch gap := r.began.Sub(last.began); {
			case gap >= interval-margin:
			case g.disturbed(last):
				cut++
			default:
				g.t.Errorf("%s requested %s %s after %s, want %s; the first took %s", r.by, what, gap, last.by, interval, last.ended.Sub(last.began))
			}
		}
		single += 1 + int(time.Since(requests[0].began)/interval)
	}
	g.t.Logf("%d requests, %d of them again because they were cut short; a single exporter would make up to %d", len(all), cut, single)
	if most := float64(single) * 1.02; float64(len(all)) > most {
		g.t.Errorf("%d requests, want at most %.0f", len(all), most)
	}
}

// disturbed reports whether something was done while the request was under way, or its result on the way to Redis.
func (g *group) disturbed(r asked) bool {
	const near = 300 * time.Millisecond
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, at := range g.faults {
		if at.After(r.began.Add(-near)) && (r.ended.IsZero() || at.Before(r.ended.Add(near))) {
			return true
		}
	}
	return false
}
