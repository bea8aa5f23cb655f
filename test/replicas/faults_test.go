package replicas

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestNothingIsPolledThatCannotBeRecorded(t *testing.T) {
	for name, breaks := range map[string]func(*group){
		"full":      func(g *group) { g.redis.Fail(harness.Full) },
		"read-only": func(g *group) { g.redis.Fail(harness.ReadOnly) },
		"away": func(g *group) {
			for _, r := range g.all {
				r.cache.Cut()
			}
		},
		"silent": func(g *group) {
			for _, r := range g.all {
				r.cache.Silence()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				g := newGroup(t, small())
				leader, follower := g.settle()
				breaks(g)
				broken, served := time.Now(), leader.Snapshot("sites")
				g.pass(3 * interval)
				if n := g.callsSince(broken); n != 0 || leader.Snapshot("sites") != served || served == "" {
					t.Errorf("%d calls that could not be recorded", n)
				}
				g.redis.Repair()
				for _, r := range g.all {
					r.cache.Heal()
				}
				g.until("polling goes on", 20*time.Second, func() bool { return g.asked("sites", broken) == 1 })
				g.pass(time.Minute)
				g.expectEqual(leader, follower)
				for _, r := range g.all {
					for _, line := range []string{"share cannot be used", "share can be used again"} {
						if n := len(r.Log.Lines(line)); n > 1 || n == 0 && r == leader {
							t.Errorf("%s logs %d times that the cache %s:\n%s", r.name, n, line, r.Log)
						}
					}
				}
			})
		})
	}
}

// A leader that has lost the others learns nothing of the one that takes over. It asks for nothing more when that may be so.
func TestALeaderThatIsCutOffEndsBeforeAnotherBegins(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		g.console.Inject(simulator.Fault{Path: "/account/sites", Delay: time.Minute}) // a poll goes on when the lease ends
		began := time.Now()
		g.until("sites are polled", 2*interval, func() bool { return g.asked("sites", began) == 1 })
		cutOff := time.Now()
		leader.cutShort()
		leader.cache.Silence()
		took := g.until("the other leads", 45*time.Second, follower.leads)
		if leader.leads() || leader.polling() {
			t.Error("the one that was cut off leads, or polls, at the same time")
		}
		began = time.Now()
		g.pass(2 * interval)
		leader.cache.Heal()
		g.pass(time.Minute)
		for _, c := range g.calls {
			if c.by == leader && c.at.After(began.Add(-3*time.Second)) {
				t.Errorf("the one that was cut off asks for %s %s later", c.what, c.at.Sub(cutOff))
			}
		}
		g.expectEqual(follower, leader)
		g.expectNoPollTwice()
		t.Logf("the other leads after %s", took)
	})
}

// What has failed for one leader is not tried again by the next one as if nothing were known.
func TestFailuresAreKnownToWhoTakesOver(t *testing.T) {
	text := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		fault simulator.Fault
		calls int // at most, of each takeover
	}{
		"rejected":    {simulator.Fault{Status: 401, Body: text(`{"error":"unauthorized"}`)}, 1},
		"away":        {simulator.Fault{Drop: true}, 1},
		"429":         {simulator.Fault{Status: 429, Uncounted: true}, 1},
		"unsupported": {simulator.Fault{Path: "/account/sites", Status: 403, Body: text(`{"error":"NotAllowedForLicense"}`)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				setup := small()
				g := newGroup(t, setup)
				if name == "unsupported" {
					g.console.Inject(c.fault)
				}
				leader, follower := g.settle()
				g.console.Inject(c.fault)
				g.pass(2*interval + time.Minute)
				g.expectEqual(leader, follower)
				if a, b := states(leader), states(follower); !maps.Equal(a, b) {
					for poll, state := range a {
						if b[poll] != state {
							t.Errorf("%s: %s for the leader, %s for the follower", poll, state, b[poll])
						}
					}
				}
				for range 4 {
					before := time.Now()
					leader.stop()
					g.until("the other leads", 3*time.Second, follower.leads)
					g.pass(20 * time.Second)
					if n := g.asked("", before); name != "unsupported" && n > c.calls || g.asked("sites", before) > c.calls {
						t.Errorf("%d calls after a takeover:\n%s", n, follower.Log)
					}
					leader, follower = follower, g.start(nil)
					g.until("the new one is ready", 3*time.Second, follower.Exporter.Ready)
					g.pass(2 * time.Second)
					g.expectEqual(leader, follower)
				}
			})
		})
	}
}

