package poller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
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
	flaps         bool // there are episodes

	episodes  []episode
	idleSince time.Time

	mu       sync.Mutex
	random   *rand.Rand
	dayStart time.Time
	used     int64 // today, by all
	own      int64 // today, by the exporter
	inFlight int
	violated []string
	days     []spentDay
	last     runzero.Usage // as last reported
	accepted string        // the token that the console accepts
	tokens   int
	revoked  bool
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
		headers:       pick("complete", "complete", "complete", "missing", "absurd", "reordered"),
		failures:      []float64{0, 0, 0.02, 0.2}[r.IntN(4)],
		limited:       []float64{0, 0, 0, 0.01}[r.IntN(4)],
		latency:       []time.Duration{0, time.Second, 40 * time.Second}[r.IntN(3)],
		flaps:         r.IntN(2) == 0,
		accepted:      "CT0",
	}
	if a.organizations > 20 {
		a.interval = 4 * time.Hour // for the duration of the test
	}
	return a
}

func (a *randomAccount) String() string {
	return fmt.Sprintf("account %d: limit %d, %d organizations every %s, share %v, reset at %s, others %s, headers %s, failures %.0f %%, 429s %.0f %%, latency %s, episodes %v",
		a.seed, a.limit, a.organizations, a.interval, a.share, a.reset, a.others, a.headers, 100*a.failures, 100*a.limited, a.latency, a.kinds())
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

func (a *randomAccount) kinds() (kinds []string) {
	for _, e := range a.episodes {
		kinds = append(kinds, fmt.Sprintf("%s for %s at %s", e.kind, e.to.Sub(e.from).Round(time.Second), e.from.Format("02 15:04:05")))
	}
	return kinds
}

// An episode is a time in which requests fail.
type episode struct {
	from, to time.Time
	kind     string
}

var episodeKinds = []string{"unreachable", "no response", "502", "404 of a proxy", "429", "token revoked"}

// episodes begin at random in the first two days, and last for seconds, minutes or hours.
func (a *randomAccount) planEpisodes(now time.Time) {
	for at := now.Add(time.Duration(a.random.IntN(12)) * time.Hour); a.flaps; {
		lasts := time.Duration(math.Pow(10, 4.3*a.random.Float64()) * float64(time.Second)) // up to five hours
		if at.Add(lasts).After(now.Add(50 * time.Hour)) {
			return
		}
		a.episodes = append(a.episodes, episode{at, at.Add(lasts), episodeKinds[a.random.IntN(len(episodeKinds))]})
		at = at.Add(lasts + time.Duration(math.Pow(10, 1.5+3*a.random.Float64())*float64(time.Second)))
	}
}

// failing is the kind of the episode of now; "" when all is well.
func (a *randomAccount) failing(now time.Time) string {
	for _, e := range a.episodes {
		if !now.Before(e.from) && now.Before(e.to) {
			return e.kind
		}
	}
	return ""
}

// calm reports whether no request has failed for as long as it takes to notice: the longest wait for a cause.
func (a *randomAccount) calm(now time.Time) bool {
	for _, e := range a.episodes {
		if now.Sub(e.to) < 70*time.Minute {
			return false
		}
	}
	return a.failures == 0 && a.limited == 0
}

// request is a request of the exporter that reached the console. It returns the status, 0 for none, and the usage
// headers.
func (a *randomAccount) request(now time.Time, token string) (code int, usage runzero.Usage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resetIfDue(now)
	failing := a.failing(now)
	switch {
	case failing == "404 of a proxy":
		return http.StatusNotFound, runzero.Usage{}
	case token != a.accepted:
		return http.StatusUnauthorized, runzero.Usage{}
	case a.used >= a.limit:
		return http.StatusTooManyRequests, runzero.Usage{Limit: runzero.Known(a.limit), Remaining: runzero.Known(0)}
	}
	if left := a.limit - a.used; left <= a.share.ReserveCalls(a.limit)-int64(a.inFlight) && a.headers == "complete" && a.others == "quiet" && !a.flaps {
		a.violated = append(a.violated, fmt.Sprintf("%s: a call of the reserve: %d of %d left", now, left, a.limit))
	}
	a.used++
	a.own++
	if most := a.share.Calls(a.limit); a.own > most {
		a.violated = append(a.violated, fmt.Sprintf("%s: %d calls, of a share of %d", now, a.own, most))
	}
	before := a.last
	usage = runzero.Usage{Limit: runzero.Known(a.limit), Remaining: runzero.Known(a.limit - a.used), Today: runzero.Known(a.used)}
	a.last = usage
	odd := a.random.IntN(10) == 0
	switch {
	case a.headers == "missing" && odd:
		usage = runzero.Usage{}
	case a.headers == "absurd" && odd:
		usage.Remaining = runzero.Known(a.limit * 10)
	case a.headers == "reordered" && odd && a.used > 1:
		usage = before
	}
	switch x := a.random.Float64(); {
	case failing == "no response":
		return 0, runzero.Usage{}
	case failing == "502", x < a.failures:
		return http.StatusBadGateway, usage
	case failing == "429", x < a.failures+a.limited:
		return http.StatusTooManyRequests, usage
	}
	return http.StatusOK, usage
}

// ServeHTTP responds to discovery and to polls.
func (a *randomAccount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.fly(1)
	defer a.fly(-1)
	code, usage := a.request(time.Now(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	time.Sleep(a.latency)
	if code == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, count := range map[string]runzero.Count{"Limit": usage.Limit, "Remaining": usage.Remaining, "Today": usage.Today} {
		if n, known := count.Get(); known {
			w.Header().Set("X-API-Usage-"+name, strconv.FormatInt(n, 10))
		}
	}
	var rows []map[string]string
	if code == http.StatusOK {
		rows = a.rows(r)
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(rows)
}

func (a *randomAccount) fly(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inFlight += n
}

func (a *randomAccount) rows(r *http.Request) []map[string]string {
	if id := r.URL.Query().Get("_oid"); id != "" {
		return []map[string]string{{"id": "site", "organization_id": id}}
	}
	var rows []map[string]string
	for i := range a.organizations {
		rows = append(rows, map[string]string{"id": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), "name": fmt.Sprintf("Organization %d", i)})
	}
	return rows
}

// oneRequest is a collector that makes one request a poll.
func oneRequest(ctx context.Context, poll collector.Poll) (collector.Snapshot, error) {
	for _, err := range poll.API.Sites(ctx, poll.Organization.ID) {
		if err != nil {
			return collector.Snapshot{}, err
		}
	}
	return collector.Snapshot{}, nil
}

// dial fails while the console cannot be reached.
func (a *randomAccount) dial(dial harness.Dial) harness.Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		a.mu.Lock()
		failing := a.failing(time.Now())
		a.mu.Unlock()
		if failing == "unreachable" {
			return nil, errors.New("connection refused")
		}
		return dial(ctx, network, address)
	}
}

// rotate revokes the token when such an episode begins, and replaces it when that ends.
func (a *randomAccount) rotate(now time.Time, file string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	revoked := a.failing(now) == "token revoked"
	switch {
	case revoked && !a.revoked:
		a.tokens++
		a.accepted = fmt.Sprintf("CT%d", a.tokens)
	case !revoked && a.revoked:
		_ = os.WriteFile(file, []byte(a.accepted), 0o600)
	}
	a.revoked = revoked
}

// run polls the account for three days.
func (a *randomAccount) run(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(a.accepted), 0o600); err != nil {
		t.Fatal(err)
	}
	s := setup{handler: a, tokenFile: file, dial: a.dial, quota: quota.New(a.share, quota.NewGate(time.Now)), seed: a.seed}
	for _, name := range []string{"sites", "tasks", "assets"} {
		c := polling(name, oneRequest)
		c.Interval = a.interval
		s.collectors = append(s.collectors, c)
	}
	a.planEpisodes(time.Now())
	w := start(t, s)
	for range 74 * 60 { // the first day is incomplete
		time.Sleep(time.Minute)
		now := time.Now()
		a.spendElsewhere(now)
		a.rotate(now, file)
		a.checkIdle(w, now)
		if now.Minute() == 0 && a.calm(now) {
			a.checkFresh(w, now)
		}
	}
	w.stop()
}

