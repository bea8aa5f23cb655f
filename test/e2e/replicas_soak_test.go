//go:build e2e

package e2e

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Two replicas are reloaded, restarted and killed, their network fails, and so does Redis, in any order. In the end one leads,
// the other follows, nothing was requested twice, and the race detector has found nothing.
func TestReplicasSoak(t *testing.T) {
	t.Parallel()
	race := filepath.Join(t.TempDir(), "runzero_exporter-race")
	if err := build(race, "-race"); err != nil {
		t.Fatal(err)
	}
	g := startGroup(t, race)
	either := func() *replica { return []*replica{g.a, g.b}[rand.IntN(2)] }
	soon := func() { g.pass(within(4 * time.Second)) }
	events := []struct {
		name   string
		happen func()
	}{
		{"reload", func() { g.a.process().signal(syscall.SIGHUP); g.b.process().signal(syscall.SIGHUP) }},
		{"restart", func() { r := either(); r.end(); soon(); r.start() }},
		{"kill", func() { r := either(); r.kill(); soon(); r.start() }},
		{"freeze", func() { r := either(); r.freeze(); soon(); r.thaw() }},
		{"cut", func() { r := either(); r.link.cut(); soon(); r.link.mend() }},
		{"lag", func() { g.lag(within(2 * time.Second)); soon(); g.lag(0) }},
		{"empty", func() { g.redis.do("FLUSHALL") }},
		{"kill Redis", func() { g.redis.p.kill(); soon(); g.redis.start("yes") }},
		{"full", func() {
			g.redis.do("CONFIG", "SET", "maxmemory", "1")
			soon()
			g.redis.do("CONFIG", "SET", "maxmemory", "0")
		}},
	}
	var happened []string
	for end := time.Now().Add(*soakFor); time.Now().Before(end); {
		for _, i := range rand.Perm(len(events)) {
			if time.Now().After(end) {
				break
			}
			happened = append(happened, events[i].name)
			g.disturb()
			events[i].happen()
			g.disturb()
			soon()
		}
	}
	t.Logf("what happened: %s", strings.Join(happened, ", "))
	_, follower := g.roles()
	eventually(t, func() error {
		if !follower.looked().ready {
			return errors.New("the follower is not ready")
		}
		return nil
	})
	leader, follower := g.roles()
	follower.waitToFollow()
	leader.waitToPoll(time.Now())
	g.expect("")
	for _, r := range []*replica{leader, follower} {
		r.end()
	}
}
