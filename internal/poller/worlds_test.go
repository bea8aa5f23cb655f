//go:build port

package poller_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// universe is an account and all who spend its calls, as random as they come.
type universe struct {
	seed          uint64
	limit         int64
	organizations int
	interval      time.Duration
	share         quota.Share
	reset         time.Duration // after midnight UTC
	others        string        // quiet, greedy, bursty
	headers       string        // whole, absurd now and then, missing now and then
	failures      float64       // of requests
	limited       float64       // of requests answered 429 for the burst limit
	latency       time.Duration

	mu      sync.Mutex
	random  *rand.Rand
	day     time.Time // when the account's day began
	used    int64     // by all
	own     int64     // by us
	flying  int
	polls   map[string]int
	broken  []string // what must not be
	days    []spentDay
	refused int
}

// spentDay is what one day of the account came to.
type spentDay struct {
	own   int64
	whole bool // we were there from its beginning
	// left is what others left us, over the reserve: what we might have spent.
	left int64
}

func newUniverse(seed uint64) *universe {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	u := &universe{
		seed: seed, random: r, polls: map[string]int{},
		limit:         int64(math.Round(math.Pow(10, 2+4*r.Float64()))),
		organizations: int(math.Round(math.Pow(300, math.Pow(r.Float64(), 6)))),
		interval:      []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}[r.IntN(3)],
		share:         quota.Share{Share: []float64{0.2, 0.5, 0.8}[r.IntN(3)], Reserve: []float64{0, 0.1, 0.3}[r.IntN(3)]},
		reset:         time.Duration(r.IntN(24*60)) * time.Minute,
		others:        pick("quiet", "quiet", "greedy", "bursty"),
		headers:       pick("whole", "whole", "whole", "missing", "absurd"),
		failures:      []float64{0, 0, 0.02, 0.2}[r.IntN(4)],
		limited:       []float64{0, 0, 0, 0.01}[r.IntN(4)],
		latency:       []time.Duration{0, time.Second, 40 * time.Second}[r.IntN(3)],
	}
	if u.organizations > 20 {
		u.interval = 4 * time.Hour // for the time that the test takes, not for the poller
	}
	return u
}

func (u *universe) String() string {
	return fmt.Sprintf("world %d: limit %d, %d organizations each %s, share %v, reset at %s, others %s, headers %s, failures %.0f %%, 429s %.0f %%, latency %s",
		u.seed, u.limit, u.organizations, u.interval, u.share, u.reset, u.others, u.headers, 100*u.failures, 100*u.limited, u.latency)
}

// turn lets the account's day turn.
func (u *universe) turn(now time.Time) {
	began := now.Add(-u.reset).UTC().Truncate(24 * time.Hour).Add(u.reset)
	if !began.After(u.day) {
		return
	}
	if !u.day.IsZero() {
		u.close()
	}
	u.day, u.used, u.own = began, 0, 0
}

func (u *universe) close() {
	reserve := int64(math.Ceil(u.share.Reserve * float64(u.limit)))
	u.days = append(u.days, spentDay{own: u.own, whole: len(u.days) > 0, left: max(u.limit-reserve-(u.used-u.own), 0)})
}

// elsewhere lets other tools spend, once a minute.
func (u *universe) elsewhere(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn(now)
	var n int64
	switch u.others {
	case "greedy": // all there is, by the middle of the day
		n = int64(float64(u.limit)/(12*60)) + int64(u.random.IntN(2))
	case "bursty":
		if u.random.IntN(600) == 0 {
			n = int64(u.random.Float64() * 0.5 * float64(u.limit))
		}
	case "quiet":
		n = int64(u.random.Float64() * float64(u.limit) / (24 * 60 * 10))
	}
	u.used += min(n, u.limit-u.used)
}

// call is one call of ours: what the console answers.
func (u *universe) call(now time.Time) (code int, usage runzero.Usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn(now)
	if u.used >= u.limit {
		u.refused++
		return http.StatusTooManyRequests, runzero.Usage{Limit: runzero.Known(u.limit), Remaining: runzero.Known(0)}
	}
	reserve := int64(math.Ceil(u.share.Reserve * float64(u.limit)))
	if before := u.limit - u.used; before <= reserve-int64(u.flying) && u.headers == "whole" && u.others == "quiet" {
		u.broken = append(u.broken, fmt.Sprintf("%s: a call into the reserve: %d of %d left", now, before, u.limit))
	}
	u.used++
	u.own++
	if most := u.share.Calls(u.limit); u.own > most {
		u.broken = append(u.broken, fmt.Sprintf("%s: %d calls, of a share of %d", now, u.own, most))
	}
	usage = runzero.Usage{Limit: runzero.Known(u.limit), Remaining: runzero.Known(u.limit - u.used), Today: runzero.Known(u.used)}
	odd := u.random.IntN(10) == 0
	switch {
	case u.headers == "missing" && odd:
		usage = runzero.Usage{}
	case u.headers == "absurd" && odd:
		usage.Remaining = runzero.Known(u.limit * 10)
	}
	switch x := u.random.Float64(); {
	case x < u.failures:
		return http.StatusBadGateway, usage
	case x < u.failures+u.limited:
		return http.StatusTooManyRequests, usage
	}
	return http.StatusOK, usage
}

