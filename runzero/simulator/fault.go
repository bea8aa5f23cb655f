package simulator

import (
	"context"
	"net"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong with requests. Of several that fit a
// request the one injected first hits it, so that faults with Times form a queue.
type Fault struct {
	// Path below /api/v1.0, exactly; "" is every path.
	Path string
	// Times is how many requests it hits; 0 is until removed.
	Times int
	// Status to answer with instead of the real answer; 0 is the real one.
	Status int
	// Header adds to the answer's headers or replaces them. A key without
	// values takes the header away.
	Header http.Header
	// Body to answer with instead of the real one, with Status or 200.
	Body *string
	// ContentType of Body, application/json when empty.
	ContentType string
	// Delay before the answer. It ends early, without an answer, when the
	// request's context does.
	Delay time.Duration
	// Truncate cuts the connection after this many bytes of the body as sent
	// (compressed, if so); a shorter body arrives whole. 0 does not.
	Truncate int
	// Drop closes the connection without an answer.
	Drop bool
	// Raw sends the answer in its own way: it is handed the connection, over HTTP/1.1
	// alone, and the bytes of the answer, and the connection is closed when it returns.
	Raw func(connection net.Conn, answer []byte)
	// Uncounted does not charge the request to the quota.
	Uncounted bool
}

type fault struct {
	Fault
	left int
}

// Inject lets a fault happen from now on.
func (c *Console) Inject(f Fault) (remove func()) {
	f.Header = f.Header.Clone()
	e := &fault{Fault: f, left: f.Times}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, e)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.faults = slices.DeleteFunc(c.faults, func(x *fault) bool { return x == e })
	}
}

// takeFault finds the fault of a request, an incident's where none is injected; the
// zero Fault is none.
func (c *Console) takeFault(path string, now time.Time) Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, f := range c.faults {
		if f.Path != "" && f.Path != path {
			continue
		}
		if f.Times > 0 {
			if f.left--; f.left <= 0 {
				c.faults = slices.Delete(c.faults, i, i+1)
			}
		}
		return f.Fault
	}
	return c.failing(path, now)
}

// wait reports false when the request ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reply is the ResponseWriter of one request, bent by its fault.
type reply struct {
	http.ResponseWriter
	fault  Fault
	status int
	sent   int
}

func (w *reply) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	for k, v := range w.fault.Header {
		if len(v) == 0 {
			w.Header().Del(k)
			continue
		}
		w.Header()[http.CanonicalHeaderKey(k)] = v
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *reply) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	cut := w.fault.Truncate > 0 && w.sent+len(b) >= w.fault.Truncate
	if cut {
		b = b[:w.fault.Truncate-w.sent]
	}
	n, err := w.ResponseWriter.Write(b)
	w.sent += n
	if cut {
		// What was promised must be on the wire before the connection ends; if
		// it cannot be, the connection is gone already.
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func (w *reply) Unwrap() http.ResponseWriter { return w.ResponseWriter }