// states are the states of polls and whether an error is known, by organization and collector.
func states(r *replica) map[string]string {
	all := map[string]string{}
	for _, account := range r.Exporter.Status() {
		for _, p := range account.Polls {
			state := p.State
			if (state == poller.StateFailing || state == poller.StateUnsupported) && p.Error == "" {
				state += " without an error"
			}
			all[p.Organization+"/"+p.Collector] = state
		}
	}
	return all
}

// What the leader finds unsupported after it has worked is so for a follower, too.
func TestAFollowerLosesWhatTheLeaderLoses(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		text := `{"error":"insufficient permissions"}`
		for _, path := range []string{"/account/sites", "/account/tasks", "/account/agents"} {
			g.console.Inject(simulator.Fault{Path: path, Status: 403, Body: &text})
		}
		for range 3 {
			g.pass(interval)
			g.expectEqual(leader, follower)
		}
		leader.stop()
		g.until("the other leads", 3*time.Second, follower.leads)
		next := g.start(nil)
		g.pass(2 * interval)
		g.expectEqual(follower, next)
		g.expectNoPollTwice()
	})
}

// A secret that is replaced meanwhile may be one of another organization.
func TestWhoTakesOverLooksAtTheSecret(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		t.Run(fmt.Sprintf("replaced=%t", replaced), func(t *testing.T) {
			story(t, func(t *testing.T) {
				setup := small()
				file := filepath.Join(t.TempDir(), "token")
				setup.Flags = func(f *config.Flags) { f.CacheInterval, f.Token, f.TokenFile = interval, "", file }
				g := newGroup(t, setup)
				write := func(token string) { _ = os.WriteFile(file, []byte(token), 0o600) }
				write(g.console.ExportToken(0))
				leader, follower := g.settle()
				began, sites := time.Now(), follower.Snapshot("sites")
				if replaced {
					write(g.console.ExportToken(1))
				}
				leader.stop()
				g.until("the other leads", 3*time.Second, follower.leads)
				g.pass(30 * time.Second)
				if calls, other := g.callsSince(began), follower.Snapshot("sites") != sites; other != replaced || calls > 0 != replaced {
					t.Errorf("%d calls, other sites than before: %t", calls, other)
				}
				if lines := follower.Log.Lines("poll failed"); len(lines) > 0 {
					t.Errorf("polls fail: %v", lines)
				}
			})
		})
	}
}

// A process that was stopped for a while, or whose machine slept, goes on where it was before it looks at anything. It asks
// for nothing, because another one may lead.
func TestALeaderThatWasPausedAsksForNothing(t *testing.T) {
	story(t, func(t *testing.T) {
		var paused atomic.Int64
		setup := small()
		setup.Now = func() time.Time { return time.Now().Add(time.Duration(paused.Load())) }
		g := newGroup(t, setup)
		g.console.Inject(simulator.Fault{Delay: 150 * time.Millisecond})
		leader := g.start(nil)
		g.until("many things are polled", time.Minute, func() bool { return g.callsSince(time.Time{}) == 5 })
		paused.Store(int64(time.Minute))
		g.pass(200 * time.Millisecond)
		if n := g.callsSince(time.Time{}); n > 5 {
			t.Errorf("%d calls after a minute in which another one may have begun to lead", n-5)
		}
		g.until("it leads again, and polls the rest", 10*time.Second, func() bool { return leader.leads() && g.callsSince(time.Time{}) > 10 })
	})
}
