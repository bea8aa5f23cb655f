package poller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// randomAccount is an account, its console, and the other tools that use it.
type randomAccount struct {
	seed          uint64
	limit         int64
	organizations int
	interval      time.Duration
	share         quota.Share
	reset         time.Duration // after midnight UTC
	others        string        // quiet, greedy, bursty
	headers       string        // complete, or now and then absurd or missing
	failures      float64       // share of the requests that fail
	limited       float64       // share of the requests refused for the burst limit
	latency       time.Duration

	mu       sync.Mutex
	random   *rand.Rand
	dayStart time.Time
	used     int64 // today, by all
	own      int64 // today, by the exporter
	inFlight int
	violated []string
	days     []spentDay
}

// spentDay is a day of the account that is over.
type spentDay struct {
	own      int64
	complete bool  // the exporter ran from its start
	left     int64 // what the other tools left to the exporter, above the reserve
}

func newRandomAccount(seed uint64) *randomAccount {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	a := &randomAccount{
		seed: seed, random: r,
		limit:         int64(math.Round(math.Pow(10, 2+4*r.Float64()))),
		organizations: int(math.Round(math.Pow(100, math.Pow(r.Float64(), 6)))),
		interval:      []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}[r.IntN(3)],
		share:         quota.Share{Share: []float64{0.2, 0.5, 0.8}[r.IntN(3)], Reserve: []float64{0, 0.1, 0.3}[r.IntN(3)]},
		reset:         time.Duration(r.IntN(24*60)) * time.Minute,
		others:        pick("quiet", "quiet", "greedy", "bursty"),
		headers:       pick("complete", "complete", "complete", "missing", "absurd"),
		failures:      []float64{0, 0, 0.02, 0.2}[r.IntN(4)],
		limited:       []float64{0, 0, 0, 0.01}[r.IntN(4)],
		latency:       []time.Duration{0, time.Second, 40 * time.Second}[r.IntN(3)],
	}
	if a.organizations > 20 {
		a.interval = 4 * time.Hour // for the duration of the test
	}
	return a
}

func (a *randomAccount) String() string {
	return fmt.Sprintf("account %d: limit %d, %d organizations every %s, share %v, reset at %s, others %s, headers %s, failures %.0f %%, 429s %.0f %%, latency %s",
		a.seed, a.limit, a.organizations, a.interval, a.share, a.reset, a.others, a.headers, 100*a.failures, 100*a.limited, a.latency)
}

// resetIfDue starts a new day of the account.
func (a *randomAccount) resetIfDue(now time.Time) {
	start := now.Add(-a.reset).UTC().Truncate(24 * time.Hour).Add(a.reset)
	if !start.After(a.dayStart) {
		return
	}
	if !a.dayStart.IsZero() {
		left := max(a.limit-a.share.ReserveCalls(a.limit)-(a.used-a.own), 0)
		a.days = append(a.days, spentDay{own: a.own, complete: len(a.days) > 0, left: left})
	}
	a.dayStart, a.used, a.own = start, 0, 0
}

// spendElsewhere is a minute of the other tools.
func (a *randomAccount) spendElsewhere(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resetIfDue(now)
	var n int64
	switch a.others {
	case "greedy": // everything by noon
		n = int64(float64(a.limit)/(12*60)) + int64(a.random.IntN(2))
	case "bursty":
		if a.random.IntN(600) == 0 {
			n = int64(a.random.Float64() * 0.5 * float64(a.limit))
		}
	case "quiet":
		n = int64(a.random.Float64() * float64(a.limit) / (24 * 60 * 10))
	}
	a.used += min(n, a.limit-a.used)
}

