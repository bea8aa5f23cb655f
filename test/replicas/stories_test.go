package replicas

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// interval is how often things are polled.
const interval = 5 * time.Minute

// small is a console that is quick to simulate.
func small() harness.Setup {
	return harness.Setup{
		Console: simulator.Options{Organizations: 2, Sites: 2, Assets: 20}, Token: (*simulator.Console).AccountToken,
		Flags: func(f *config.Flags) { f.CacheInterval = interval },
	}
}

// story runs a test in a bubble.
func story(t *testing.T, course func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, course)
}

func TestAFollowerServesWhatTheLeaderDoes(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		for range 6 {
			g.pass(interval)
			g.expectEqual(leader, follower)
		}
		for _, family := range []string{"runzero_api_requests_total", "runzero_collector_poll_reason_total", "runzero_api_response_bytes_total"} {
			if n := follower.Values(family)[""]; n != 0 {
				t.Errorf("%s of the follower is %v: it has polled nothing", family, n)
			}
		}
		if lines := follower.Log.Lines(""); len(lines) != 1 {
			t.Errorf("the follower logs %d lines, want one, that it follows:\n%s", len(lines), follower.Log)
		}
	})
}

// Prometheus may read the list from any replica, and from the last one that is left.
func TestAFollowerListsTheTargetsThatTheLeaderDoes(t *testing.T) {
	story(t, func(t *testing.T) {
		setup := small()
		flags := setup.Flags
		setup.Flags = func(f *config.Flags) {
			flags(f)
			f.File = "../../examples/discovery.yml"
		}
		g := newGroup(t, setup)
		leader, follower := g.settle()
		list := func(r *replica) string {
			arrays, err := r.Exporter.Targets("hosts", nil)
			if err != nil || len(arrays) != 2 {
				t.Errorf("the lists of %d organizations: %v", len(arrays), err)
			}
			return fmt.Sprintf("%s", arrays)
		}
		g.pass(10 * interval)
		if theirs, own := list(leader), list(follower); own != theirs || !strings.Contains(own, "targets") {
			t.Errorf("the leader lists %s\nthe follower %s", theirs, own)
		}
		before := list(follower)
		g.console.Inject(simulator.Fault{Drop: true})
		leader.kill()
		g.until("the follower leads", time.Minute, follower.leads)
		g.pass(interval)
		if after := list(follower); after != before {
			t.Errorf("%s became %s", before, after)
		}
	})
}

func TestAFollowerIsReadyWithTheLeadersData(t *testing.T) {
	story(t, func(t *testing.T) {
		setup := small()
		g := newGroup(t, setup)
		g.console.Inject(simulator.Fault{Path: "/account/sites", Delay: time.Minute})
		leader, follower := g.start(nil), g.start(nil)
		g.pass(30 * time.Second)
		if leader.Exporter.Ready() || follower.Exporter.Ready() {
			t.Error("a replica is ready before everything was polled")
		}
		g.until("the leader is ready", 2*time.Minute, leader.Exporter.Ready)
		g.until("the follower is ready", 3*time.Second, follower.Exporter.Ready)
		g.expectEqual(leader, follower)
	})
}

// A rollout waits for a new replica to be ready before it ends an old one.
func TestARolloutOfAnotherConfigurationGoesOn(t *testing.T) {
	for name, flags := range map[string]func(*config.Flags){
		"collector": func(f *config.Flags) { f.Collectors["findings"] = config.CollectorFlags{Enabled: true} },
		"labels":    func(f *config.Flags) { f.AssetLabels = "os" },
		"console":   func(f *config.Flags) { f.URL = "http://localhost:81" },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				g := newGroup(t, small())
				leader, follower := g.settle()
				follower.stop()
				leader.stop()
				before := g.start(nil) // it has just begun to lead
				g.until("it leads", 10*time.Second, before.leads)
				next := g.start(flags)
				g.until("the new one is ready", 15*time.Second, next.Exporter.Ready)
				before.stop()
				g.until("the new one leads", 3*time.Second, next.leads)
				g.pass(interval + time.Minute)
				next.Expect("runzero_collector_success", 1, "collector", "sites")
				if name == "collector" && len(next.Values("runzero_findings")) == 0 {
					t.Error("what is new is not polled")
				}
				if name == "collector" {
					g.expectNoPollTwice()
				}
			})
		})
	}
}

// What a follower has other settings for it does not serve before it leads. All else it does.
func TestAFollowerWithOtherSettingsServesTheRest(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		follower.stop()
		other := g.start(func(f *config.Flags) { f.AssetLabels = "os" })
		g.until("it is ready", 3*time.Second, other.Exporter.Ready)
		g.pass(4 * interval)
		for _, collector := range []string{"sites", "explorers", "tasks", "api_keys"} {
			if other.Snapshot(collector) != leader.Snapshot(collector) {
				t.Errorf("%s are not those of the leader", collector)
			}
		}
		if lines := other.Log.Lines("ignored"); len(lines) != 2 { // the assets of each organization
			t.Errorf("%d entries are logged to be ignored: %v", len(lines), lines)
		}
	})
}

func TestAReloadOfBothIsOneOfTheLeader(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		for _, r := range []*replica{follower, leader} { // the leader goes on without the new settings for a while
			r.Flags.AssetLabels = "os"
			r.Flags.Collectors["findings"] = config.CollectorFlags{Enabled: true}
			if err := r.Reload(); err != nil {
				t.Fatal(err)
			}
			follower.Expect("runzero_collector_success", 1, "collector", "sites")
			g.pass(time.Minute)
		}
		g.pass(interval)
		g.expectEqual(leader, follower)
		follower.Expect("runzero_collector_success", 2, "collector", "findings")
		follower.Expect("runzero_collector_success", 2, "collector", "assets")
		leader.stop()
		g.until("the other leads", 3*time.Second, follower.leads)
		g.pass(time.Minute)
		g.expectNoPollTwice()
	})
}

