package quota

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Quota is the daily API quota of one account, whichever of its credentials is used. Its
// methods may be called from several goroutines.
type Quota struct {
	gate *Gate

	// All fields below are guarded by gate.mu.
	share     Share
	ledger    ledger
	probed    time.Time       // when the last probe was admitted
	unprobed  time.Time       // the value of probed before
	refused   map[string]bool // credentials that the console refuses
	succeeded bool            // whether any authenticated request has succeeded
	demand    float64         // see SetPace
	stretch   float64
}

// New makes the quota of an account of which nothing is known yet, on the console of gate.
func New(share Share, gate *Gate) *Quota {
	return &Quota{gate: gate, share: share, ledger: ledger{configured: share.Limit}, refused: map[string]bool{}, stretch: 1}
}

// SetShare changes the share from now on.
func (q *Quota) SetShare(share Share) {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	q.share, q.ledger.configured = share, share.Limit
}

// SetPace sets what State reports as Demand and Stretch: how many calls a day the jobs need, and by what their
// intervals are multiplied to fit. A Quota knows no jobs, so the caller works out both. They are 0 and 1 before.
func (q *Quota) SetPace(demand, stretch float64) {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	q.demand, q.stretch = demand, stretch
}

// A request that was not admitted has one of these reasons: this exporter's share is spent or the account has no
// calls left; the account is down to the reserve; the console's burst limit was exceeded. PausedAuth means that the
// console refuses a credential, which does not keep requests from being admitted.
const (
	PausedQuota     = "quota"
	PausedReserve   = "reserve"
	PausedRateLimit = "rate_limit"
	PausedAuth      = "auth"
)

// PausedError is the error of a request that was not admitted. It says nothing about the state of the console.
type PausedError struct{ Reason string }

func (e *PausedError) Error() string {
	switch e.Reason {
	case PausedReserve:
		return "request not sent: the account's API calls for today are down to the reserve"
	case PausedRateLimit:
		return "request not sent: the console has received too many requests from this address"
	}
	return "request not sent: this exporter has no API calls left for today"
}

// Admit waits for the burst limit and admits a request, to be called right before it is
// sent. It returns a *PausedError if the request must not be sent, and ctx's error if ctx
// ends first. An admitted request counts as spent, until an Exchange shows that it was never written to a connection.
func (q *Quota) Admit(ctx context.Context) error {
	if err := q.check(); err != nil {
		return err
	}
	if err := q.gate.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("waiting for the burst limit: %w", err)
	}
	return q.spend(ctx)
}

// check refuses a request that would be refused after the wait, too.
func (q *Quota) check() error {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	return q.refusal(q.gate.now())
}

func (q *Quota) spend(ctx context.Context) error {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	now := q.gate.now()
	if err := q.refusal(now); err != nil {
		return err
	}
	q.gate.pass()
	if q.share.allowance(&q.ledger, now).probes() {
		q.probed, q.unprobed = now, q.probed
	}
	q.ledger.Sent(now)
	if calls, ok := ctx.Value(callsKey{}).(*atomic.Int64); ok {
		calls.Add(1)
	}
	return nil
}

// callsKey is the key of the counter in a context.
type callsKey struct{}

// CountCalls returns a context with which every request that may cost a call is added to calls.
func CountCalls(ctx context.Context, calls *atomic.Int64) context.Context {
	return context.WithValue(ctx, callsKey{}, calls)
}

// refusal returns why a request must not be sent now, or nil. The caller holds the lock.
func (q *Quota) refusal(now time.Time) error {
	if q.gate.Permit != nil {
		if err := q.gate.Permit(); err != nil {
			return err
		}
	}
	if q.gate.closed(now) {
		return &PausedError{PausedRateLimit}
	}
	if reason := q.spentReason(now); reason != "" && !q.probeDue(now) {
		return &PausedError{reason}
	}
	return nil
}

