package schedule

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// UnsupportedInterval is how often an unsupported collector is tried again, in case the licence has grown.
const UnsupportedInterval = 24 * time.Hour

const (
	freeRetry, longestFreeRetry = 5 * time.Second, time.Minute // of what costs no call
	retry, longestRetry         = 30 * time.Second, 15 * time.Minute
	rejectedRetry               = time.Hour
	longestRefusal              = 5 * time.Minute // of one poll alone, as too many requests
	longestFaultyRetry          = time.Hour

	// LongestWithoutData is the longest wait of what has no data at all.
	LongestWithoutData = 15 * time.Minute
)

// Failure is a poll that failed.
type Failure struct {
	Cause      runzero.Cause
	InARow     int           // failures for this cause in a row, this one included
	RetryAfter time.Duration // what the server asks to wait; 0: nothing
	Interval   time.Duration // in force
	NoData     bool          // some poll that waits has no data at all
}

// Retry is how long to wait, from the end of the failed poll, before it is tried again.
//
// What costs a call is not tried much more often than the interval in force in the long run: retries of a day must not
// spend the calls that are needed when the cause is gone.
func (f Failure) Retry() time.Duration {
	wait := f.backOff()
	if f.NoData {
		wait = min(wait, LongestWithoutData)
	}
	return max(wait, f.RetryAfter)
}

func (f Failure) backOff() time.Duration {
	switch f.Cause {
	case runzero.Unreachable, runzero.Unreadable:
		return doubled(freeRetry, f.InARow, longestFreeRetry)
	case runzero.Unavailable:
		return doubled(retry, f.InARow, max(longestRetry, f.Interval))
	case runzero.Rejected:
		return rejectedRetry
	case runzero.TooMany:
		// The quota decides when a request may be sent again. Only what is refused again and again waits by itself.
		if f.InARow <= 1 {
			return 0
		}
		return doubled(retry, f.InARow-1, longestRefusal)
	}
	if f.InARow <= 1 {
		return min(retry, f.Interval)
	}
	return doubled(f.Interval, f.InARow-1, max(longestFaultyRetry, f.Interval))
}

// CutShort is how long to wait, from its start, before a poll is made again that a restart has cut short n times in a row.
func CutShort(n int, interval time.Duration) time.Duration {
	if n <= 1 {
		return 0
	}
	return doubled(retry, n-1, max(longestRetry, interval))
}

// doubled is the first wait, doubled n-1 times, and at most the longest.
func doubled(first time.Duration, n int, longest time.Duration) time.Duration {
	for wait := first; ; wait *= 2 {
		if n--; n <= 0 || wait >= longest {
			return min(wait, longest)
		}
	}
}
