package simulator

import "time"

// Call is one request as the console saw it.
type Call struct {
	Time   time.Time
	Method string
	// Path below /api/v1.0; the whole path where it is none of the API's.
	Path  string
	Query string
	// Status is 0 while there is no answer, and for good where a fault dropped it.
	Status int
	// Token is the kind of credential: none, invalid, export, organization,
	// account, oauth, download, or client for an OAuth2 token request.
	Token string
}

const maxCalls = 10000

// callLog keeps the newest calls in a ring.
type callLog struct {
	ring  []Call
	total int
}

func (c *Console) logCall(call Call) (number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.log
	if len(l.ring) < maxCalls {
		l.ring = append(l.ring, call)
	} else {
		l.ring[l.total%maxCalls] = call
	}
	l.total++
	return l.total - 1
}

func (c *Console) logStatus(number, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number >= c.log.total-len(c.log.ring) {
		c.log.ring[number%maxCalls].Status = status
	}
}

// Calls are the newest requests, at most 10,000, oldest first.
func (c *Console) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.log
	list := make([]Call, 0, len(l.ring))
	at := 0
	if len(l.ring) == maxCalls {
		at = l.total % maxCalls
	}
	return append(append(list, l.ring[at:]...), l.ring[:at]...)
}

// Count is the number of requests ever received.
func (c *Console) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.total
}
