//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

var replicaKills = flag.Int("replicas.kills", 4, "how many leaders TestReplicasKilled kills, for half a minute each, in five groups at once if there are many; TestReplicasEnded ends as many")

// Whenever the leader is killed, the other one leads before long. It goes on where the killed one was, and asks for nothing
// that is not due. The killed one starts again, and follows.
func TestReplicasKilled(t *testing.T) {
	t.Parallel()
	groups := min(5, (*replicaKills+1)/2)
	times := &takeovers{}
	t.Run("group", func(t *testing.T) {
		for range groups {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				g := startGroup(t, binary)
				order := "a"
				for range (*replicaKills + groups - 1) / groups {
					leader, follower := g.roles()
					g.pass(within(leaseTime / 3)) // the lease is renewed once in that time
					killed := leader.kill()
					led := follower.waitToLead().Sub(killed)
					times.add(led, follower.waitToPoll(killed).Sub(killed))
					if led > takeoverLimit {
						t.Errorf("another replica leads after %s", led)
					}
					leader.start()
					leader.waitToFollow()
					order += " " + follower.name
				}
				g.expect(order)
			})
		}
	})
	t.Logf("takeover after kill -9\n%s", times.table())
}

// takeovers are how long it took after each kill until another replica led, and until it polled.
type takeovers struct {
	mu        sync.Mutex
	led, poll []time.Duration
}

func (k *takeovers) add(led, poll time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.led, k.poll = append(k.led, led), append(k.poll, poll)
}

func (k *takeovers) table() string {
	text := "| seconds from the kill until another replica | kills | min | median | max |\n|---|---|---|---|---|\n"
	for _, row := range []struct {
		what string
		all  []time.Duration
	}{{"leads", k.led}, {"has polled", k.poll}} {
		if n := len(row.all); n > 0 {
			slices.Sort(row.all)
			text += fmt.Sprintf("| %s | %d | %.1f | %.1f | %.1f |\n", row.what, n, row.all[0].Seconds(), row.all[n/2].Seconds(), row.all[n-1].Seconds())
		}
	}
	return text
}

// A leader that is asked to end hands over at once. However often that happens, it costs no more calls than a single
// exporter makes.
func TestReplicasEnded(t *testing.T) {
	t.Parallel()
	single := startSingle(t)
	g := startGroup(t, binary)
	order := "a"
	for range 2 + *replicaKills {
		leader, follower := g.roles()
		g.pass(within(5 * time.Second))
		elapsed := stopwatch()
		leader.end()
		follower.waitToLead()
		if took := elapsed(); took > handoverLimit {
			t.Errorf("the other replica leads after %s, want at most %s", took, handoverLimit)
		}
		leader.start()
		leader.waitToFollow()
		order += " " + follower.name
	}
	g.expect(order)
	alone, together := calls(single.console.requests(single.began)), calls(g.console.requests(g.began))
	t.Logf("%d handovers: %d calls; a single exporter made %d", 2+*replicaKills, len(together), len(alone))
	// The intervals vary a little. Of each, one more may just have ended.
	if most := 1.02*float64(len(alone)) + float64(len(byWhat(alone))); float64(len(together)) > most {
		t.Errorf("%d calls, want at most %.0f", len(together), most)
	}
}

// A leader whose time stops for longer than its lease, while it waits for a response, finds that another one leads. What
// it then has in hand goes nowhere.
func TestReplicasFrozen(t *testing.T) {
	t.Parallel()
	g := startGroup(t, binary)
	leader, follower := g.roles()
	leader.waitInFlight()
	leader.freeze()
	follower.waitToPoll(follower.waitToLead())

	follower.freeze() // for less than its lease: now the other one alone could write
	before := g.redis.content()
	thawed := time.Now()
	leader.thaw()
	leader.waitToFollow()
	g.pass(5 * time.Second)
	if requests := g.console.requests(thawed); len(requests) > 0 {
		t.Errorf("%s has polled since it resumed: %v", leader.name, requests)
	}
	if after := g.redis.content(); !maps.Equal(before, after) {
		t.Errorf("%s has written since it resumed", leader.name)
	}

	resumed := time.Now()
	follower.thaw()
	follower.waitToLead()
	follower.waitToPoll(resumed)
	leader.waitToFollow()
	g.expect("a b")
}

// When a replica cannot reach Redis, it serves what it has, and says so. If it was the leader, the other one takes over.
func TestReplicasCutOff(t *testing.T) {
	t.Parallel()
	g := startGroup(t, binary)
	leader, follower := g.roles()
	g.disturb()
	cut := time.Now()
	leader.link.cut()
	leader.waitToDeny("runzero_exporter_leader")
	if took := follower.waitToLead().Sub(cut); took > takeoverLimit {
		t.Errorf("another replica leads after %s", took)
	}
	leader.waitToDeny("runzero_exporter_store_up")
	follower.waitToPoll(cut)
	leader.link.mend() // what was sent before arrives
	leader.waitToFollow()
	leader.tellsOnce(1, 1)

	leader, follower = follower, leader
	g.disturb()
	follower.link.cut()
	follower.waitToDeny("runzero_exporter_store_up")
	leader.waitToPoll(time.Now())
	follower.link.mend()
	follower.waitToFollow()
	follower.tellsOnce(2, 2)
	g.expect("a b")
}
