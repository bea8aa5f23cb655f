package store

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server that was emptied is filled by a replica that has data, even if one without is there as soon.
func TestReplicasRefillAnEmptiedServer(t *testing.T) {
	for what, happens := range map[string]func(w *world, leader *replica){
		"the leader is there": func(*world, *replica) {},
		"the leader is gone": func(w *world, leader *replica) {
			leader.kill()
			w.forget(leader)
		},
		"it was away": func(w *world, _ *replica) {
			w.weather(away)
			time.Sleep(time.Minute)
			w.weather(fair)
		},
		"it was away twice but for the new one": func(w *world, _ *replica) {
			w.weather(away)
			time.Sleep(time.Minute)
			w.replicas[2].network.set(fair)
			time.Sleep(2 * time.Second)
			w.replicas[2].network.set(away)
			time.Sleep(time.Minute)
			w.weather(fair)
		},
	} {
		for seed := range uint64(10) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed, 3)
				defer w.end()
				time.Sleep(30 * time.Second)
				w.setCalm(true)
				time.Sleep(5 * time.Second)
				before := w.server.copy()
				w.replicas[2].kill() // and knows nothing when it starts
				if w.leader() == w.replicas[2] {
					time.Sleep(45 * time.Second)
				}
				leader := w.leader()
				w.mu.Lock()
				w.replicas[2] = w.start("new")
				w.mu.Unlock()
				for range 3 {
					w.server.fallBack(nothing())
					happens(w, leader)
					time.Sleep(15 * time.Second)
					if len(w.server.copy().entries) < len(before.entries) {
						t.Errorf("%s (seed %d): the server has %v, want %v", what, seed, w.server.copy().latest, before.latest)
					}
					w.checkSame()
					happens = func(*world, *replica) {}
				}
			})
		}
	}
}

// Who led before the last one knows less, and leaves an emptied server to that one.
func TestTheLastLeaderRefillsAnEmptiedServer(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, 2)
			defer w.end()
			time.Sleep(10 * time.Second)
			former := w.leader()
			former.stop()
			time.Sleep(40 * time.Second)
			w.resume(former)
			time.Sleep(5 * time.Second)
			former.network.set(away)
			time.Sleep(20 * time.Second)
			w.setCalm(true)
			time.Sleep(5 * time.Second)
			before := w.stored()
			w.server.fallBack(nothing())
			former.network.set(fair)
			time.Sleep(10 * time.Second)
			if after := w.stored(); !maps.Equal(after, before) {
				t.Errorf("seed %d: the server has %v, want %v", seed, after, before)
			}
		})
	}
}

// A server that falls back to what its replica had, or its last dump, still knows the lease. The leader writes again what
// was lost, even if it has written something else since.
func TestServerThatFallsBack(t *testing.T) {
	for _, writes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1, 2)
			defer w.end()
			time.Sleep(12 * time.Second)
			before := w.server.copy()
			time.Sleep(15 * time.Second)
			w.setCalm(true)
			time.Sleep(5 * time.Second)
			w.server.fallBack(before)
			if writes {
				w.leader().saveState()
			}
			time.Sleep(5 * time.Second)
			w.checkSame()
		})
	}
}

// A write that timed out may still arrive, after a later one: followers, who know the later one, would not see it.
func TestWriteThatIsOvertakenIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 2)
		defer w.end()
		time.Sleep(10 * time.Second)
		w.leader().network.set(weather{there: longest, back: time.Millisecond})
		time.Sleep(20 * time.Second)
		w.weather(fair)
		time.Sleep(longest)
		w.setCalm(true)
		time.Sleep(5 * time.Second)
		w.checkSame()
	})
}

// What others write is seen, although this replica, whose clock is ahead, has given the same versions to writes that
// failed.
func TestLeaderThatCouldNotWriteFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 1)
		defer w.end()
		former := w.replicas[0]
		former.clock.set(time.Hour)
		time.Sleep(10 * time.Second)
		w.setCalm(true)
		w.mu.Lock()
		w.replicas = append(w.replicas, w.start("b"))
		w.mu.Unlock()
		time.Sleep(5 * time.Second)
		write := func(r *replica) {
			for i := range 100 {
				r.store.handOver(fmt.Sprint("entry ", i), sites, func() ([]byte, error) { return nil, nil })
			}
		}
		former.network.set(away)
		write(former)
		time.Sleep(40 * time.Second)
		write(w.leader())
		time.Sleep(5 * time.Second)
		former.network.set(fair)
		time.Sleep(5 * time.Second)
		for name, version := range w.server.copy().latest {
			if got := former.store.version(name); got != version {
				t.Errorf("it has version %d of %s, want %d", got, name, version)
			}
		}
	})
}

// The lease begins before it is asked for: the answer may be late.
func TestLeaseThatIsGivenLate(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, 1)
			defer w.end()
			w.weather(weather{there: time.Millisecond, back: answerTimeout})
			time.Sleep(time.Minute)
			w.weather(away)
			time.Sleep(time.Minute)
			w.weather(fair)
		})
	}
}

// The end hands the lease over, logs nothing that looks like a failure, and waits for no server that hangs.
func TestEndOfALeader(t *testing.T) {
	for what, c := range map[string]struct {
		weather weather
		within  time.Duration
	}{
		"a server that answers": {fair, 3 * time.Second},
		"a server that is slow": {weather{there: time.Millisecond, back: 900 * time.Millisecond}, finishTimeout + 2*time.Second},
		"a server that hangs":   {weather{there: time.Hour, back: time.Hour}, finishTimeout + answerTimeout + releaseTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1, 1)
			r := w.replicas[0]
			time.Sleep(10 * time.Second)
			w.setCalm(true)
			time.Sleep(5 * time.Second)
			r.network.set(c.weather)
			for i := range 100 {
				r.store.handOver(fmt.Sprint("entry ", i), sites, func() ([]byte, error) { return []byte("data"), nil })
			}
			time.Sleep(1100 * time.Millisecond) // it asks who leads
			begun := time.Now()
			r.end()
			if took := time.Since(begun); took > c.within {
				t.Errorf("%s: the end took %s", what, took)
			}
			v, _ := w.server.look(t.Context())
			if text := r.logged.String(); c.weather.there < answerTimeout && (v.token != "" || strings.Contains(text, "level=warn")) {
				t.Errorf("%s: the lease is %q after the end; logged\n%s", what, v.token, text)
			}
			w.forget(r)
			w.end()
			time.Sleep(2 * time.Hour) // for what is under way
		})
	}
}
