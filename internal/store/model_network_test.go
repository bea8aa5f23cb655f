package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// clock runs at a speed of its own, and may be set. It has no monotonic reading, which is why it is never set back by much.
type clock struct {
	mu    sync.Mutex
	real  time.Time
	begun time.Time // what it showed then
	speed float64
	ahead time.Duration
}

func newClock(random *rand.Rand) *clock {
	c := &clock{real: time.Now(), begun: time.Now(), speed: 1 + (random.Float64()*2-1)*maxDrift}
	c.set(skew(random))
	return c
}

const (
	maxDrift = 0.01
	maxSkew  = 200 * time.Millisecond
)

func skew(random *rand.Rand) time.Duration {
	return time.Duration((random.Float64()*2 - 1) * float64(maxSkew))
}

// set sets the clock; later than 200 ms, it is ahead from then on.
func (c *clock) set(ahead time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ahead > maxSkew {
		c.begun, ahead = c.begun.Add(ahead), 0
	}
	c.ahead = ahead
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun.Add(c.ahead + time.Duration(float64(time.Since(c.real))*c.speed))
}

// process is one that can be stopped and killed. Stopped, its clock stands still, and it neither sends nor receives:
// whatever it goes on to do before that, it would have done before it was stopped.
type process struct {
	*clock
	mu      sync.Mutex
	frozen  time.Time     // what the clock shows; zero: it runs
	resumed chan struct{} // closed when it goes on
	dead    chan struct{}
}

func (p *process) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.frozen.IsZero() {
		return p.frozen
	}
	return p.clock.Now()
}

func (p *process) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen, p.resumed = p.clock.Now(), make(chan struct{})
}

func (p *process) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.frozen.IsZero() {
		p.frozen = time.Time{}
		close(p.resumed)
	}
}

func (p *process) stopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.frozen.IsZero()
}

// pass waits while the process is stopped. It reports false when it has been killed.
func (p *process) pass() bool {
	for p.stopped() {
		p.mu.Lock()
		resumed := p.resumed
		p.mu.Unlock()
		select {
		case <-resumed:
		case <-p.dead:
			return false
		}
	}
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

// weather is how a network is, and the server behind it.
type weather struct {
	away        bool          // nothing reaches the server: some is refused, some gets no answer
	there, back time.Duration // the longest delays of requests and of responses
	loses       float64       // which part of requests, and of responses
}

var (
	fair   = weather{there: 20 * time.Millisecond, back: 20 * time.Millisecond}
	away   = weather{away: true, there: 20 * time.Millisecond, back: 20 * time.Millisecond}
	errNet = errors.New("dial tcp: connection refused")
)

// longest is when the last delayed request has arrived.
const longest = 20 * time.Second

// network is what is between a process and the server. A request that nobody waits for any longer may still arrive.
type network struct {
	process *process
	server  *memory

	mu     sync.Mutex
	random *rand.Rand
	now    weather
}

func (n *network) set(w weather) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = w
}

// fate is what becomes of one request.
type fate struct {
	refused, lost, unanswered bool
	there, back               time.Duration
}

func (n *network) fate() fate {
	n.mu.Lock()
	defer n.mu.Unlock()
	delay := func(most time.Duration) time.Duration {
		return time.Duration(n.random.Int64N(int64(most))) + time.Millisecond
	}
	return fate{
		refused: n.now.away && n.random.IntN(2) == 0, lost: n.now.away || n.random.Float64() < n.now.loses,
		unanswered: n.random.Float64() < n.now.loses, there: delay(n.now.there), back: delay(n.now.back),
	}
}

// ask sends a request.
func ask[T any](ctx context.Context, n *network, do func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if !n.process.pass() || ctx.Err() != nil {
		return none, errors.Join(errNet, ctx.Err())
	}
	fate := n.fate()
	answers := make(chan answer, 1)
	go func() {
		time.Sleep(fate.there)
		switch {
		case fate.refused:
			answers <- answer{err: errNet}
			return
		case fate.lost:
			return
		}
		value, err := do()
		if time.Sleep(fate.back); !fate.unanswered {
			answers <- answer{value, err}
		}
	}()
	var got answer
	select {
	case got = <-answers:
	case <-ctx.Done():
		got.err = ctx.Err()
	}
	if !n.process.pass() {
		return none, errNet
	}
	return got.value, got.err
}

func (n *network) look(ctx context.Context) (view, error) {
	return ask(ctx, n, func() (view, error) { return n.server.look(ctx) })
}

func (n *network) acquire(ctx context.Context, l leader, least int64, ttl time.Duration) (int64, bool, error) {
	term, err := ask(ctx, n, func() (int64, error) {
		term, _, err := n.server.acquire(ctx, l, least, ttl)
		return term, err
	})
	return term, term != 0, err
}

func (n *network) renew(ctx context.Context, token string, ttl time.Duration) (bool, error) {
	return ask(ctx, n, func() (bool, error) { return n.server.renew(ctx, token, ttl) })
}

func (n *network) release(ctx context.Context, id string) error {
	return n.carry(ctx, func() error { return n.server.release(ctx, id) })
}

func (n *network) write(ctx context.Context, token, name string, kept, version int64, data []byte) error {
	return n.carry(ctx, func() error { return n.server.write(ctx, token, name, kept, version, data) })
}

func (n *network) remove(ctx context.Context, token string, version int64, names []string) error {
	return n.carry(ctx, func() error { return n.server.remove(ctx, token, version, names) })
}

func (n *network) read(ctx context.Context, name string) ([]byte, error) {
	return ask(ctx, n, func() ([]byte, error) { return n.server.read(ctx, name) })
}

func (n *network) versions(ctx context.Context, after int64) (map[string]int64, error) {
	return ask(ctx, n, func() (map[string]int64, error) { return n.server.versions(ctx, after) })
}

func (n *network) carry(ctx context.Context, do func() error) error {
	_, err := ask(ctx, n, func() (struct{}, error) { return struct{}{}, do() })
	return err
}
