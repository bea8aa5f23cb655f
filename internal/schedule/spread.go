package schedule

import (
	"math"
	"time"
)

const (
	spreadShare   = 10          // a poll comes at most a tenth of its interval late,
	longestSpread = time.Minute // and never later than that
)

// Spread is what a poll waits beyond its interval, so that polls that started together do not stay together. It only
// adds: nothing is polled before it is due. random is in [0, 1].
func Spread(interval time.Duration, random float64) time.Duration {
	spread := float64(min(interval/spreadShare, longestSpread)) * random
	return min(time.Duration(spread), math.MaxInt64-interval)
}

// LongestWait is the longest time that a success makes a poll wait.
func LongestWait(interval time.Duration) time.Duration { return interval + Spread(interval, 1) }
