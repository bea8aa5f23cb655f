package quota

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Gate keeps the burst limit of one console. runZero documents 2,000 requests in 5 minutes from one address, whatever
// the account, so all accounts on a console share one Gate.
//
// A Gate is open until the console responds with status 429 although the account has calls left. It then refuses
// every request for as long as the console asks (Retry-After) but at most an hour, or for 30 seconds, doubled each
// time up to 5 minutes.
// After that one request is admitted to try, and the Gate opens when its response is not another 429.
type Gate struct {
	// Permit returns an error when no request may be sent for another reason, right before each is sent. It waits for
	// nothing. Nil: there is no other reason.
	Permit func() error

	now     func() time.Time
	limiter *rate.Limiter // has its own lock and is never used under mu

	// mu guards the fields below, and those of every Quota on this gate. Nothing waits while holding it.
	mu       sync.Mutex
	until    time.Time     // closed until then; zero: open
	closedAt time.Time     // when it was closed
	backoff  time.Duration // how long it was last closed without a Retry-After
	trying   bool          // the request that tries is in flight
}

const (
	// Half the documented limit, because others may share the address, for example behind the same proxy.
	requestsPerSecond = 1000.0 / (5 * 60)
	burst             = 100

	minBackoff = 30 * time.Second
	maxBackoff = 5 * time.Minute

	longestRetryAfter = time.Hour // a console that asks for more is wrong
)

// NewGate makes an open gate that reads the time from now.
func NewGate(now func() time.Time) *Gate {
	return &Gate{now: now, limiter: rate.NewLimiter(requestsPerSecond, burst)}
}

// NewUnlimitedGate makes a gate that still closes after a 429, but never makes a request
// wait. It is for simulated time, in which a real wait would never end.
func NewUnlimitedGate(now func() time.Time) *Gate {
	return &Gate{now: now, limiter: rate.NewLimiter(rate.Inf, 0)}
}

// closed reports whether requests are refused. The caller holds mu.
func (g *Gate) closed(now time.Time) bool {
	return !g.until.IsZero() && (now.Before(g.until) || g.trying)
}

// pass lets a request through that closed has not refused. The caller holds mu.
func (g *Gate) pass() { g.trying = !g.until.IsZero() }

// restore closes the gate until the time that an earlier run or another replica has saved, unless that has passed, or is so
// far away that the clock must have been ahead. The caller holds mu.
func (g *Gate) restore(now, until time.Time, backoff time.Duration) {
	if until.After(now) && until.After(g.until) && until.Sub(now) <= longestRetryAfter {
		g.until, g.closedAt, g.backoff, g.trying = until, now, min(max(backoff, 0), maxBackoff), false
	}
}

// result is what a gate learns from a request.
type result struct {
	sent       time.Time
	failed     bool          // without a response
	limited    bool          // refused by the burst limit
	retryAfter time.Duration // 0: the console does not say
}

// responded takes the result of an admitted request. The caller holds mu.
func (g *Gate) responded(now time.Time, r result) {
	if g.until.IsZero() || r.sent.After(g.closedAt) {
		// This is the request that tried, if the gate was closed. If it failed, another one may try.
		g.trying = false
		if !r.limited && !r.failed {
			g.until, g.backoff = time.Time{}, 0
		}
	} else if r.retryAfter <= 0 {
		// It was sent before the gate closed, so it cannot open it, however late it comes.
		// Nor is it another refusal: requests refused together count as one.
		return
	}
	if !r.limited {
		return
	}
	wait := min(r.retryAfter, longestRetryAfter)
	if wait <= 0 {
		g.backoff = min(max(2*g.backoff, minBackoff), maxBackoff)
		wait = g.backoff
	}
	if until := now.Add(wait); until.After(g.until) {
		g.until, g.closedAt, g.trying = until, now, false
	}
}
