package schedule

import "time"

const (
	firstRoundShare = 0.25
	firstRoundLeast = 8
)

// MayStartFirst reports whether a poll that was never made may start. Such polls are due at once, but hundreds of
// organizations would spend the whole allowance within minutes: at most a quarter of the day's budget is spent earlier than
// evenly over the day; the rest is spread over the time that is left. floor is that of Floor, spent are own calls of
// today, and last is when the last first poll has started.
func MayStartFirst(now, last time.Time, floor time.Duration, spent, budget int64, a Allowance) bool {
	evenly := float64(budget) * max(0, 1-a.Left.Hours()/24)
	if floor == 0 || float64(spent)-evenly < max(firstRoundLeast, firstRoundShare*float64(budget)) {
		return true
	}
	return now.Sub(last) >= a.Left/time.Duration(max(a.Calls, 1))
}
