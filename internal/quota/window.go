package quota

import "time"

// window is when in a day the account's day turns, as far as it is known: after From
// and not after From+Width, both from midnight UTC.
type window struct {
	known bool
	from  time.Duration
	width time.Duration
}

// A window wider than this tells nothing.
const widestWindow = 12 * time.Hour

// narrow takes note of a turn that happened after one instant and not after another.
// Turns on several days tell it ever more exactly; one that does not fit tells that
// the console has changed its mind, and what was known is forgotten.
func (w window) narrow(after, until time.Time) window {
	seen := window{known: true, from: after.UTC().Sub(after.UTC().Truncate(day)), width: until.Sub(after)}
	if seen.width < 0 || seen.width > widestWindow {
		return w
	}
	if !w.known {
		return seen
	}
	// Where the window known begins, counted from where the one seen does: in (-12h, 12h].
	offset := (w.from-seen.from+3*day/2)%day - day/2
	from, to := max(offset, 0), min(offset+w.width, seen.width)
	if to < from {
		return seen
	}
	return window{known: true, from: (seen.from + from) % day, width: to - from}
}

// expected is the time of day at which the day is expected to turn: midnight where
// that may be, as it is the most likely, else the latest that it may be, because
// nothing is gained by asking too soon.
func (w window) expected() time.Duration {
	if !w.known || w.from == 0 || w.from+w.width >= day {
		return 0
	}
	return w.from + w.width
}
