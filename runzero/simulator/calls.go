package simulator

import (
	"slices"
	"time"
)

// Call is one request that the console received.
type Call struct {
	Time   time.Time
	Method string
	// Path below /api/v1.0, or the complete path when it is not of the API.
	Path  string
	Query string
	// Status is 0 until there is a response, and stays 0 when a fault dropped it.
	Status int
	// Token is the kind of credential: none, invalid, export, organization, account,
	// oauth, download, or client for a request of an OAuth2 token.
	Token string
}

// maxCalls is how many calls the log keeps at least; it may keep twice as many.
const maxCalls = 10000

type callLog struct {
	calls   []Call
	dropped int
}

func (c *Console) logCall(call Call) (number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.log
	if len(l.calls) >= 2*maxCalls {
		l.dropped += len(l.calls) - maxCalls
		l.calls = slices.Clone(l.calls[len(l.calls)-maxCalls:])
	}
	l.calls = append(l.calls, call)
	return l.dropped + len(l.calls) - 1
}

func (c *Console) logStatus(number, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := number - c.log.dropped; i >= 0 {
		c.log.calls[i].Status = status
	}
}

// Calls are the newest requests, at most 10,000, oldest first.
func (c *Console) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.log.calls
	return slices.Clone(calls[max(0, len(calls)-maxCalls):])
}

// Count is the number of requests ever received.
func (c *Console) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.dropped + len(c.log.calls)
}
