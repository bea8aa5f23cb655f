package quota

// Where the account's limit comes from.
const (
	LimitHeader     = "header"     // the console reports it
	LimitConfigured = "configured" // Share.Limit
	LimitEstimated  = "estimated"  // see Estimate
)

// leastLimit is that of the smallest licence.
const leastLimit = 100

// Estimate sets how many live assets the account's organizations have, as far as they are counted. An account may
// make as many calls a day as it has licensed assets, so this is what a limit is estimated from while the console
// reports none and none is configured. It is for consoles of runZero's cloud: others need not have a limit.
func (q *Quota) Estimate(liveAssets int64) {
	q.gate.mu.Lock()
	defer q.gate.mu.Unlock()
	q.ledger.estimate = max(liveAssets, leastLimit)
}

// limit returns the account's calls a day, and where that number comes from: "" if there is no limit.
func (l *ledger) limit() (calls int64, source string) {
	if n, known := l.Limit.Get(); known {
		return n, LimitHeader
	}
	if n, known := l.configured.Get(); known {
		if n == 0 {
			return 0, ""
		}
		return n, LimitConfigured
	}
	if l.estimate > 0 {
		return l.estimate, LimitEstimated
	}
	return 0, ""
}
