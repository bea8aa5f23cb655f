package schedule

import (
	"errors"
	"net/http"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	// UnsupportedInterval is how often an unsupported collector is tried again, in case the licence has grown.
	UnsupportedInterval = 24 * time.Hour
	// retryWait is the wait before the one early retry, for a connection that broke or a
	// server error. The retry costs a call, so there is no second.
	retryWait = 30 * time.Second

	refusedWait    = time.Hour // the least wait after a refused credential
	longestBackoff = time.Hour // what repeated failures lengthen the interval to
)

// Wait is the time from the start of a poll to the next one. err is the poll's result, and
// failures the number of failures in a row, this one included.
func Wait(err error, failures int, interval time.Duration) time.Duration {
	cause := runzero.CauseOf(err)
	switch {
	case err == nil:
		return interval
	case errors.Is(err, collector.ErrUnsupported):
		return UnsupportedInterval
	}
	if response := (*runzero.Error)(nil); errors.As(err, &response) {
		switch response.Status {
		case http.StatusUnauthorized, http.StatusForbidden:
			return max(interval, refusedWait)
		case http.StatusTooManyRequests:
			return max(interval, response.RetryAfter)
		}
		if response.RetryAfter > 0 {
			return max(min(interval, retryWait), response.RetryAfter)
		}
	}
	if failures == 1 && (cause == runzero.Unreachable || cause == runzero.Unavailable || errors.Is(err, runzero.ErrTruncated)) {
		return min(retryWait, interval)
	}
	for range min(max(failures-2, 0), 10) {
		if interval < longestBackoff {
			interval = min(2*interval, longestBackoff)
		}
	}
	return interval
}