// What the store has of an account is loaded before it is polled, also when the store does not answer at the reload that
// brings the account.
func TestAReloadWaitsForWhatTheStoreHas(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, _ := g.settle()
		known := leader.Flags.URL
		turnTo := func(url string) {
			leader.Flags.URL = url
			if err := leader.Reload(); err != nil {
				t.Fatal(err)
			}
		}
		turnTo("http://localhost:81")
		g.pass(10 * time.Second)

		g.redis.Fail(func(command string, _ []string) string {
			if command == "GET" {
				return "LOADING Redis is loading the dataset in memory"
			}
			return ""
		})
		calls := g.console.Count()
		turnTo(known)
		g.pass(5 * time.Second)
		g.redis.Repair()
		g.until("its data is back", 5*time.Second, func() bool { return len(leader.Values("runzero_sites")) > 0 })
		if n := g.console.Count() - calls; n > 0 {
			t.Errorf("%d requests for what is not due", n)
		}
	})
}

// A poll that is running when the leader ends is made again by the other one, once.
func TestAPollThatIsCutShortIsRepeated(t *testing.T) {
	for name, end := range map[string]struct {
		do     func(*replica)
		within time.Duration
	}{"kill": {(*replica).kill, 45 * time.Second}, "SIGTERM": {(*replica).stop, 3 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T) {
				g := newGroup(t, small())
				leader, follower := g.settle()
				g.console.Inject(simulator.Fault{Path: "/account/sites", Delay: 5 * time.Second})
				began := time.Now()
				g.until("sites are polled", 2*interval, func() bool { return g.asked("sites", began) == 1 })
				end.do(leader)
				took := g.until("the other leads", end.within, follower.leads)
				if n := len(follower.Log.Lines("this replica leads")); n != 1 {
					t.Errorf("it is logged %d times that the other leads", n)
				}
				g.until("sites are polled again", 2*time.Minute, func() bool { return g.asked("sites", began) == 2 })
				g.pass(interval - time.Minute)
				if n := g.asked("sites", began); n != 2 {
					t.Errorf("sites were polled %d times, want once more", n)
				}
				g.expectNoPollTwice()
				t.Logf("the other leads after %s", took)
			})
		})
	}
}

// A poll that is cut short, and whose data is lost, too, is as new: sites come before what names them.
func TestWhatIsLostIsPolledInTheOrderOfAFirstRound(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		follower.stop()
		known := leader.Values("runzero_explorer_info", "site_name")
		g.console.Inject(simulator.Fault{Path: "/account/sites", Delay: 5 * time.Second})
		began := time.Now()
		g.until("sites are polled", 2*interval, func() bool { return g.asked("sites", began) == 1 })
		for _, key := range g.redis.Keys() {
			if strings.Contains(key, "snapshot") {
				_ = g.redis.Set(key, "of another version")
			}
		}
		next := g.start(nil)
		leader.stop()
		g.until("the other has all data", 2*time.Minute, next.Exporter.Ready)
		g.until("Explorers are polled", time.Minute, func() bool { return len(next.Values("runzero_explorer_info")) > 0 })
		if now := next.Values("runzero_explorer_info", "site_name"); !maps.Equal(now, known) {
			t.Errorf("Explorers by site are %v, were %v", now, known)
		}
	})
}

// What is written of a result first is its snapshot. A leader that is killed right then has not recorded that the poll has
// ended.
func TestAResultWithoutItsStateIsNotPolledAgain(t *testing.T) {
	story(t, func(t *testing.T) {
		g := newGroup(t, small())
		leader, follower := g.settle()
		var saved, lost atomic.Bool
		g.redis.Fail(func(command string, args []string) string {
			if command != "EVALSHA" || len(args) < 6 {
				return ""
			}
			saved.Store(saved.Load() || strings.Contains(args[5], "snapshot-sites"))
			if saved.Load() && (strings.HasSuffix(args[5], "state.prom") || strings.Contains(args[5], "/poll-")) {
				lost.Store(true)
				return "ERR lost"
			}
			return ""
		})
		began := time.Now()
		for !lost.Load() {
			g.pass(time.Millisecond * 50)
		}
		leader.kill()
		g.redis.Repair()
		g.until("the other leads", 45*time.Second, follower.leads)
		g.pass(interval - time.Minute)
		if n := g.asked("sites", began); n != 1 {
			t.Errorf("sites were polled %d times", n)
		}
		g.expectNoPollTwice()
	})
}

func TestTheCallsOfADayAreEverybodys(t *testing.T) {
	story(t, func(t *testing.T) {
		setup := small()
		setup.Console.Limit, setup.Console.DayStart = 2000, 3*time.Hour+30*time.Minute
		g := newGroup(t, setup)
		leader, follower := g.settle()
		spent := func(r *replica) float64 { return r.Values("runzero_exporter_spent_calls")[""] }
		before, fell := 0.0, false
		for range 6 {
			g.pass(10 * time.Minute)
			g.expectEqual(leader, follower)
			fell, before = fell || spent(follower) < before, spent(follower)
		}
		if !fell {
			t.Errorf("%v calls are spent by the end, and never fewer than before", before)
		}
		leader.stop()
		g.until("the other leads", 3*time.Second, follower.leads)
		before = spent(follower)
		g.pass(10 * time.Minute)
		if spent(follower) < before {
			t.Errorf("%v calls are spent after a takeover, %v before", spent(follower), before)
		}
	})
}
