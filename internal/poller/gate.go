package poller

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Gate holds to a console's burst limit: 2,000 requests in 5 minutes from one
// address, documented, whatever the account. All that ask one console share one.
type Gate struct {
	limiter *rate.Limiter

	mu      sync.Mutex
	until   time.Time     // closed until then; zero: open
	since   time.Time     // when it closed
	backoff time.Duration // what it was closed for last, where the console did not say
	trying  bool          // one request goes through to see whether the console answers again
}

const (
	// Half the documented limit: the address may be shared, by a proxy for one.
	burstPerSecond = 1000.0 / (5 * 60)
	burst          = 100
	// How long a gate closes when the console does not say how long.
	shortestClosed = 30 * time.Second
	longestClosed  = 5 * time.Minute
)

// NewGate makes an open gate.
func NewGate() *Gate { return &Gate{limiter: rate.NewLimiter(burstPerSecond, burst)} }

// admit waits for the request's turn. While the gate is closed it refuses, also those
// that were waiting when it closed.
func (g *Gate) admit(ctx context.Context) error {
	if g.closed(time.Now()) {
		return &PausedError{Reason: RateLimit}
	}
	if err := g.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("waiting for the burst limit: %w", err)
	}
	return g.enter(time.Now())
}

func (g *Gate) enter(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until.IsZero() {
		return nil
	}
	if now.Before(g.until) || g.trying {
		return &PausedError{Reason: RateLimit}
	}
	g.trying = true
	return nil
}

// leave gives back what admit gave, because nothing is sent after all.
func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trying = false
}

// closed tells whether requests are refused.
func (g *Gate) closed(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.until.IsZero() && (now.Before(g.until) || g.trying)
}

// answer is what a gate learns from a request.
type answer struct {
	sent    time.Time
	none    bool          // nobody answered
	refused bool          // as one too many
	wait    time.Duration // how long the console asks to wait; 0: it does not say
}

// answered takes what became of an admitted request.
func (g *Gate) answered(now time.Time, a answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	// What was sent before the gate closed does not open it, however late it comes. What
	// was sent since is the one that tries; where nobody answers it, another one tries.
	if late := !g.until.IsZero() && !a.sent.After(g.since); !late {
		g.trying = false
		if !a.refused && !a.none {
			g.until, g.backoff = time.Time{}, 0
		}
	} else if a.wait <= 0 {
		return // several that were refused together are one refusal
	}
	if !a.refused {
		return
	}
	wait := a.wait
	if wait <= 0 {
		g.backoff = min(max(2*g.backoff, shortestClosed), longestClosed)
		wait = g.backoff
	}
	if until := now.Add(wait); until.After(g.until) {
		g.until, g.since, g.trying = until, now, false
	}
}