// checkIdle notes when nothing is polled for more than a minute although something is due and the share allows it.
func (a *randomAccount) checkIdle(w *world, now time.Time) {
	if s := w.account.Quota.State(now); s.Stopped() || s.Allowance.Stale || s.Allowance.Known && s.Allowance.Calls == 0 {
		a.idleSince = time.Time{}
		return
	}
	due := ""
	for _, s := range w.poller.Status()[0].Polls {
		if s.Running {
			a.idleSince = time.Time{}
			return
		}
		// The status is as of the last publication: the interval in force may be a hundredth longer by now.
		if s.Collector != schedule.Discovery && !s.LastSuccess.IsZero() && s.Next.Before(now.Add(-time.Minute-s.Interval/100)) {
			due = fmt.Sprintf("%s of %s has been due since %s: %s", s.Collector, s.Organization, s.Next, s.Error)
		}
	}
	switch {
	case due == "":
		a.idleSince = time.Time{}
	case a.idleSince.IsZero():
		a.idleSince = now
	case now.Sub(a.idleSince) > time.Minute:
		a.note("%s: nothing is polled, although %s", now, due)
	}
}

// checkFresh notes data that is older than it may be when nothing has failed for long enough.
func (a *randomAccount) checkFresh(w *world, now time.Time) {
	if w.account.Quota.State(now).Stopped() || a.others != "quiet" {
		return
	}
	for _, s := range w.poller.Status()[0].Polls {
		most := s.Interval*13/10 + 70*time.Minute + time.Duration(a.organizations)*a.latency
		if age := now.Sub(s.LastSuccess); s.Interval == a.interval && (s.State == "unsupported" || age > most) {
			a.note("%s: %s of %s is %s, and its data %s old", now, s.Collector, s.Organization, s.State, age)
		}
	}
}

func (a *randomAccount) note(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.violated = append(a.violated, fmt.Sprintf(format, args...))
}

// check reports what was violated, and a share that was not used although polls were due.
func (a *randomAccount) check(t *testing.T) {
	t.Helper()
	if len(a.violated) > 0 {
		t.Errorf("%s\n\t%s", a, strings.Join(a.violated[:min(len(a.violated), 3)], "\n\t"))
	}
	if a.flaps || a.failures > 0 || a.limited > 0 || a.headers != "complete" || a.others != "quiet" {
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
	t.Parallel()
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
