package check

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// calls counts the requests of an account's check that may cost a call, and refuses more than were announced. Neither
// it nor responses needs a lock: a check sends one request at a time, and the client calls both from the goroutine that
// sends it.
type calls struct {
	most  int64
	made  int64
	free  int64         // requests that were never written to a connection
	quota *quota.Quota  // limits bursts, and refuses requests when the account has no calls left
	usage runzero.Usage // from the latest usage headers
}

// errAnnounced refuses a request beyond the announced number. Redirects and rejected access tokens lead to it.
var errAnnounced = errors.New("request not sent: the announced number of API calls is used up")

func (c *calls) admit(ctx context.Context) error {
	if c.made >= c.most {
		return errAnnounced
	}
	return c.quota.Admit(ctx)
}

// responses observes what a check must know of the responses to one credential besides their bodies.
type responses struct {
	calls    *calls
	any      bool
	tls      *tls.ConnectionState // of the first encrypted one
	skew     *time.Duration       // how far the console's clock is ahead of this machine's; nil: unknown
	accepted map[string]bool      // endpoints that responded with data
	onAccept func()               // called at each response with data
}

// Responded implements runzero.Observer.
func (r *responses) Responded(e runzero.Exchange) {
	if e.Written {
		r.calls.made++
	} else {
		r.calls.free++
	}
	if e.Code == 0 {
		return
	}
	r.any = true
	if e.Usage != (runzero.Usage{}) { // public endpoints report none
		r.calls.usage = e.Usage
	}
	if r.tls == nil {
		r.tls = e.TLS
	}
	if r.skew == nil && !e.Date.IsZero() {
		r.skew = new(clockSkew(e.Date, e.Sent, time.Now()))
	}
	if e.Code == http.StatusOK && !e.Page && e.Endpoint != runzero.TokenEndpoint {
		r.accepted[e.Endpoint] = true
		r.onAccept()
	}
}

// Finished implements runzero.Observer.
func (*responses) Finished(runzero.Exchange) {}

// clockSkew is by how much at least a clock is ahead that showed date between sent and received; negative: behind.
func clockSkew(date, sent, received time.Time) time.Duration {
	if ahead := date.Sub(received); ahead > 0 {
		return ahead
	}
	return -max(sent.Sub(date.Add(time.Second)), 0)
}
