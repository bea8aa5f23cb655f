package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is replicas, their server, and what must hold at every instant.
type world struct {
	t      testing.TB
	random *rand.Rand
	server *memory
	clock  *clock // of the server

	mu         sync.Mutex
	replicas   []*replica
	happenings []string // what happened, for a failure
	numbers    int64
	newest     string             // the token that was given last
	accepted   map[string][]write // since the server last lost something
	losses     int                // how often it did
	lostAt     time.Time          // when it last did
	calm       bool               // the replicas are not to poll
	ended      chan struct{}
}

// write is one that the server has accepted.
type write struct{ version, number int64 }

func newWorld(t testing.TB, seed uint64, replicas int) *world {
	w := &world{t: t, random: rand.New(rand.NewPCG(seed, 0)), accepted: map[string][]write{}, ended: make(chan struct{})}
	w.clock = newClock(w.random)
	w.server = newMemory(w.clock.Now, w)
	for i := range replicas {
		w.replicas = append(w.replicas, w.start(string(rune('a'+i))))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d\n%s", seed, strings.Join(w.happenings, "\n"))
		}
	})
	go w.watch()
	return w
}

// watch checks all the time that no two lead.
func (w *world) watch() {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.checkLeaders()
		case <-w.ended:
			return
		}
	}
}

func (w *world) end() {
	for _, r := range w.alive() {
		r.end()
	}
	close(w.ended)
	time.Sleep(longest) // for what is under way
}

// forget takes away a replica that has ended.
func (w *world) forget(gone *replica) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, r := range w.replicas {
		if r == gone {
			w.replicas[at] = nil
		}
	}
}

// weather sets that of all networks.
func (w *world) weather(all weather) {
	for _, r := range w.alive() {
		r.network.set(all)
	}
}

// note records what happened.
func (w *world) note(format string, values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.happened(format, values...)
}

func (w *world) happened(format string, values ...any) {
	w.happenings = append(w.happenings, fmt.Sprintf("%12s ", time.Since(w.clock.real).Round(time.Millisecond))+fmt.Sprintf(format, values...))
}

func (w *world) fail(format string, values ...any) {
	w.happened("FAILED: "+format, values...)
	w.t.Errorf(format, values...)
}

func (w *world) next() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.numbers++
	return w.numbers
}

func (w *world) lossesSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.losses
}

// lost implements observer.
func (w *world) lost() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.happened("the server lost something")
	w.accepted, w.lostAt = map[string][]write{}, time.Now()
	w.losses++
}

// intact reports whether the server has lost nothing that counts now: a lease counts while it lasts.
func (w *world) intact() bool { return w.losses == 0 || time.Since(w.lostAt) > leaseFor*11/10 }

// granted implements observer.
func (w *world) granted(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.newest = token
	w.happened("%s has the lease", token)
}

// written implements observer. It checks that every write that the server accepts has the newest token, and a later version of the entry.
func (w *world) written(token, name string, version int64, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.intact() && token != w.newest {
		w.fail("a write with the token %s was accepted after %s had been given", token, w.newest)
	}
	number := numberOf(name, data)
	if before := w.accepted[name]; len(before) > 0 {
		if last := before[len(before)-1]; version <= last.version || number < last.number {
			w.fail("%s is %v after %v", name, write{version, number}, last)
		}
	}
	w.accepted[name] = append(w.accepted[name], write{version, number})
}

// numberOf is what a replica would load.
func numberOf(name string, data []byte) (n int64) {
	for _, key := range append(collectors, ofPair) {
		if name == key.stateFile() {
			_ = decodeState(data, key, &n)
			return n
		}
	}
	snapshot, _ := decodeSnapshot(data, name, "")
	return snapshot.Success.Unix()
}

// checkLoaded checks that what a replica has loaded is not older than what had been accepted until its version, or, when
// it is about to lead, at all.
func (w *world) checkLoaded(r *replica, state State, losses int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.losses != losses {
		return
	}
	for name, writes := range w.accepted {
		for _, write := range slices.Backward(writes) {
			if state.Term != 0 || write.version <= state.Version {
				if r.numbers[name] < write.number {
					w.fail("%s (term %d) has %d of %s at version %d, but %v was accepted", r.name, state.Term, r.numbers[name], name, state.Version, write)
				}
				break
			}
		}
	}
}

// checkPoll checks that the start of a poll is recorded, and that no other replica may poll.
func (w *world) checkPoll(r *replica, key Key, n int64) {
	w.checkLeaders()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, of := range []Key{key, ofPair} {
		if writes := w.accepted[of.stateFile()]; w.intact() && (len(writes) == 0 || writes[len(writes)-1].number < n) {
			w.fail("%s makes the poll %d, but recorded is %v of %s", r.name, n, writes, of.stateFile())
		}
	}
}

// leader waits for a replica that leads, and returns it.
func (w *world) leader() *replica {
	for range 120 {
		if leaders := w.leaders(); len(leaders) > 0 {
			return leaders[0]
		}
		time.Sleep(time.Second)
	}
	w.t.Fatal("nobody leads")
	return nil
}

// leaders are the replicas that may poll now. Each of them must have the lease.
func (w *world) leaders() (leaders []*replica) {
	for _, r := range w.alive() {
		if !r.stopped() && r.store.Permit() == nil {
			leaders = append(leaders, r)
		}
	}
	return leaders
}

func (w *world) alive() []*replica {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.replicas), func(r *replica) bool { return r == nil })
}

func (w *world) checkLeaders() {
	leaders := w.leaders()
	v, _ := w.server.look(w.t.Context())
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.intact() {
		return
	}
	for _, r := range leaders {
		if v.id != r.store.self.id {
			w.fail("%s may poll, but the lease is %q", r.name, v.token)
		}
	}
	if len(leaders) > 1 {
		w.fail("%s and %s may poll", leaders[0].name, leaders[1].name)
	}
}

// stored is what the server has.
func (w *world) stored() map[string]int64 {
	numbers := map[string]int64{}
	for name, data := range w.server.copy().entries {
		numbers[name] = numberOf(name, data)
	}
	return numbers
}

// checkSame checks that all serve what the server has.
func (w *world) checkSame() {
	stored := w.stored()
	for _, r := range w.alive() {
		r.mu.Lock()
		served := maps.Clone(r.numbers)
		r.mu.Unlock()
		if !maps.Equal(served, stored) {
			w.mu.Lock()
			w.fail("%s serves %v, but the server has %v", r.name, served, stored)
			w.mu.Unlock()
		}
	}
}
