package collector

import (
	"iter"
	"time"
)

// Missing holds, by id, what was seen before and is not in the last response, and when it was first missed. A console
// that fails can respond with a part of the truth, so something is forgotten only when a second poll, at the next
// interval, misses it too.
type Missing map[string]time.Time

// After returns what is missing after a poll at now, of what was known before: everything that is not present, except
// what is to be forgotten.
func (m Missing) After(known iter.Seq[string], present func(id string) bool, now time.Time, interval time.Duration) Missing {
	missing := Missing{}
	for id := range known {
		if present(id) {
			continue
		}
		since, before := m[id]
		switch {
		case !before, since.After(now): // the clock was wrong
			missing[id] = now.Round(0).UTC()
		case now.Sub(since) < interval/2: // a poll out of turn is not the next one
			missing[id] = since
		}
	}
	return missing
}
