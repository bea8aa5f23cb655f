package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-kit/log"
)

// The replicas poll three collectors of an account, whose results are numbers that only increase. The states count polls.
var (
	pair       = Account{Name: "default"}
	collectors = []Key{{pair, "1", "assets"}, {pair, "1", "sites"}, {pair, "2", "sites"}}
)

// replica is an exporter that shares a store. It uses the store as package poller does.
type replica struct {
	world *world
	name  string
	*process
	*network
	store  *Shared
	logged bytes.Buffer // to be read when it has ended

	endUse, endRun context.CancelFunc
	used, ended    chan struct{}

	mu      sync.Mutex
	numbers map[string]int64 // what it serves, by entry
	loaded  map[string]int64 // the versions of what it loaded
	polls   int
	random  *rand.Rand
}

// start starts a process with nothing in its memory.
func (w *world) start(name string) *replica {
	r := &replica{
		world: w, name: name, process: &process{clock: newClock(w.random), dead: make(chan struct{})},
		used: make(chan struct{}), ended: make(chan struct{}), numbers: map[string]int64{}, loaded: map[string]int64{},
		random: rand.New(rand.NewPCG(w.random.Uint64(), 1)),
	}
	r.network = &network{process: r.process, server: w.server, random: rand.New(rand.NewPCG(w.random.Uint64(), 2)), now: fair}
	r.store = newShared(r.network, Options{Logger: log.NewLogfmtLogger(log.NewSyncWriter(&r.logged)), Now: r.Now})
	r.store.self.id, r.store.self.Name = fmt.Sprintf("%s%d", name, w.random.Uint32()), name
	use, endUse := context.WithCancel(context.Background())
	run, endRun := context.WithCancel(context.Background())
	r.endUse, r.endRun = endUse, endRun
	go func() {
		_ = r.store.first(context.Background())
		go func() {
			defer close(r.ended)
			_ = r.store.Run(run)
		}()
		defer close(r.used)
		r.use(use)
	}()
	return r
}

// end ends the process in good order.
func (r *replica) end() {
	r.endUse()
	<-r.used
	r.endRun()
	<-r.ended
	close(r.dead)
}

func (r *replica) kill() {
	close(r.dead)
	r.endUse()
	r.endRun()
}

// use polls when it leads, and otherwise loads what is new.
func (r *replica) use(ctx context.Context) {
	term, version := int64(0), int64(0)
	poll := time.NewTimer(0)
	again := make(<-chan time.Time)
	for {
		due := false
		select {
		case <-r.store.Changed():
		case <-again:
		case <-poll.C:
			due = true
			poll.Reset(time.Duration(1+r.random.IntN(4000)) * time.Millisecond)
		case <-ctx.Done():
			if term != 0 {
				r.saveState()
			}
			return
		}
		if !r.pass() {
			return
		}
		state := r.store.State()
		if term != 0 && state.Term != term {
			term, version = 0, 0
		}
		gained := state.Term != 0 && term == 0
		if gained || state.Term == 0 && state.Version != version {
			if !r.load(state) {
				again = time.After(time.Second)
				continue
			}
			if term, version = state.Term, state.Version; gained {
				r.saveAll()
			}
		}
		if state = r.store.State(); due && term != 0 && state.Term == term && !state.Held && !r.world.isCalm() {
			r.poll(ctx)
		}
	}
}

// load takes over what is newer in the store.
func (r *replica) load(state State) bool {
	before := r.world.lossesSoFar()
	numbers := map[string]int64{}
	stored := func(name string, version int64, load func() (int64, bool)) {
		if r.loaded[name] == version && r.random.IntN(4) > 0 {
			return
		}
		n, found := load()
		if found {
			numbers[name], r.loaded[name] = n, version
		}
	}
	states := r.store.States(pair)
	for _, key := range append(collectors, ofPair) {
		stored(key.stateFile(), r.store.StateVersion(key), func() (n int64, found bool) {
			found = states(key, &n)
			return n, found
		})
	}
	for _, key := range collectors {
		stored(key.file(), r.store.Version(key), func() (int64, bool) {
			snapshot, found := r.store.LoadSnapshot(key, "")
			return snapshot.Success.Unix(), found
		})
	}
	if !r.store.Loaded(state.Term, state.Version) {
		clear(r.loaded)
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, n := range numbers {
		r.numbers[name] = max(r.numbers[name], n)
	}
	r.world.checkLoaded(r, state, before)
	return true
}

func (r *replica) set(name string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.numbers[name] = n
}

func (r *replica) number(name string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.numbers[name]
}

func (r *replica) saveState(of ...Key) {
	for _, key := range append(of, ofPair) {
		if n := r.number(key.stateFile()); n != 0 {
			r.store.SaveState(key, n)
		}
	}
}

func (r *replica) save(key Key) {
	r.store.Save(key, "", Snapshot{Success: time.Unix(r.number(key.file()), 0)})
}

// saveAll refills a store that may have lost something.
func (r *replica) saveAll() {
	for _, key := range collectors {
		if r.number(key.file()) != 0 {
			r.save(key)
		}
	}
	r.saveState(collectors...)
}

// poll makes a poll once its start is recorded.
func (r *replica) poll(ctx context.Context) {
	n, key := r.world.next(), collectors[r.polls%len(collectors)]
	r.polls++
	r.set(key.stateFile(), n)
	r.set(ofPair.stateFile(), n)
	r.saveState(key)
	if r.store.Recorded(ctx) != nil || !r.pass() || r.store.Permit() != nil {
		return
	}
	r.world.checkPoll(r, key, n)
	time.Sleep(time.Duration(r.random.IntN(2000)) * time.Millisecond)
	if !r.pass() {
		return
	}
	r.set(key.file(), n)
	r.save(key)
	r.saveState(key)
}
