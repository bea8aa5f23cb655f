package poller

import (
	"errors"
	"net/http"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	// One retry, soon, for what may have passed: a connection that broke, a server
	// error. It costs a call, so there is no second.
	retryPause = 30 * time.Second
	// A refused credential is asked about this often, not more.
	refusedPause = time.Hour
	// What is not supported is asked for again in case the licence has grown.
	unsupportedPause = 24 * time.Hour
	// Failures lengthen the interval up to this.
	longestBackoff = time.Hour
	// Added at random to each interval, so that jobs do not march in step.
	jitterShare = 0.05
	// The second round is spread over the interval, or this long.
	longestSpread = time.Hour
)

// pause is how long to wait from the beginning of a poll to the next. failures is the
// number of failures in a row, this one included.
func pause(err error, failures int, interval time.Duration) time.Duration {
	if err == nil {
		return interval
	}
	if errors.Is(err, collector.ErrUnsupported) {
		return unsupportedPause
	}
	if answer := (*runzero.Error)(nil); errors.As(err, &answer) {
		switch answer.Status {
		case http.StatusUnauthorized, http.StatusForbidden:
			return max(interval, refusedPause)
		case http.StatusTooManyRequests:
			return max(interval, answer.RetryAfter)
		}
		if answer.RetryAfter > 0 {
			return max(min(interval, retryPause), answer.RetryAfter)
		}
	}
	if failures == 1 && runzero.Retryable(err) {
		return min(retryPause, interval)
	}
	// Doubling for each failure after the retry.
	for range min(max(failures-2, 0), 10) {
		if interval >= longestBackoff {
			break
		}
		interval = min(2*interval, longestBackoff)
	}
	return interval
}

// spread is what the second round adds to the interval, so that of n jobs, which all
// began together, each has a place of its own from then on.
func spread(interval time.Duration, place, n int) time.Duration {
	if n <= 1 {
		return 0
	}
	return time.Duration(float64(min(interval, longestSpread)) * float64(place%n) / float64(n))
}

// longestWait is the longest that a success makes a job wait.
func longestWait(interval time.Duration) time.Duration {
	return interval + min(interval, longestSpread) + jitter(interval, 1)
}

// jitter is a random part of the interval, at most a twentieth. It only adds: nothing
// is asked before it is due.
func jitter(interval time.Duration, random float64) time.Duration {
	return time.Duration(float64(interval) * jitterShare * random)
}
