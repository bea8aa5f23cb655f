//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// replica is one of the exporters, with its own ways to Redis and to the console.
type replica struct {
	*group
	name, program string
	env, cache    []string
	link          *link

	mu      sync.Mutex
	p       *process // that runs, or has run last
	base    string   // its URL; empty while it is not to be asked
	changes int      // of base
	earlier string   // what its processes before have logged
	last    look
	own     map[string]bool // series that this process has exposed since it was ready
	ready   time.Time       // since when
	lacks   bool            // some of them, and a test knows
}

func (g *group) replica(name, program string) *replica {
	g.t.Helper()
	l := startLink(g.t, g.redis.socket())
	cache := []string{"--cache.url=redis://" + redisUser + "@" + l.listener.Addr().String(), "--cache.password-file=" + g.password}
	r := &replica{group: g, name: name, program: program, env: g.console.through(g.t, name), link: l, cache: cache}
	r.keepLooking()
	return r
}

// startSingle starts an exporter that shares nothing with others.
func startSingle(t *testing.T) *replica {
	t.Helper()
	g := newGroup(t)
	r := &replica{group: g, name: "single", program: binary, env: g.console.through(t, "single"), cache: []string{"--cache.dir=" + t.TempDir()}}
	r.keepLooking()
	r.start()
	return r
}

func (r *replica) start() {
	r.t.Helper()
	args := append([]string{anyPort, "--quota.share=1", "--quota.reserve=0"}, r.cache...)
	for name, interval := range intervals() {
		if name != "discovery" {
			args = append(args, fmt.Sprintf("--collector.%s.interval=%s", name, interval))
		}
	}
	p := startProgram(r.t, r.program, r.env, args...)
	base := p.url()
	r.mu.Lock()
	if r.p != nil {
		r.earlier += r.p.stderr.String()
	}
	r.p, r.own, r.ready, r.lacks, r.last = p, map[string]bool{}, time.Time{}, false, look{}
	r.mu.Unlock()
	r.ask(base)
}

// ask has the replica scraped from now on at this address, or not at all.
func (r *replica) ask(base string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base = base
	r.changes++
}

func (r *replica) process() *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.p
}

func (r *replica) log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.earlier + r.p.stderr.String()
}

// logged counts the lines of the log with all of these texts.
func (r *replica) logged(texts ...string) int {
	n := 0
	for line := range strings.Lines(r.log()) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			n++
		}
	}
	return n
}

// kill ends the replica without a warning, and returns when.
func (r *replica) kill() time.Time {
	r.ask("")
	r.disturb()
	r.process().kill()
	return time.Now()
}

// end asks it to end, and requires that it does.
func (r *replica) end() {
	r.t.Helper()
	r.ask("")
	r.disturb()
	r.process().stop(syscall.SIGTERM)
}

// freeze stops the replica's time, and thaw lets it go on.
func (r *replica) freeze() {
	r.ask("")
	r.disturb()
	r.process().signal(syscall.SIGSTOP)
}

func (r *replica) thaw() {
	base := r.process().url()
	r.process().signal(syscall.SIGCONT)
	r.ask(base)
}

func (r *replica) leads() bool { return r.looked().value("runzero_exporter_leader") == 1 }

// looked is how it looked at the last scrape of this process.
func (r *replica) looked() look {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// waitToLead waits until the replica leads, and returns since when.
func (r *replica) waitToLead() time.Time {
	r.t.Helper()
	eventually(r.t, func() error {
		if !r.leads() {
			return fmt.Errorf("%s does not lead", r.name)
		}
		return r.process().alive()
	})
	return r.looked().at
}

// waitToFollow waits until the replica is ready, follows and has all that the leader has.
func (r *replica) waitToFollow() {
	r.t.Helper()
	began := time.Now()
	eventually(r.t, func() error {
		switch now := r.looked(); {
		case !now.ready:
			return fmt.Errorf("%s is not ready", r.name)
		case now.value("runzero_exporter_leader") != 0 || now.value("runzero_exporter_store_up") != 1:
			return fmt.Errorf("%s does not follow", r.name)
		case now.value("runzero_exporter_store_synced_timestamp_seconds") < float64(began.Unix()):
			return fmt.Errorf("%s is not up to date", r.name)
		}
		return r.process().alive()
	})
}

// waitToDeny waits until the replica says that something is not so.
func (r *replica) waitToDeny(name string) {
	r.t.Helper()
	eventually(r.t, func() error {
		if got := r.looked().value(name); got != 0 {
			return fmt.Errorf("%s of %s is %v, want 0", name, r.name, got)
		}
		return r.process().alive()
	})
}

// waitToPoll waits until the replica has polled after a time, and returns when it did.
func (r *replica) waitToPoll(after time.Time) time.Time {
	r.t.Helper()
	var first time.Time
	eventually(r.t, func() error {
		requests := by(r.name, r.console.requests(after))
		if len(requests) == 0 {
			return fmt.Errorf("%s does not poll", r.name)
		}
		first = requests[0].began
		return nil
	})
	return first
}

// waitInFlight waits until a request of the replica is under way.
func (r *replica) waitInFlight() {
	r.t.Helper()
	eventually(r.t, func() error {
		requests := by(r.name, r.console.requests(r.began))
		if n := len(requests); n == 0 || !requests[n-1].ended.IsZero() {
			return errors.New("no request is under way")
		}
		return nil
	})
}