// spentReason returns why the ledger permits no call, or "". A probe may be due all the same. The caller holds the lock.
func (q *Quota) spentReason(now time.Time) string {
	a := q.share.allowance(&q.ledger, now)
	if !a.Known || a.Calls > 0 {
		return ""
	}
	if left, _ := q.ledger.Remaining.Get(); a.Reserve && left > 0 && !q.ledger.Exhausted {
		return PausedReserve
	}
	return PausedQuota
}

// Observer returns the observer for requests with one of the account's credentials.
func (q *Quota) Observer(credential string) runzero.Observer { return observer{q, credential} }

type observer struct {
	quota      *Quota
	credential string
}

func (o observer) Responded(e runzero.Exchange) { o.quota.record(o.credential, e) }

func (observer) Finished(runzero.Exchange) {}

// record takes what a response reports about the quota.
func (q *Quota) record(credential string, e runzero.Exchange) {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	now := q.gate.now()
	// A clock that was set back in between must not make a request later than its response.
	sent := e.Sent
	if sent.After(now) {
		sent = now
	}
	q.gate.responded(now, result{sent: sent, failed: e.Code == 0, retryAfter: e.RetryAfter, limited: q.noteRefusal(now, e)})
	if !e.Written {
		q.unsent(e.Context, sent)
		return
	}
	q.ledger.Responded(now, sent, credential, e.Usage)
	if e.Authenticated && e.Code/100 == 2 {
		q.ledger.noteSuccess(sent)
	}
	q.noteEmpty(now)
	if !e.Authenticated || e.Code == 0 {
		return
	}
	if e.Code == http.StatusUnauthorized {
		q.refused[credential] = true
		return
	}
	delete(q.refused, credential)
	q.succeeded = q.succeeded || e.Code/100 == 2
}

// unsent takes back a request that was never written. The caller holds the lock.
func (q *Quota) unsent(ctx context.Context, sent time.Time) {
	q.ledger.Unsent(sent)
	if q.ledger.inFlight == 0 && !q.probed.IsZero() && !sent.Before(q.probed) {
		q.probed = q.unprobed // what has found out nothing is no probe
	}
	if ctx == nil {
		return
	}
	if calls, ok := ctx.Value(callsKey{}).(*atomic.Int64); ok {
		calls.Add(-1)
	}
}

// noteEmpty records since when no calls are left for this exporter. The caller holds the lock.
func (q *Quota) noteEmpty(now time.Time) {
	switch a := q.share.allowance(&q.ledger, now); {
	case !a.Known || !a.Reserve || a.Calls > 0:
		q.ledger.EmptySince = time.Time{}
	case q.ledger.EmptySince.IsZero():
		q.ledger.EmptySince = now
	}
}

// Prune forgets what was reported to credentials other than these.
func (q *Quota) Prune(credentials []string) {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	maps.DeleteFunc(q.refused, func(name string, _ bool) bool { return !slices.Contains(credentials, name) })
	maps.DeleteFunc(q.ledger.Today, func(name string, _ today) bool { return !slices.Contains(credentials, name) })
}

// Save returns what must survive a restart. expected is how many more calls running polls are going to make: if a
// crash cuts them short, they count as made.
func (q *Quota) Save(expected int64) Saved {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	s := q.ledger.saved(q.gate.now(), expected)
	s.Probed, s.Succeeded = q.probed, q.succeeded
	if len(q.refused) > 0 {
		s.Refused = maps.Clone(q.refused)
	}
	s.Closed, s.Backoff = q.gate.until, q.gate.backoff
	return s.onClock(q.gate.now())
}

// Restore replaces what is known of the account with what an earlier run saved.
func (q *Quota) Restore(s Saved, now time.Time) {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	configured, estimate := q.ledger.configured, q.ledger.estimate
	q.ledger, q.succeeded = s.ledger(now), s.Succeeded
	q.ledger.configured, q.ledger.estimate = configured, estimate
	if !s.Probed.After(now) {
		q.probed = s.Probed
	}
	clear(q.refused)
	maps.Copy(q.refused, s.Refused)
	q.gate.restore(now, s.Closed, s.Backoff)
}

// Paused reports whether an error is that of a request that was not admitted.
func Paused(err error) bool {
	_, paused := errors.AsType[*PausedError](err)
	return paused
}
