//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Whatever is wrong with Redis, both replicas serve what they have and say once what is wrong. Nothing is polled that
// could not be recorded. When it is over, they go on by themselves, and have lost nothing.
func TestReplicasWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]struct {
		begin, end func(g *group)
	}{
		"killed":             {func(g *group) { g.redis.p.kill() }, func(g *group) { g.redis.start("yes") }},
		"killed and emptied": {func(g *group) { g.redis.p.kill() }, func(g *group) { g.redis.start("no") }},
		"stopped":            {func(g *group) { g.redis.p.signal(syscall.SIGSTOP) }, func(g *group) { g.redis.p.signal(syscall.SIGCONT) }},
		"slow":               {func(g *group) { g.lag(20 * time.Second) }, func(g *group) { g.lag(0) }},
		"read-only":          {func(g *group) { g.redis.do("REPLICAOF", "127.0.0.1", "1") }, func(g *group) { g.redis.do("REPLICAOF", "NO", "ONE") }},
		"full":               {func(g *group) { g.redis.do("CONFIG", "SET", "maxmemory", "1") }, func(g *group) { g.redis.do("CONFIG", "SET", "maxmemory", "0") }},
		"forbidden":          {func(g *group) { g.redis.do("ACL", "SETUSER", redisUser, "-@write") }, func(g *group) { g.redis.do("ACL", "SETUSER", redisUser, "+@write") }},
		"another password": {
			func(g *group) {
				g.redis.do("ACL", "SETUSER", redisUser, "resetpass", ">battery-staple")
				g.redis.do("CLIENT", "KILL", "USER", redisUser)
			},
			func(g *group) { overwrite(g.t, g.password, "battery-staple") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := startGroup(t, binary)
			had := g.redis.entries("snapshot")
			leader, _ := g.roles()
			g.disturb()
			trouble.begin(g)
			leader.waitToDeny("runzero_exporter_store_up")
			noticed := time.Now()
			g.pass(5 * time.Second)
			if requests := g.console.requests(noticed); len(requests) > 0 {
				t.Errorf("polled all the same: %v", requests)
			}
			g.disturb()
			trouble.end(g)
			ended := time.Now()
			leader, follower := g.roles()
			polled := leader.waitToPoll(ended)
			follower.waitToFollow()
			t.Logf("polled again after %s", polled.Sub(ended))
			for _, r := range []*replica{g.a, g.b} { // the follower may not have noticed
				r.tellsOnce(0, 1)
			}
			g.redis.hasAgain(had)
			g.expect("")
		})
	}
}

// lag makes everything between the replicas and Redis late.
func (g *group) lag(d time.Duration) {
	g.a.link.lag.Store(int64(d))
	g.b.link.lag.Store(int64(d))
}

// What the log says when Redis cannot be reached, and when it is reached again.
const lostLine, foundLine = "share cannot be used", "share can be used again"

// tellsOnce requires that the log says as often that Redis cannot be used as that it can be used again: once each time.
func (r *replica) tellsOnce(least, most int) {
	r.t.Helper()
	eventually(r.t, func() error {
		if lost, found := r.logged(lostLine), r.logged(foundLine); lost != found || lost < least || lost > most {
			return fmt.Errorf("%s logged %d times that Redis cannot be used and %d times that it can be used again, want %d to %d:\n%s",
				r.name, lost, found, least, most, tail(r.log()))
		}
		return nil
	})
}

// hasAgain waits until Redis has all of these entries.
func (s *redisServer) hasAgain(keys []string) {
	s.t.Helper()
	if len(keys) == 0 {
		s.t.Fatal("there were no entries")
	}
	eventually(s.t, func() error {
		now := s.entries("snapshot")
		for _, key := range keys {
			if !slices.Contains(now, key) {
				return fmt.Errorf("Redis has no %s, but %v", key, now)
			}
		}
		return nil
	})
}

// Everything in Redis is deleted while it runs, time and again. The leader writes it again, and asks for nothing.
func TestReplicasEmptied(t *testing.T) {
	t.Parallel()
	g := startGroup(t, binary)
	had := g.redis.entries("snapshot")
	for range 3 {
		g.pass(within(3 * time.Second))
		g.disturb()
		g.redis.do("FLUSHALL")
		g.redis.hasAgain(had)
		leader, follower := g.roles()
		leader.waitToPoll(time.Now())
		follower.waitToFollow()
	}
	// A new replica has all of it.
	_, follower := g.roles()
	follower.end()
	follower.start()
	follower.waitToFollow()
	g.expect("")
}

// Entries that a replica cannot read, as those of a later version, are as good as none: it serves what there is besides,
// and when it leads, it polls them once more.
func TestReplicasForeignEntries(t *testing.T) {
	t.Parallel()
	g := startGroup(t, binary)
	leader, follower := g.roles()
	follower.end()
	all := g.forget()
	for i, key := range g.redis.entries("snapshot") {
		g.redis.do("SET", key, []string{"# runzero_exporter snapshot 99\nnothing that this version knows", "", "\x00\xff{"}[i%3])
	}
	follower.start()
	follower.waitToFollow()
	leader.end()
	follower.waitToLead()
	eventually(t, func() error {
		for series := range all {
			if _, exposed := follower.looked().series[series]; !exposed {
				return fmt.Errorf("%s is absent", series)
			}
		}
		return follower.process().alive()
	})
	if n := follower.logged("level=error"); n > 0 {
		t.Errorf("%d errors: %s", n, tail(follower.log()))
	}
}
