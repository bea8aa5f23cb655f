package poller

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Account is one quota, whoever asks with whatever credential of the account. It
// admits each request before it is sent and learns from each answer.
type Account struct {
	share quota.Share
	gate  *Gate

	mu     sync.Mutex
	ledger quota.Ledger
	jobs   []quota.Job    // what is asked in all, for the demand
	probed time.Time       // when the last probe of an account that had nothing left was let through
	denied map[string]bool // credentials that the console refuses
	first  int64           // first polls since the start
	paced  time.Time       // when the last of them began
	pace   float64         // the last stretch that was not without bound
}

// Unlimited is the share of who holds to no quota: all of it.
var unlimited = quota.Share{Share: 1}

// NewAccount makes an account that spends no more than share, and asks its console
// through gate.
func NewAccount(share quota.Share, gate *Gate) *Account {
	return &Account{share: share, gate: gate, pace: 1, denied: map[string]bool{}}
}

// Hold makes the account hold to another share from now on.
func (a *Account) Hold(share quota.Share) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.share = share
}

// Observer learns from the answers to one of the account's credentials.
func (a *Account) Observer(credential string) runzero.Observer { return observer{a, credential} }

type observer struct {
	account    *Account
	credential string
}

func (o observer) Responded(e runzero.Exchange) {
	o.account.Responded(e)
	if e.Authenticated && e.Code != 0 {
		o.account.deny(o.credential, e.Code == http.StatusUnauthorized)
	}
}

func (observer) Finished(runzero.Exchange) {}

// heed forgets what the console said of credentials that are no more.
func (a *Account) heed(credentials []Credential) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.denied, func(name string, _ bool) bool {
		return !slices.ContainsFunc(credentials, func(c Credential) bool { return c.Name == name })
	})
}

func (a *Account) deny(credential string, denied bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.denied, credential)
	if denied {
		a.denied[credential] = true
	}
}

// Reason is why asking is stopped.
type Reason string

// The reasons: our share is spent or nobody has a call left; the account is down to
// the reserve; the console's burst limit; the console refuses the credential.
const (
	Quota     Reason = "quota"
	Reserve   Reason = "reserve"
	RateLimit Reason = "rate_limit"
	Auth      Reason = "auth"
)

// PausedError refuses a request that must not be sent now. It says nothing of the
// console.
type PausedError struct{ Reason Reason }

func (e *PausedError) Error() string {
	return map[Reason]string{
		Quota:     "not asked: this exporter's share of today's API calls is spent",
		Reserve:   "not asked: the account's API calls of today are down to the reserve",
		RateLimit: "not asked: the console has had too many requests",
	}[e.Reason]
}

func paused(err error) bool {
	refusal := (*PausedError)(nil)
	return errors.As(err, &refusal)
}

// Admit lets a request be sent, waits for its turn, or refuses it. An admitted
// request counts as spent, whatever becomes of it.
func (a *Account) Admit(ctx context.Context) error {
	if err := a.gate.admit(ctx); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if err := a.refuse(now); err != nil {
		a.gate.leave()
		return err
	}
	if allowance := a.share.Allowance(&a.ledger, now); allowance.Stale && allowance.Calls == 0 {
		a.probed = now
	}
	a.ledger.Sent(now)
	if calls, ok := ctx.Value(callsKey{}).(*int64); ok {
		*calls++
	}
	return nil
}

// callsKey finds in a context where a poll's requests are counted.
type callsKey struct{}

// A stale account is asked again this often.
const probeEvery = time.Hour

// refuse tells why a request must not be sent; nil when it may.
func (a *Account) refuse(now time.Time) error {
	allowance := a.share.Allowance(&a.ledger, now)
	switch {
	case !allowance.Known || allowance.Calls > 0:
		return nil
	case allowance.Stale && (a.probed.IsZero() || now.Sub(a.probed) >= probeEvery):
		return nil
	}
	if left, known := a.ledger.Remaining.Get(); allowance.Reserve && (!known || left > 0) {
		return &PausedError{Reason: Reserve}
	}
	return &PausedError{Reason: Quota}
}

// Answered takes what an answer says of the quota.
func (a *Account) Responded(e runzero.Exchange) {
	now := time.Now()
	left, known := e.Usage.Remaining.Get()
	a.gate.answered(now, answer{
		sent: e.Sent, none: e.Code == 0, wait: e.RetryAfter,
		refused: e.Code == http.StatusTooManyRequests && (!known || left > 0),
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ledger.Responded(now, e.Sent, e.Usage)
}

// Standing is how an account stands at an instant.
type Standing struct {
	Limit     int64 // calls a day; 0: the console does not tell
	Budget    int64 // of them, what this exporter may spend
	Spent     int64 // own calls of the day
	Demand    float64
	Stretch   float64 // what intervals are multiplied by; finite, at least 1
	Allowance quota.Allowance
	Left      time.Duration // how long the allowance must last
	Reset     time.Time     // when the day is expected to turn
	Exhausted time.Time     // when nothing will be left; zero: not today
	Paused    map[Reason]bool
}

// Stopped tells whether nothing is asked at all.
func (s Standing) Stopped() bool { return s.Paused[Quota] || s.Paused[Reserve] || s.Paused[RateLimit] }

// Standing works out how the account stands.
func (a *Account) Standing(now time.Time) Standing {
	closed := a.gate.closed(now)
	a.mu.Lock()
	defer a.mu.Unlock()
	s := Standing{
		Spent:     a.ledger.Spent(now),
		Demand:    quota.Demand(a.jobs, 24*time.Hour),
		Allowance: a.share.Allowance(&a.ledger, now),
		Left:      a.ledger.Left(now),
		Reset:     a.ledger.NextReset(now),
		Paused:    map[Reason]bool{RateLimit: closed, Auth: len(a.denied) > 0},
	}
	if limit, known := a.ledger.Limit.Get(); known {
		s.Limit, s.Budget = limit, a.share.Calls(limit)
	}
	if stretch := quota.Stretch(a.jobs, s.Allowance, s.Left); !math.IsInf(stretch, 1) {
		a.pace = stretch
	}
	s.Stretch = a.pace
	s.Exhausted, _ = a.ledger.Exhaustion(now)
	if refusal := (*PausedError)(nil); errors.As(a.refuse(now), &refusal) {
		s.Paused[refusal.Reason] = true
	}
	return s
}

// demand sets what is asked in all.
func (a *Account) demand(jobs []quota.Job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.jobs = jobs
}

// The first round is asked at once, but not when that would take more of the day than
// this: an account of hundreds of organizations would have spent its share within the
// first minutes.
const (
	firstShare = 0.25
	firstLeast = 8
)

// mayBegin tells whether a first poll may begin now.
func (a *Account) mayBegin(now time.Time, s Standing) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Stretch <= 1 || a.first < max(firstLeast, int64(firstShare*float64(s.Budget))) {
		return true
	}
	return now.Sub(a.paced) >= s.Left/time.Duration(max(s.Allowance.Calls, 1))
}

// begin notes that a first poll begins.
func (a *Account) begin(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first++
	a.paced = now
}

// resume counts the first polls of an earlier run, so that restarts do not make the
// first round one of many at once.
func (a *Account) resume(first int64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first, a.paced = first, now
}

func (a *Account) kept() (ledger quota.Kept, probed time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ledger.Kept(), a.probed.UTC()
}

func (a *Account) restore(k quota.Kept, probed, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ledger = k.Ledger(now)
	if !probed.After(now) {
		a.probed = probed
	}
}
