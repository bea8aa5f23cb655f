package schedule

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestWait(t *testing.T) {
	const interval = 15 * time.Minute
	status := func(code int, retryAfter time.Duration) error {
		return fmt.Errorf("sites: %w", &runzero.Error{Status: code, RetryAfter: retryAfter})
	}
	broken := fmt.Errorf("assets: %w", runzero.ErrTruncated)
	for _, c := range []struct {
		what     string
		err      error
		failures int
		interval time.Duration
		want     time.Duration
	}{
		{"success", nil, 0, interval, interval},
		{"a broken connection is retried once, soon", broken, 1, interval, 30 * time.Second},
		{"the retry failed: no second one", broken, 2, interval, interval},
		{"then the interval doubles", broken, 3, interval, 2 * interval},
		{"up to an hour", broken, 4, interval, time.Hour},
		{"and no further", broken, 400, interval, time.Hour},
		{"a long interval does not shrink", broken, 9, 6 * time.Hour, 6 * time.Hour},
		{"a retry is not later than the interval", broken, 1, 10 * time.Second, 10 * time.Second},
		{"a server error is retried once", status(502, 0), 1, interval, 30 * time.Second},
		{"later where the server asks for it", status(503, 10*time.Minute), 1, interval, 10 * time.Minute},
		{"a refused request is not retried", status(400, 0), 1, interval, interval},
		{"a refused token waits an hour", status(401, 0), 1, interval, time.Hour},
		{"every time", status(401, 0), 50, interval, time.Hour},
		{"forbidden, too", status(403, 0), 1, interval, time.Hour},
		{"and a long interval still counts", status(403, 0), 1, 6 * time.Hour, 6 * time.Hour},
		{"too many requests: no retry", status(429, 0), 1, interval, interval},
		{"too many requests: as long as the server asks for", status(429, 2*time.Hour), 1, interval, 2 * time.Hour},
		{"unsupported is tried once a day", fmt.Errorf("%w: %w", collector.ErrUnsupported, status(404, 0)), 1, interval, 24 * time.Hour},
		{"unreadable data is not requested again at once", errors.New("not JSON"), 1, interval, interval},
	} {
		if got := Wait(c.err, c.failures, c.interval); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
