package runzero

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// Cause is what a failure is due to. Requests that share it fail alike, so that one of them can find out for all
// when it is over.
type Cause string

const (
	// NoCause is no failure: a success, or a request that this exporter did not send or cancelled.
	NoCause Cause = ""
	// Unreachable means that nothing was written to a connection, because a name was not found, a connection was
	// refused, or a proxy or TLS failed. It costs no call.
	Unreachable Cause = "unreachable"
	// Unavailable means that a request was sent and the API did not answer it: there was no response, or one of a
	// failing server or of a proxy.
	Unavailable Cause = "unavailable"
	// Unreadable means that there was no secret to send, because its file cannot be read or is no secret. It costs no
	// call.
	Unreadable Cause = "unreadable"
	// Rejected means that the API rejects the credential or its licence.
	Rejected Cause = "rejected"
	// TooMany means that the API rejects any request for now: too many were sent, within minutes or within the day.
	TooMany Cause = "too_many"
	// Faulty means that this one request fails, or that its response is unusable.
	Faulty Cause = "faulty"
)

// CauseOf returns what a request's error is due to.
func CauseOf(err error) Cause {
	if unsent := (unsentError{}); err == nil || errors.Is(err, context.Canceled) || errors.As(err, &unsent) {
		return NoCause
	}
	if response := (*Error)(nil); errors.As(err, &response) {
		return response.cause()
	}
	if body := (*BodyError)(nil); errors.Is(err, ErrNotData) || errors.As(err, &body) && body.Endpoint == TokenEndpoint {
		return Unavailable
	}
	if failed := (unansweredError{}); errors.As(err, &failed) {
		return failed.cause
	}
	return Faulty
}

func (e *Error) cause() Cause {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return TooMany
	case e.Page, e.Status >= http.StatusInternalServerError, e.Status == http.StatusRequestTimeout:
		return Unavailable
	case e.Status == http.StatusUnauthorized, e.WrongKind, e.Endpoint == TokenEndpoint && e.Status >= http.StatusBadRequest:
		return Rejected
	case e.Status == http.StatusPaymentRequired, e.Status == http.StatusForbidden:
		if e.API {
			return Rejected
		}
		return Unavailable // of a proxy
	case e.Status == http.StatusNotFound:
		return Unavailable // where it is not what Refused recognizes
	}
	return Faulty
}

// unansweredError is the error of a request without a response.
type unansweredError struct {
	error

	cause Cause
}

func (e unansweredError) Unwrap() error { return e.error }

// progress is how far a request got, over its redirects and its request for an access token.
type progress struct{ reached, written atomic.Bool }

type progressKey struct{}

// withProgress returns a context in which the transport records how far a request gets.
func withProgress(ctx context.Context) (context.Context, *progress) {
	p := &progress{}
	return context.WithValue(ctx, progressKey{}, p), p
}

// failed makes the error of a request that got this far.
func (p *progress) failed(endpoint string, err error) error {
	known := unansweredError{}
	switch {
	case errors.As(err, &known):
	case !p.reached.Load():
		known.cause = Unreadable
	case !p.written.Load():
		known.cause = Unreachable
	default:
		known.cause = Unavailable
	}
	return unansweredError{requestError(endpoint, err), known.cause}
}

// traceWrites returns a context that records in written whether a request was written to a connection, and in the
// progress of the whole request.
func traceWrites(ctx context.Context, written *atomic.Bool) context.Context {
	whole, _ := ctx.Value(progressKey{}).(*progress)
	if whole != nil {
		whole.reached.Store(true)
	}
	wrote := func() {
		written.Store(true)
		if whole != nil {
			whole.written.Store(true)
		}
	}
	// Over HTTP/2 a response can come before it is known that its request was written.
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: wrote, GotFirstResponseByte: wrote})
}
