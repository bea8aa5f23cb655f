package replicas

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// group is some replicas of an exporter on one Redis and one console.
type group struct {
	t       *testing.T
	redis   *harness.Redis
	console *simulator.Console
	setup   harness.Setup
	all     []*replica // in the order in which they were started; written under mu
	ended   []cut

	mu    sync.Mutex
	calls []call
}

// replica is one of them, with ways of its own to the Redis and to the console.
type replica struct {
	*harness.World
	group        *group
	name         string
	cache, polls *harness.Way
	gone         atomic.Bool // killed or stopped
}

// call is a request that the console has received.
type call struct {
	at   time.Time
	by   *replica
	what string // endpoint and organization
}

// cut is when a replica may have been kept from ending a poll.
type cut struct {
	of *replica
	at time.Time
}

func newGroup(t *testing.T, setup harness.Setup) *group {
	t.Helper()
	time.Sleep(3 * time.Hour) // not at midnight
	g := &group{t: t, redis: harness.NewRedis(t), console: simulator.New(setup.Console), setup: setup}
	g.setup.On = g.console
	return g
}

// start starts another replica. flags, which may be nil, change its flags.
func (g *group) start(flags func(*config.Flags)) *replica {
	g.t.Helper()
	r := &replica{group: g, name: string(rune('a'+len(g.all)%26)) + fmt.Sprint(len(g.all)), cache: g.redis.Way()}
	network := harness.NewNetwork(g.t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.gone.Load() { // what was sent before it was killed may arrive later
			g.mu.Lock()
			g.calls = append(g.calls, call{time.Now(), r, what(req.URL)})
			g.mu.Unlock()
		}
		g.console.ServeHTTP(w, req)
	}))
	r.polls = harness.NewWay(network.Dial)
	network.Dial = r.polls.Dial
	setup := g.setup
	setup.Network, setup.Cache = network, r.cache
	setup.Random = rand.New(rand.NewPCG(1, uint64(len(g.all)))).Float64
	setup.Flags = func(f *config.Flags) {
		for _, change := range []func(*config.Flags){g.setup.Flags, flags} {
			if change != nil {
				change(f)
			}
		}
	}
	r.World = harness.Start(g.t, setup)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, r)
	return r
}

// what is what a request asks for. Searches of changes differ in the time that they look back to.
func what(u *url.URL) string {
	q := u.Query()
	kind := ""
	if strings.Contains(q.Get("search"), "updated_at") {
		kind = " changes"
	}
	return u.Path + " " + q.Get("_oid") + kind + q.Get("start_key")
}

// kill ends a replica as kill -9 does: from now on nothing comes from it.
func (r *replica) kill() {
	r.cutShort()
	r.gone.Store(true)
	r.cache.Cut()
	r.polls.Cut()
	go r.Stop()
}

// stop ends a replica as SIGTERM does.
func (r *replica) stop() {
	r.cutShort()
	r.gone.Store(true)
	r.Stop()
}

// cutShort notes the polls that are running: they may not come to their end.
func (r *replica) cutShort() {
	for range r.runs() {
		r.group.ended = append(r.group.ended, cut{r, time.Now()})
	}
}

// runs is how many polls are running.
func (r *replica) runs() int {
	n := 0
	for _, account := range r.Exporter.Status() {
		for _, poll := range account.Polls {
			if poll.Running {
				n++
			}
		}
	}
	return n
}

func (r *replica) polling() bool { return r.runs() > 0 }

func (r *replica) leads() bool {
	state, _ := r.Exporter.Replica()
	return state.Leads
}

// running are the replicas that are running.
func (g *group) running() []*replica {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.all), func(r *replica) bool { return r.gone.Load() })
}

// leader is the replica that leads; nil when none does.
func (g *group) leader() *replica {
	g.t.Helper()
	var found *replica
	for _, r := range g.running() {
		if r.leads() {
			if found != nil {
				g.t.Errorf("%s: both %s and %s lead", now(), found.name, r.name)
			}
			found = r
		}
	}
	return found
}

// follower is a replica that runs and does not lead.
func (g *group) follower() *replica {
	g.t.Helper()
	for _, r := range g.running() {
		if !r.leads() {
			return r
		}
	}
	g.t.Fatal("there is no follower")
	return nil
}