// request is a request of the exporter. It returns the status and the usage headers.
func (a *randomAccount) request(now time.Time) (code int, usage runzero.Usage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resetIfDue(now)
	if a.used >= a.limit {
		return http.StatusTooManyRequests, runzero.Usage{Limit: runzero.Known(a.limit), Remaining: runzero.Known(0)}
	}
	if left := a.limit - a.used; left <= a.share.ReserveCalls(a.limit)-int64(a.inFlight) && a.headers == "complete" && a.others == "quiet" {
		a.violated = append(a.violated, fmt.Sprintf("%s: a call of the reserve: %d of %d left", now, left, a.limit))
	}
	a.used++
	a.own++
	if most := a.share.Calls(a.limit); a.own > most {
		a.violated = append(a.violated, fmt.Sprintf("%s: %d calls, of a share of %d", now, a.own, most))
	}
	usage = runzero.Usage{Limit: runzero.Known(a.limit), Remaining: runzero.Known(a.limit - a.used), Today: runzero.Known(a.used)}
	odd := a.random.IntN(10) == 0
	switch {
	case a.headers == "missing" && odd:
		usage = runzero.Usage{}
	case a.headers == "absurd" && odd:
		usage.Remaining = runzero.Known(a.limit * 10)
	}
	switch x := a.random.Float64(); {
	case x < a.failures:
		return http.StatusBadGateway, usage
	case x < a.failures+a.limited:
		return http.StatusTooManyRequests, usage
	}
	return http.StatusOK, usage
}

// ServeHTTP responds to discovery.
func (a *randomAccount) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	code, usage := a.request(time.Now())
	for name, count := range map[string]runzero.Count{"Limit": usage.Limit, "Remaining": usage.Remaining, "Today": usage.Today} {
		if n, known := count.Get(); known {
			w.Header().Set("X-API-Usage-"+name, strconv.FormatInt(n, 10))
		}
	}
	w.WriteHeader(code)
	rows := []map[string]string{}
	for i := range a.organizations {
		rows = append(rows, map[string]string{"id": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), "name": fmt.Sprintf("Organization %d", i)})
	}
	_ = json.NewEncoder(w).Encode(rows)
}

// collector makes one request a poll.
func (a *randomAccount) collector(endpoint string, q *quota.Quota) collector.Collector {
	return func(ctx context.Context, _ collector.Poll) (collector.Snapshot, error) {
		if err := q.Admit(ctx); err != nil {
			return collector.Snapshot{}, err
		}
		fly := func(n int) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.inFlight += n
		}
		fly(1)
		sent := time.Now()
		code, usage := a.request(sent)
		time.Sleep(a.latency)
		fly(-1)
		q.Observer("1").Responded(runzero.Exchange{Written: true, Endpoint: endpoint, Sent: sent, Code: code, Authenticated: true, Usage: usage})
		if code != http.StatusOK {
			return collector.Snapshot{}, &runzero.Error{Endpoint: endpoint, Status: code, Usage: usage}
		}
		return collector.Snapshot{}, nil
	}
}

// run polls the account for three days.
func (a *randomAccount) run(t *testing.T) {
	t.Helper()
	s := setup{handler: a, tokens: []string{"CT0123"}, quota: quota.New(a.share, quota.NewGate(time.Now)), seed: a.seed}
	for _, name := range []string{"sites", "tasks", "assets"} {
		c := polling(name, a.collector(name, s.quota))
		c.Interval = a.interval
		s.collectors = append(s.collectors, c)
	}
	w := start(t, s)
	for range 74 * 60 { // the first day is incomplete
		time.Sleep(time.Minute)
		a.spendElsewhere(time.Now())
	}
	w.stop()
}

// check reports what was violated, and a share that was not used although polls were due.
func (a *randomAccount) check(t *testing.T) {
	t.Helper()
	for _, text := range a.violated[:min(len(a.violated), 3)] {
		t.Errorf("%s\n\t%s", a, text)
	}
	if a.failures > 0 || a.limited > 0 || a.headers != "complete" || a.others != "quiet" {
		return // then there is a reason
	}
	// An even schedule makes as many calls as the intervals need, or as the share allows. Polls
	// that started together come in waves, of which a day has one more or less.
	jobs := float64(a.organizations*3 + 1)
	demand := (jobs-1)*float64(24*time.Hour)/float64(a.interval) + 24
	own, even := 0.0, 0.0
	for _, d := range a.days {
		if d.complete {
			own += float64(d.own)
			even += min(demand, float64(a.share.Calls(a.limit)), float64(d.left))
		}
	}
	if own < 0.85*(even-jobs) {
		t.Errorf("%s\n\t%.0f calls in %d days, where an even schedule makes %.0f", a, own, len(a.days)-1, even)
	}
}

func TestRandomAccountsNeverExceedTheShareAndUseIt(t *testing.T) {
	for seed := range uint64(seeds) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			a := newRandomAccount(seed)
			synctest.Test(t, func(t *testing.T) {
				a.run(t)
				a.check(t)
			})
		})
	}
}
