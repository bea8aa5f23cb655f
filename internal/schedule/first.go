package schedule

import "time"

const (
	firstRoundShare = 0.25
	firstRoundLeast = 8
)

// MayStartFirst reports whether a poll that was never made may start. Such polls are due at once, but hundreds of
// organizations would spend the whole allowance within minutes: when a quarter of the day's budget is spent, they are
// spread over the time that is left. floor is that of Floor, spent are own calls of today, and last is when the last
// first poll has started.
func MayStartFirst(now, last time.Time, floor time.Duration, spent, budget int64, a Allowance) bool {
	if floor == 0 || spent < max(firstRoundLeast, int64(firstRoundShare*float64(budget))) {
		return true
	}
	return now.Sub(last) >= a.Left/time.Duration(max(a.Calls, 1))
}

// Ahead returns how many of the calls that were spent are more than would be spent by now if the day's budget were spent
// evenly. left is the time until it resets.
func Ahead(spent, budget int64, left time.Duration) int64 {
	return spent - int64(float64(budget)*max(0, 1-left.Hours()/24))
}
