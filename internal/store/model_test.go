package store

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// Two or three replicas share a server, in simulated time. Requests are delayed, lost and overtake each other, processes
// are stopped, killed, ended and started, clocks differ and are set; in every second schedule the server loses data, too.
func TestReplicasInEverySchedule(t *testing.T) {
	for seed := range uint64(schedules) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed, 2+int(seed%2))
				w.trouble(seed%4 >= 2)
				w.recover()
				w.handOver()
				w.end()
			})
		})
	}
}

// trouble is what happens to replicas and their server for some minutes.
func (w *world) trouble(loses bool) {
	dump := w.server.copy()
	for range 30 {
		time.Sleep(time.Duration(w.random.IntN(8000)) * time.Millisecond)
		at := w.random.IntN(len(w.replicas))
		r := w.replicas[at]
		switch event := w.random.IntN(15); event {
		case 0, 1:
			w.note("the network of %s is bad", r.name)
			r.network.set(w.badWeather())
		case 2:
			w.note("the network is bad")
			w.weather(w.badWeather())
		case 3, 4, 5:
			w.note("the network is fair, and writes are accepted")
			w.weather(fair)
			w.server.refuse(nil)
		case 6:
			w.note("writes are refused")
			w.server.refuse(errors.New("OOM command not allowed when used memory > 'maxmemory'"))
		case 7:
			if !r.stopped() {
				w.note("%s is stopped", r.name)
				r.stop()
			}
		case 8, 9:
			w.resume(r)
		case 10:
			w.note("%s is killed", r.name)
			r.kill()
			w.restart(at)
		case 11:
			w.resume(r)
			w.note("%s is ended", r.name)
			r.end()
			w.restart(at)
		case 12:
			ahead := skew(w.random)
			if w.random.IntN(10) == 0 {
				ahead += time.Minute
			}
			w.note("the clock of %s is set", r.name)
			r.clock.set(ahead)
		case 13:
			w.clock.set(skew(w.random))
		case 14:
			switch what := w.random.IntN(3); {
			case !loses:
			case what == 0:
				dump = w.server.copy()
			case what == 1:
				w.server.fallBack(nothing())
			default:
				w.server.fallBack(dump)
				dump = w.server.copy()
			}
		}
	}
}

func (w *world) badWeather() weather {
	const fast, slow = 20 * time.Millisecond, 3 * time.Second
	kinds := []weather{
		away, {there: slow, back: slow}, {there: longest, back: fast}, {there: fast, back: answerTimeout},
		{there: fast, back: fast, loses: 0.3}, {there: slow, back: slow, loses: 0.2},
	}
	return kinds[w.random.IntN(len(kinds))]
}

func (w *world) resume(r *replica) {
	if r.stopped() {
		r.resume()
		w.note("%s goes on", r.name)
		w.checkLeaders()
	}
}

func (w *world) restart(at int) {
	r := w.start(w.replicas[at].name)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replicas[at] = r
}

// recover ends all trouble, and checks that one leads soon, and that all serve the same.
func (w *world) recover() {
	w.note("all is well again")
	w.server.refuse(nil)
	for _, r := range w.replicas {
		w.resume(r)
	}
	w.weather(fair)
	time.Sleep(longest + 45*time.Second)
	w.expectOneLeader("45 s after all is well again")
	time.Sleep(30 * time.Second) // three polls
	w.setCalm(true)
	time.Sleep(5 * time.Second)
	w.checkSame()
}

// handOver ends the leader in good order, and checks that another leads at once and has everything.
func (w *world) handOver() {
	w.setCalm(false)
	leader := w.expectOneLeader("before the end of the leader")
	if leader == nil {
		return
	}
	w.note("%s is ended", leader.name)
	w.forget(leader)
	begun := time.Now()
	leader.end()
	time.Sleep(3*time.Second - time.Since(begun))
	w.expectOneLeader("3 s after the leader was ended")
	w.setCalm(true)
	time.Sleep(5 * time.Second)
	w.checkSame()
}

func (w *world) expectOneLeader(when string) *replica {
	leaders := w.leaders()
	if len(leaders) == 1 {
		return leaders[0]
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail("%d replicas lead %s", len(leaders), when)
	return nil
}

func (w *world) setCalm(calm bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm = calm
}

func (w *world) isCalm() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm
}