// until lets time pass until something is so, at most for a time, and returns how long that took.
func (g *group) until(what string, most time.Duration, is func() bool) time.Duration {
	g.t.Helper()
	began := time.Now()
	for g.pass(0); !is(); g.pass(100 * time.Millisecond) {
		if time.Since(began) > most {
			g.t.Errorf("%s: not within %s: %s", now(), most, what)
			break
		}
	}
	return time.Since(began)
}

func (g *group) pass(d time.Duration) { g.all[0].Pass(d) }

// settle starts two replicas, and returns when both are ready.
func (g *group) settle() (leader, follower *replica) {
	g.t.Helper()
	g.start(nil)
	g.start(nil)
	g.until("both are ready", 5*time.Minute, func() bool { return g.all[0].Exporter.Ready() && g.all[1].Exporter.Ready() })
	g.pass(2 * time.Minute)
	return g.leader(), g.follower()
}

func now() string { return time.Now().UTC().Format("02 15:04:05.000") }

// own are the families that each replica has for itself.
func own(family string) bool {
	for _, prefix := range []string{
		"runzero_exporter_leader", "runzero_exporter_store_", "runzero_exporter_config_", "runzero_exporter_build_info", "runzero_api_requests_total",
		"runzero_api_request_duration_seconds", "runzero_api_response_bytes_total", "runzero_collector_poll_reason_total",
	} {
		if strings.HasPrefix(family, prefix) {
			return true
		}
	}
	return false
}

// series are the lines that a scrape gets, but for those that each replica has for itself.
func (r *replica) series() []string {
	r.group.t.Helper()
	families, err := r.Exporter.Gather()
	if err != nil {
		r.group.t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		if !own(f.GetName()) {
			if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
				r.group.t.Fatal(err)
			}
		}
	}
	return slices.DeleteFunc(strings.Split(text.String(), "\n"), func(line string) bool { return line == "" || line[0] == '#' })
}

// difference is what two replicas serve differently, at most a few lines; empty when nothing is.
func difference(a, b *replica) string {
	of, others := a.series(), b.series()
	if slices.Equal(of, others) {
		return ""
	}
	var lines []string
	only := func(sign string, of, others []string) {
		known := map[string]bool{}
		for _, line := range others {
			known[line] = true
		}
		for _, line := range of {
			if !known[line] {
				lines = append(lines, sign+" "+line)
			}
		}
	}
	only(a.name, of, others)
	only(b.name, others, of)
	series := func(line string) string { return strings.SplitN(line, " ", 2)[1] }
	slices.SortFunc(lines, func(x, y string) int { return strings.Compare(series(x), series(y)) })
	return strings.Join(lines[:min(len(lines), 12)], "\n")
}

// expectEqual expects that all replicas serve the same within three seconds of the end of the last poll.
func (g *group) expectEqual(replicas ...*replica) {
	g.t.Helper()
	different, idle := "", time.Now()
	for g.pass(0); time.Since(idle) <= 3*time.Second; g.pass(500 * time.Millisecond) {
		if slices.ContainsFunc(replicas, (*replica).polling) {
			idle = time.Now()
			continue
		}
		different = ""
		for _, r := range replicas[1:] {
			if !r.gone.Load() && different == "" {
				different = difference(replicas[0], r)
			}
		}
		if different == "" {
			return
		}
	}
	g.t.Errorf("%s: not the same after 3 s:\n%s", now(), different)
}

// expectNoPollTwice expects that what one replica has asked for, another does not ask for again before it is due, which is
// after about an interval. What was cut short may be.
func (g *group) expectNoPollTwice() {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	last := map[string]call{}
	for _, c := range g.calls {
		before, asked := last[c.what]
		last[c.what] = c
		if !asked || before.by == c.by || c.at.Sub(before.at) >= interval-10*time.Second {
			continue
		}
		if !slices.ContainsFunc(g.ended, func(e cut) bool {
			since := e.at.Sub(before.at) // negative: the poll went on to its end, which nobody else knows
			return e.of == before.by && since > -10*time.Second && since < time.Minute
		}) {
			g.t.Errorf("%s: %s asks for %s, which %s had asked for %s before", c.at.UTC().Format("02 15:04:05.000"), c.by.name, c.what, before.by.name, c.at.Sub(before.at))
		}
	}
}

// callsSince counts the requests since an instant.
func (g *group) callsSince(at time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, c := range g.calls {
		if !c.at.Before(at) {
			n++
		}
	}
	return n
}

// asked counts the requests for something since an instant.
func (g *group) asked(part string, since time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, c := range g.calls {
		if !c.at.Before(since) && strings.Contains(c.what, part) {
			n++
		}
	}
	return n
}
