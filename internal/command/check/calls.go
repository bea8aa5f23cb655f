package check

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// checkCalls counts what a check spends of an account, and stops it at what was
// announced.
type checkCalls struct {
	most int64
	// quota holds to the console's burst limit, and to what the account has left. It
	// holds to no share: a check must be possible when the share is spent.
	quota *quota.Quota
	below bool // that the reserve is reached has been said

	mu    sync.Mutex
	sent  int64
	known runzero.Usage // what the last headers said
}

func newCheckCalls(most int64, gate *quota.Gate) *checkCalls {
	return &checkCalls{most: most, quota: quota.New(quota.Share{Share: 1}, gate)}
}

// errAnnounced refuses what would cost more than was announced. It takes redirects, or
// access tokens that are refused, to come here.
var errAnnounced = errors.New("not asked: the calls that were announced are spent")

// admit lets a request be sent.
func (c *checkCalls) admit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.spent() >= c.most {
		return errAnnounced
	}
	if err := c.quota.Admit(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	return nil
}

func (c *checkCalls) spent() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func (c *checkCalls) usage() runzero.Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

func (c *checkCalls) learn(u runzero.Usage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u != (runzero.Usage{}) {
		c.known = u
	}
}

// watch learns from the answers to one credential what is not in their bodies.
func (c *checkCalls) watch() *watch { return &watch{calls: c, good: map[string]bool{}} }

type watch struct {
	calls *checkCalls

	mu         sync.Mutex
	any        bool            // somebody answered
	good       map[string]bool // endpoints that began to answer with what was asked for
	connection *tls.ConnectionState
	dated      bool
	ahead      time.Duration
	begin      func() // called when an endpoint begins to answer so; nil: nobody waits
}

// Responded implements runzero.Observer.
func (w *watch) Responded(e runzero.Exchange) {
	now := time.Now()
	if e.Code == 0 {
		return
	}
	w.calls.learn(e.Usage)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.any = true
	if w.connection == nil {
		w.connection = e.TLS
	}
	if !w.dated && !e.Date.IsZero() {
		w.dated, w.ahead = true, ahead(e.Date, e.Sent, now)
	}
	if e.Code == http.StatusOK && !e.Page && e.Endpoint != runzero.TokenEndpoint {
		w.good[e.Endpoint] = true
		if w.begin != nil {
			w.begin()
		}
	}
}

// Finished implements runzero.Observer.
func (*watch) Finished(runzero.Exchange) {}

// ahead is how far a clock is ahead that told a time, in whole seconds, between two
// instants; negative when it is behind.
func ahead(told, sent, now time.Time) time.Duration {
	if fast := told.Sub(now); fast > 0 {
		return fast
	}
	return -max(sent.Sub(told.Add(time.Second)), 0)
}

func (w *watch) answered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.any
}

func (w *watch) accepted(endpoint string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.good[endpoint]
}

func (w *watch) tls() *tls.ConnectionState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connection
}

func (w *watch) skew() (ahead time.Duration, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead, w.dated
}

// onAccepted calls f when the next endpoint begins to answer with what was asked for.
// What it returns tells, once, whether one has.
func (w *watch) onAccepted(f func()) (begun func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	accepted := false
	w.begin = func() {
		accepted = true
		f()
	}
	return func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.begin = nil
		return accepted
	}
}
