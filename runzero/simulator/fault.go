package simulator

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong with requests. A request is hit by the first injected
// fault that fits, so that faults with Times form a queue.
type Fault struct {
	// Path below /api/v1.0, exactly; "" is every path.
	Path string
	// Times is how many requests the fault hits; 0 is no limit.
	Times int
	// Status instead of the real response; 0 is the real response.
	Status int
	// Header is added to the headers of the response or replaces them. A key without values removes the header.
	Header http.Header
	// Body instead of the real one, with Status or 200.
	Body *string
	// ContentType of Body, application/json when empty.
	ContentType string
	// Delay before the response. There is none if the context of the request ends first.
	Delay time.Duration
	// Truncate cuts the connection after this many bytes of the body as sent (compressed,
	// if it is); shorter bodies arrive whole. 0: never.
	Truncate int
	// Drop closes the connection without a response.
	Drop bool
	// Uncounted does not charge the request to the quota.
	Uncounted bool
	// Serve takes over the response. respond writes the one of the console to any writer.
	Serve func(w http.ResponseWriter, r *http.Request, respond func(http.ResponseWriter))
}

type fault struct {
	Fault
	left int
}

// Inject adds a fault.
func (c *Console) Inject(f Fault) (remove func()) {
	f.Header = f.Header.Clone()
	injected := &fault{Fault: f, left: f.Times}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, injected)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.faults = slices.DeleteFunc(c.faults, func(x *fault) bool { return x == injected })
	}
}

// takeFault finds the fault of a request: an injected one, else that of an incident. The zero Fault is none.
func (c *Console) takeFault(path string, now time.Time) Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.faults, func(f *fault) bool { return f.Path == "" || f.Path == path })
	if i < 0 {
		return c.failing(path, now)
	}
	f := c.faults[i]
	if f.left--; f.left == 0 {
		c.faults = slices.Delete(c.faults, i, i+1)
	}
	return f.Fault
}

// wait returns false when the request ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// response is the ResponseWriter of one request. It applies the fault.
type response struct {
	http.ResponseWriter
	fault  Fault
	status int
	sent   int
}

func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	for name, values := range w.fault.Header {
		if len(values) == 0 {
			w.Header().Del(name)
			continue
		}
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	cut := w.fault.Truncate > 0 && w.sent+len(b) >= w.fault.Truncate
	if cut {
		b = b[:w.fault.Truncate-w.sent]
	}
	n, err := w.ResponseWriter.Write(b)
	w.sent += n
	if cut {
		// The bytes must be sent before the connection ends. If that fails, it has ended.
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