// ServeHTTP answers the discovery of organizations.
func (u *universe) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	code, usage := u.call(time.Now())
	for name, count := range map[string]runzero.Count{"Limit": usage.Limit, "Remaining": usage.Remaining, "Today": usage.Today} {
		if n, known := count.Get(); known {
			w.Header().Set("X-API-Usage-"+name, strconv.FormatInt(n, 10))
		}
	}
	w.WriteHeader(code)
	rows := []map[string]string{}
	for i := range u.organizations {
		rows = append(rows, map[string]string{"id": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), "name": fmt.Sprintf("Organization %d", i)})
	}
	_ = json.NewEncoder(w).Encode(rows)
}

// run lives three days and more in the world with the real poller and account.
func (u *universe) run(t *testing.T) {
	account := poller.NewAccount(u.share, poller.NewGate())
	dial, closePipe := simulator.Pipe(u)
	client, err := runzero.New(runzero.Config{
		URL: "http://localhost", DialContext: dial, Admit: account.Admit, Observer: account.Observer("1"),
		HTTP: config.HTTPClientConfig{Authorization: &config.Authorization{Credentials: "CT0123"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(endpoint string) collectFunc {
		return func(ctx context.Context, _ collector.Poll) (collector.Snapshot, error) {
			if err := account.Admit(ctx); err != nil {
				return collector.Snapshot{}, err
			}
			u.mu.Lock()
			u.polls[endpoint]++
			u.flying++
			u.mu.Unlock()
			sent := time.Now()
			code, usage := u.call(sent)
			time.Sleep(u.latency)
			u.mu.Lock()
			u.flying--
			u.mu.Unlock()
			account.Responded(runzero.Exchange{Endpoint: endpoint, Sent: sent, Code: code, Authenticated: true, Usage: usage})
			if code != http.StatusOK {
				return collector.Snapshot{}, &runzero.Error{Endpoint: endpoint, Status: code, Usage: usage}
			}
			return collector.Snapshot{}, nil
		}
	}
	target := poller.Target{Credentials: []poller.Credential{{Name: "default", Client: client}}, Account: account}
	for _, name := range []string{"sites", "tasks", "assets"} {
		target.Collectors = append(target.Collectors, poller.Collector{Name: name, Interval: u.interval, Collector: ask(name)})
	}
	p := poller.New(poller.Config{Logger: log.NewNopLogger()}, []poller.Target{target})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	for range 74 * 60 { // three days, and a little for the first to be learned in
		time.Sleep(time.Minute)
		u.elsewhere(time.Now())
	}
	cancel()
	<-done
	closePipe()
}

// check says what was not as it must be.
func (u *universe) check(t *testing.T) {
	t.Helper()
	for i, broken := range u.broken {
		if i < 3 {
			t.Errorf("%s\n\t%s", u, broken)
		}
	}
	if u.failures > 0 || u.limited > 0 || u.headers != "whole" || u.others != "quiet" {
		return // what is lost there is lost for a reason
	}
	// The even schedule: what the intervals ask, or the share where that is less. Jobs
	// that began together come in waves, of which a day has one more or less.
	jobs := float64(u.organizations*3 + 1)
	demand := (jobs-1)*float64(24*time.Hour)/float64(u.interval) + 24
	own, even := 0.0, 0.0
	for _, d := range u.days {
		if d.whole {
			own += float64(d.own)
			even += min(demand, float64(u.share.Calls(u.limit)), float64(d.left))
		}
	}
	if own < 0.85*(even-jobs) {
		t.Errorf("%s\n\t%.0f calls in %d days, where an even schedule has %.0f: the data starves", u, own, len(u.days)-1, even)
	}
}

var worldsWanted = flag.Uint64("worlds", worlds, "random worlds to live in")

func TestNeverMoreThanOurShareInAnyWorld(t *testing.T) {
	for seed := range *worldsWanted {
		u := newUniverse(seed)
		t.Run(fmt.Sprintf("world %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u.run(t)
				u.check(t)
			})
		})
	}
}
